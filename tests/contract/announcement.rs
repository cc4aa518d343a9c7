//! `GET /announcement`.

use serde_json::json;

use crate::support::Server;
use crate::support::answers::{fault, success};

#[tokio::test]
async fn the_announcement_is_read_at_every_call_and_trimmed() {
    let server = Server::memory();
    let client = server.client();
    let file = server.home().join("announcement.txt");
    for (written, wanted) in [
        ("Welcome!\n", "Welcome!"),
        ("\n\n  Two lines,\n  é 🚀 \"quoted\"  \r\n\n", "Two lines,\n  é 🚀 \"quoted\""),
        ("", ""),
        (" \n", ""),
    ] {
        std::fs::write(&file, written).unwrap();
        let answer = client.get("/announcement").await;
        assert_eq!(answer, success(json!({ "announcement": wanted })));
    }
}

#[tokio::test]
async fn a_missing_announcement_is_an_error_until_it_is_there() {
    let server = Server::memory();
    let client = server.client();
    let file = server.home().join("announcement.txt");
    let wanted = fault(500, "announcement_unavailable", "Failed to read announcement.");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(client.get("/announcement").await, wanted);
    std::fs::create_dir(&file).unwrap();
    assert_eq!(client.get("/announcement").await, wanted);
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, "back").unwrap();
    let answer = client.get("/announcement").await;
    assert_eq!(answer, success(json!({ "announcement": "back" })));
}

#[tokio::test]
async fn the_file_is_a_setting() {
    let server = Server::configured("announcement = \"news.txt\"\n");
    std::fs::write(server.home().join("news.txt"), "News").unwrap();
    let answer = server.client().get("/announcement").await;
    assert_eq!(answer, success(json!({ "announcement": "News" })));
}
