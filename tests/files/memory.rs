//! What a large upload costs.

use crate::form::{bytes, one_file, send, upload};
use crate::support::Server;
use crate::support::account::Account;
use crate::support::process::peak_resident;

#[tokio::test]
async fn sixteen_mebibytes_raise_the_memory_by_less_than_two() {
    let server = Server::start(&[]);
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    // What the first ones ever need is no matter of their size.
    for seed in 0..8 {
        upload(&ann, project, "small", &bytes(seed, 500_000)).await;
    }
    let before = peak_resident(server.pid());
    let body = one_file("large", "application/octet-stream", &bytes(2, 16 << 20));
    let (status, answer) = send(&ann, project, body).await;
    assert_eq!(status, 201, "{answer}");
    let grown = peak_resident(server.pid()) - before;
    assert!(grown < 2 << 20, "{grown} bytes");

    let path = format!("/projects/{project}/files/{}", answer["file"]["id"]);
    let before = peak_resident(server.pid());
    let answer = ann.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap().len(), 16 << 20);
    let grown = peak_resident(server.pid()) - before;
    assert!(grown < 2 << 20, "{grown} bytes for reading it");
}
