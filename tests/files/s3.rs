//! Files in a bucket, on a server that speaks S3. It is large to install, so it takes
//! `CHATROOM_SLOW=1`.

use std::io::Write;
use std::path::Path;

use reqwest::Method;
use serde_json::json;

use crate::form::{BOUNDARY, bytes, one_file, send, upload};
use crate::programs::Program;
use crate::support::account::Account;
use crate::support::raw::connect;
use crate::support::{Server, command};

/// More than two parts of a multipart upload, which are of 5 MiB.
const LARGE: usize = 12_000_000;

/// A bucket of its own.
struct Bucket {
    server: Program,
    http: reqwest::Client,
    url: String,
}

impl Bucket {
    /// A new one; `None` where slow tests are not wanted.
    async fn new() -> Option<Bucket> {
        if std::env::var_os("CHATROOM_SLOW").is_none() {
            println!("skipped: it needs an S3 server; CHATROOM_SLOW=1 runs it");
            return None;
        }
        let mut server = Program::start("moto_server -H 127.0.0.1 -p 0");
        let line = server.shows("Running on http://");
        let url = line.split_whitespace().last().unwrap().to_owned();
        let http = reqwest::Client::new();
        let made = http.put(format!("{url}/bucket")).send().await.unwrap();
        assert_eq!(made.status(), 200);
        Some(Bucket { server, http, url })
    }

    /// A chat server that keeps its files here, and its store in `home`.
    fn serve(&self, home: &Path) -> Server {
        std::fs::write(home.join("chatroom.toml"), "uploads = \"s3://bucket/chat\"\n").unwrap();
        let mut serve = command(home);
        serve.args(["serve", "--port", "0"]);
        serve.envs([
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT", &self.url),
            ("AWS_ALLOW_HTTP", "true"),
        ]);
        Server::launch(home, &mut serve)
    }

    /// Puts something there that nobody uploaded.
    async fn put(&self, key: &str) {
        let put = self.http.put(format!("{}/bucket/{key}", self.url)).body("left").send().await;
        assert_eq!(put.unwrap().status(), 200);
    }

    /// What is between these tags in a list of the bucket.
    async fn list(&self, query: &str, tag: &str) -> Vec<String> {
        let listed = self.http.get(format!("{}/bucket?{query}", self.url)).send().await.unwrap();
        let text = listed.text().await.unwrap();
        let tag = format!("<{tag}>");
        text.split(&tag).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }

    /// The files that are there as a whole.
    async fn files(&self) -> Vec<String> {
        self.list("list-type=2", "Key").await
    }

    /// The uploads that were begun and neither finished nor given up.
    async fn unfinished(&self) -> Vec<String> {
        self.list("uploads", "UploadId").await
    }

    /// Waits until so many uploads are unfinished.
    async fn until_unfinished(&self, count: usize) {
        let wait = async { while self.unfinished().await.len() != count {} };
        let patience = std::time::Duration::from_secs(30);
        assert!(tokio::time::timeout(patience, wait).await.is_ok(), "{count} uploads unfinished");
    }
}

#[tokio::test]
async fn what_goes_into_a_bucket_comes_out_again() {
    let Some(bucket) = Bucket::new().await else { return };
    let home = tempfile::tempdir().unwrap();
    let server = bucket.serve(home.path());
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    for (size, seed) in [(0, 0), (5, 1), (5 << 20, 2), (LARGE, 3)] {
        let content = bytes(seed, size);
        let id = upload(&ann, project, "a.bin", &content).await;
        let path = format!("/projects/{project}/files/{id}");
        let whole = ann.request(Method::GET, &path).send().await.unwrap();
        assert_eq!((whole.status().as_u16(), whole.content_length()), (200, Some(size as u64)));
        assert_eq!(whole.bytes().await.unwrap(), content, "{size} bytes");
        if size == LARGE {
            // Across the seam of two parts.
            let range = 5_242_870..5_242_890;
            let asked = format!("bytes={}-{}", range.start, range.end - 1);
            let part = ann.request(Method::GET, &path).header("Range", asked).send().await.unwrap();
            assert_eq!(part.status(), 206);
            assert_eq!(part.bytes().await.unwrap(), content[range]);
        }
        assert_eq!(bucket.files().await.len(), 1);
        assert_eq!(bucket.unfinished().await, [""; 0]);
        assert_eq!(ann.delete(&path, json!({})).await.0, 200);
        assert_eq!(bucket.files().await, [""; 0]);
    }
    assert!(!home.path().join("uploads").exists(), "nothing is kept here as well");
}

#[tokio::test]
async fn an_upload_into_a_bucket_that_breaks_off_leaves_nothing() {
    let Some(bucket) = Bucket::new().await else { return };
    let home = tempfile::tempdir().unwrap();
    let server = bucket.serve(home.path());
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let body = one_file("half.bin", "application/octet-stream", &bytes(7, LARGE));
    let head = format!(
        "POST /projects/{project}/files HTTP/1.1\r\nHost: chat\r\nContent-Length: {}\r\n\
         Authorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        body.len(),
        ann.token
    );
    for _ in 0..3 {
        let mut stream = connect(server.port());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body[..body.len() - 1000]).unwrap();
        bucket.until_unfinished(1).await;
        drop(stream);
        bucket.until_unfinished(0).await;
    }
    // It says that it is whole, and has no end.
    let (status, _) = send(&ann, project, body[..body.len() - 1000].to_vec()).await;
    assert_eq!(status, 400);
    bucket.until_unfinished(0).await;
    assert_eq!(bucket.files().await, [""; 0]);
    assert_eq!(ann.get(&format!("/projects/{project}/files")).await, (200, json!([])));
}

#[tokio::test]
async fn what_nobody_knows_in_a_bucket_is_cleared_away_at_the_next_start() {
    let Some(bucket) = Bucket::new().await else { return };
    let home = tempfile::tempdir().unwrap();
    let mut server = bucket.serve(home.path());
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let id = upload(&ann, project, "kept", b"kept").await;
    let kept = bucket.files().await;
    let folder = kept[0].rsplit_once('/').unwrap().0.to_owned();
    server.kill();
    bucket.put(&format!("{folder}/2222222222222222222222222a")).await;
    let others = [format!("{folder}/README.txt"), "chat/another/2222222222222222222222222a".into()];
    for other in &others {
        bucket.put(other).await;
    }
    let again = bucket.serve(home.path());
    let ann = ann.again(&again);
    let mut wanted = [kept, others.to_vec()].concat();
    let mut found = bucket.files().await;
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
    let path = format!("/projects/{project}/files/{id}");
    let answer = ann.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "kept");
}

#[tokio::test]
async fn a_bucket_that_is_out_of_reach_is_said_to_be_so() {
    let Some(bucket) = Bucket::new().await else { return };
    let home = tempfile::tempdir().unwrap();
    let server = bucket.serve(home.path());
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let id = upload(&ann, project, "a", b"a").await;
    drop(bucket.server);
    let (status, body) = send(&ann, project, one_file("b", "text/plain", b"b")).await;
    assert_eq!((status, body["code"].as_str().unwrap()), (503, "files_unavailable"));
    let (status, body) = ann.get(&format!("/projects/{project}/files/{id}")).await;
    assert_eq!((status, body["code"].as_str().unwrap()), (503, "files_unavailable"));
    let (status, files) = ann.get(&format!("/projects/{project}/files")).await;
    assert_eq!((status, files.as_array().unwrap().len()), (200, 1), "the rest goes on");
}
