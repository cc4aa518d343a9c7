//! Names that are one name, everywhere.

use serde_json::json;

use crate::support::Server;
use crate::support::answers::{done, message, refused, success};

#[tokio::test]
async fn names_that_read_the_same_are_one_name() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["alice"]).await;
    let wanted = refused("username_taken", "Username already taken.");
    for name in ["ALICE", "Alice", "ａｌｉｃｅ", "аlice", "alicе", "𝒶lice"] {
        assert_eq!(client.post("/register", json!({ "username": name })).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn composed_and_decomposed_accents_are_one_name() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["Zoë"]).await;
    let wanted = refused("username_taken", "Username already taken.");
    assert_eq!(client.post("/register", json!({ "username": "zoe\u{308}" })).await, wanted);
}

#[tokio::test]
async fn a_one_is_not_an_l_and_an_accent_is_not_nothing() {
    let server = Server::memory();
    server.client().register(&["l", "1", "user1", "userl", "o", "0", "Zoe", "Zoë"]).await;
}

#[tokio::test]
async fn every_endpoint_looks_a_name_up_by_what_it_reads_like() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["Ann", "Bob"]).await;
    let body = json!({ "sender": "ANN", "recipient": "bob", "message": "hi" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    // What is kept is the name as it was registered.
    let answer = client.query("/messages", &[("username", "ｂｏｂ")]).await;
    assert_eq!(answer, success(json!({ "messages": [message(1, "Ann", "Bob", "hi")] })));

    let body = json!({ "admin": "ann", "participants": ["BOB", "Ann"] });
    let (status, _) = client.post("/create_room", body).await;
    assert_eq!(status, 200);
    let answer = client.query("/rooms", &[("username", "aNN")]).await;
    assert_eq!(answer.1["rooms"][0]["participants"], json!(["Ann", "Bob"]));
    let body = json!({ "username": "bOb", "room_id": "room_1" });
    assert_eq!(client.post("/leave_room", body).await, done("You have left room room_1."));
    let body = json!({ "username": "BOB", "room_id": "room_General" });
    assert_eq!(client.post("/join_room", body).await, done("You have joined room room_General."));

    assert_eq!(client.post("/logout", json!({ "username": "bob" })).await.0, 200);
    assert_eq!(client.get("/online").await, success(json!({ "online_users": ["Ann"] })));
}
