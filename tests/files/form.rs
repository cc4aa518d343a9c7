//! The body of an upload, by hand.

use std::path::Path;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::support::account::Account;
use crate::support::answer;

/// What stands between the parts.
pub(crate) const BOUNDARY: &str = "----a-boundary-that-is-in-no-file";

/// One part called `field`, with this rest of its `Content-Disposition`.
pub(crate) fn part(field: &str, rest: &str, kind: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"{rest}\r\n\
         Content-Type: {kind}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// The whole body of these parts.
pub(crate) fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat(), format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// A body with one file.
pub(crate) fn one_file(name: &str, kind: &str, bytes: &[u8]) -> Vec<u8> {
    body(&[part("file", &format!("; filename=\"{name}\""), kind, bytes)])
}

/// Sends a body to a project's files.
pub(crate) async fn send(account: &Account, project: u64, body: Vec<u8>) -> (u16, Value) {
    let request = account.request(Method::POST, &format!("/projects/{project}/files"));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    answer(request.header(CONTENT_TYPE, kind).body(body)).await
}

/// Uploads a file; gives its id.
pub(crate) async fn upload(account: &Account, project: u64, name: &str, bytes: &[u8]) -> u64 {
    let body = one_file(name, "application/octet-stream", bytes);
    let (status, body) = send(account, project, body).await;
    assert_eq!(status, 201, "{body}");
    body["file"]["id"].as_u64().unwrap()
}

/// Everything that lies in the folder of uploads.
pub(crate) fn stored(home: &Path) -> Vec<std::path::PathBuf> {
    let mut folders = vec![home.join("uploads")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Bytes without a pattern, the same for the same seed.
pub(crate) fn bytes(seed: u64, len: usize) -> Vec<u8> {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    let mut bytes = vec![0; len];
    StdRng::seed_from_u64(seed).fill(&mut bytes[..]);
    bytes
}
