//! How much one may store.

use serde_json::json;

use crate::form::{bytes, one_file, send, stored, upload};
use crate::support::Server;
use crate::support::account::Account;
use crate::support::process::until;

#[tokio::test]
async fn the_quota_counts_what_is_listed_of_one_person_and_of_one_project() {
    let server = Server::configured("[limits]\nupload_quota_bytes = 100000\n");
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let (first, conversation) = ann.project("First").await;
    let (second, _) = bob.project("Second").await;
    let body = json!({"user_id": bob.id});
    let participants = format!("/conversations/{conversation}/participants");
    assert_eq!(ann.post(&participants, body).await.0, 200);

    let large = upload(&ann, first, "large", &bytes(1, 60_000)).await;
    upload(&bob, first, "small", &bytes(2, 40_000)).await;
    let full = async |account: &Account, project| {
        let (status, body) = send(account, project, one_file("more", "text/plain", b"x")).await;
        assert_eq!((status, body["code"].as_str().unwrap()), (413, "quota_exceeded"));
    };
    full(&ann, first).await;
    full(&bob, first).await;
    upload(&bob, second, "elsewhere", &bytes(3, 60_000)).await;
    full(&bob, second).await;
    // What was refused is cleared away behind the answer.
    until("three files are left", 10, || stored(server.home()).len() == 3).await;
    let path = format!("/projects/{first}/files/{large}");
    assert_eq!(ann.delete(&path, json!({})).await.0, 200);
    full(&bob, first).await;
    upload(&ann, first, "again", &bytes(4, 60_000)).await;
}

#[tokio::test]
async fn many_uploads_at_once_do_not_get_past_the_quota_together() {
    let server = Server::configured("[limits]\nupload_quota_bytes = 100000\n");
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let uploads = (0..30).map(|seed| {
        let (ann, body) = (ann.clone(), one_file("a", "text/plain", &bytes(seed, 10_000)));
        tokio::spawn(async move { send(&ann, project, body).await.0 })
    });
    let mut stored_now = 0;
    for upload in uploads.collect::<Vec<_>>() {
        match upload.await.unwrap() {
            201 => stored_now += 1,
            status => assert_eq!(status, 413),
        }
    }
    assert_eq!(stored_now, 10);
    assert_eq!(stored(server.home()).len(), 10);
}
