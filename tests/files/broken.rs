//! Uploads that break off.

use std::io::{Read, Write};

use crate::form::{BOUNDARY, bytes, one_file, send, stored, upload};
use crate::support::Server;
use crate::support::account::Account;
use crate::support::process::until;
use crate::support::raw::connect;

/// The head of an upload of so many bytes, or of nobody knows how many.
fn head(account: &Account, project: u64, length: Option<usize>) -> String {
    let framing = match length {
        Some(length) => format!("Content-Length: {length}"),
        None => "Transfer-Encoding: chunked".to_owned(),
    };
    format!(
        "POST /projects/{project}/files HTTP/1.1\r\nHost: chat\r\n{framing}\r\n\
         Authorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        account.token
    )
}

#[tokio::test]
async fn two_hundred_uploads_cut_off_half_way_leave_no_file_and_no_quota_used() {
    // Were a single one counted, the whole file would not fit behind them.
    let server = Server::configured("[limits]\nupload_quota_bytes = 300000\n");
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let body = one_file("half.bin", "application/octet-stream", &bytes(7, 300_000));
    let cut = |number: usize| {
        let mut stream = connect(server.port());
        let chunked = number % 2 == 1;
        let half = &body[..body.len() / 200 * (number % 199 + 1)];
        stream.write_all(head(&ann, project, (!chunked).then_some(body.len())).as_bytes()).unwrap();
        if chunked {
            stream.write_all(format!("{:x}\r\n", half.len()).as_bytes()).unwrap();
        }
        stream.write_all(half).unwrap();
        if number.is_multiple_of(3) {
            // It says that it is at its end, and waits for the answer.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = stream.read(&mut [0; 512]);
        }
    };
    (0..200).for_each(cut);
    until("nothing is left of them", 20, || stored(server.home()).is_empty()).await;
    let files = format!("/projects/{project}/files");
    assert_eq!(ann.get(&files).await, (200, serde_json::json!([])));
    upload(&ann, project, "whole", &bytes(8, 300_000)).await;
    assert_eq!(stored(server.home()).len(), 1);
}

#[tokio::test]
async fn a_body_without_its_end_is_refused() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let whole = one_file("a", "text/plain", &bytes(9, 50_000));
    for missing in [1, 2, 4, 40, 60, 49_000] {
        let (status, body) = send(&ann, project, whole[..whole.len() - missing].to_vec()).await;
        // Behind the boundary's two dashes nothing more has to come.
        let wanted = if missing <= 2 { 201 } else { 400 };
        assert_eq!(status, wanted, "without its last {missing} bytes: {body}");
        if status == 400 {
            assert_eq!(body["code"], "invalid_body");
        }
    }
    until("nothing else is left", 20, || stored(server.home()).len() == 2).await;
}

#[tokio::test]
async fn a_part_whose_head_does_not_end_is_refused_before_it_fills_the_memory() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    upload(&ann, project, "first", &bytes(1, 100_000)).await;
    let before = server.resident();
    let endless = format!("--{BOUNDARY}\r\nX: {}", "x".repeat(15_000_000)).into_bytes();
    for body in [endless, vec![b'x'; 15_000_000]] {
        let (status, body) = send(&ann, project, body).await;
        assert_eq!((status, body["code"].as_str().unwrap()), (400, "invalid_body"));
    }
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes");
}
