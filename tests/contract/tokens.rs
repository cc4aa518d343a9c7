//! The token of a registration: what it brings back.

use serde_json::{Value, json};

use crate::support::answers::{done, message, refused};
use crate::support::{Client, Server};

/// Registers and gives the token.
async fn register(client: &Client, body: Value) -> String {
    let (status, answer) = client.post("/register", body.clone()).await;
    assert_eq!(status, 200, "{body}: {answer}");
    answer["token"].as_str().unwrap().to_owned()
}

async fn inbox(client: &Client, username: &str) -> Value {
    client.query("/messages", &[("username", username)]).await.1["messages"].take()
}

/// Ann has one message and has logged out; her token.
async fn ann_was_here(client: &Client) -> String {
    let token = register(client, json!({ "username": "ann" })).await;
    register(client, json!({ "username": "bob" })).await;
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "private" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    client.post("/logout", json!({ "username": "ann" })).await;
    token
}

#[tokio::test]
async fn a_name_registered_again_starts_with_an_empty_inbox() {
    let server = Server::memory();
    let client = server.client();
    ann_was_here(&client).await;
    register(&client, json!({ "username": "ann" })).await;
    assert_eq!(inbox(&client, "ann").await, json!([]));
}

#[tokio::test]
async fn with_the_token_it_is_the_same_person_again() {
    let server = Server::memory();
    let client = server.client();
    let token = ann_was_here(&client).await;
    let again = register(&client, json!({ "username": "ann", "token": token })).await;
    assert_eq!(inbox(&client, "ann").await, json!([message(1, "bob", "ann", "private")]));
    // The token that came with the answer works as well.
    client.post("/logout", json!({ "username": "ann" })).await;
    register(&client, json!({ "username": "ann", "token": again })).await;
    assert_eq!(inbox(&client, "ann").await, json!([message(1, "bob", "ann", "private")]));
}

#[tokio::test]
async fn the_token_may_come_as_a_header_or_in_the_query() {
    let server = Server::memory();
    let client = server.client();
    let token = ann_was_here(&client).await;
    let wanted = json!([message(1, "bob", "ann", "private")]);
    let post = |path: String| client.http().post(client.url(&path));
    for request in [
        post("/register".into()).header("Authorization", format!("Bearer {token}")),
        post("/register".into()).header("authorization", format!("bearer {token}")),
        post(format!("/register?token={token}")),
    ] {
        let response = request.json(&json!({ "username": "ann" })).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(inbox(&client, "ann").await, wanted);
        client.post("/logout", json!({ "username": "ann" })).await;
    }
}

#[tokio::test]
async fn the_owner_of_a_held_name_may_register_it_again_and_stays_in_the_rooms() {
    let server = Server::memory();
    let client = server.client();
    let token = register(&client, json!({ "username": "ann" })).await;
    register(&client, json!({ "username": "bob" })).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    let (status, mut body) =
        client.post("/register", json!({ "username": "ANN", "token": token })).await;
    let again = body.as_object_mut().unwrap().remove("token").expect("a token");
    assert!(again.is_string());
    assert_eq!((status, &body["status"]), (200, &json!("success")));
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let body = json!({ "sender": "ann", "recipient": "room_1", "message": "hi" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    assert_eq!(inbox(&client, "bob").await.as_array().unwrap().len(), 2, "nobody was told");
}

#[tokio::test]
async fn a_token_of_somebody_else_opens_nothing() {
    let server = Server::memory();
    let client = server.client();
    ann_was_here(&client).await;
    let cid = register(&client, json!({ "username": "cid" })).await;
    let taken = refused("username_taken", "Username already taken.");
    for token in [cid.as_str(), "x", "", "null", "🚀"] {
        let body = json!({ "username": "bob", "token": token });
        assert_eq!(client.post("/register", body).await, taken, "{token}");
        // For a free name it is as good as none.
        let fresh = register(&client, json!({ "username": "ann", "token": token })).await;
        assert_ne!(fresh, token);
        assert_eq!(inbox(&client, "ann").await, json!([]));
        client.post("/logout", json!({ "username": "ann" })).await;
    }
}

#[tokio::test]
async fn the_token_of_an_earlier_owner_does_not_open_what_came_after_it() {
    let server = Server::memory();
    let client = server.client();
    let first = ann_was_here(&client).await;
    register(&client, json!({ "username": "ann" })).await;
    // The name is held by somebody else now.
    let body = json!({ "username": "ann", "token": first });
    let taken = refused("username_taken", "Username already taken.");
    assert_eq!(client.post("/register", body.clone()).await, taken);
    let send = json!({ "sender": "bob", "recipient": "ann", "message": "for the second" });
    client.post("/send", send).await;
    client.post("/logout", json!({ "username": "ann" })).await;
    register(&client, body).await;
    assert_eq!(inbox(&client, "ann").await, json!([message(1, "bob", "ann", "private")]));
}

#[tokio::test]
async fn shared_names_bring_the_old_inbox_without_a_token() {
    let server = Server::configured("[compat]\nshared_names = true\n");
    let client = server.client();
    ann_was_here(&client).await;
    register(&client, json!({ "username": "ann" })).await;
    assert_eq!(inbox(&client, "ann").await, json!([message(1, "bob", "ann", "private")]));
}
