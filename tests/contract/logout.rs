//! `POST /logout`.

use serde_json::json;

use crate::support::Server;
use crate::support::answers::{done, message, refused, success};

#[tokio::test]
async fn a_logout_is_confirmed_and_frees_the_name() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let answer = client.post("/logout", json!({ "username": "ann" })).await;
    assert_eq!(answer, done("User ann logged out successfully."));
    assert_eq!(client.get("/online").await, success(json!({ "online_users": ["bob"] })));
    client.register(&["ann"]).await;
}

#[tokio::test]
async fn a_logout_is_refused_without_a_name_or_with_an_unknown_one() {
    let server = Server::memory();
    let client = server.client();
    for body in [json!({}), json!({ "username": "" }), json!({ "username": null })] {
        let wanted = refused("field_required", "Username is required.");
        assert_eq!(client.post("/logout", body).await, wanted);
    }
    for name in ["ann", "room_1", " ", "<b>", "server"] {
        let wanted = refused("not_registered", "Username not found.");
        assert_eq!(client.post("/logout", json!({ "username": name })).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn a_second_logout_is_refused() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    assert_eq!(client.post("/logout", json!({ "username": "ann" })).await.0, 200);
    let answer = client.post("/logout", json!({ "username": "ann" })).await;
    assert_eq!(answer, refused("not_registered", "Username not found."));
}

#[tokio::test]
async fn after_a_logout_the_name_can_do_nothing() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/logout", json!({ "username": "ann" })).await;
    let body = json!({ "sender": "ann", "recipient": "bob", "message": "hi" });
    let answer = client.post("/send", body).await;
    assert_eq!(answer, refused("not_registered", "Sender not registered."));
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "hi" });
    let answer = client.post("/send", body).await;
    assert_eq!(answer, refused("recipient_not_online", "Recipient not online."));
    let answer = client.query("/messages", &[("username", "ann")]).await;
    assert_eq!(answer, refused("not_registered", "User not registered."));
    let body = json!({ "admin": "ann", "participants": ["bob"] });
    let answer = client.post("/create_room", body).await;
    assert_eq!(answer, refused("not_registered", "Admin is not registered."));
}

#[tokio::test]
async fn a_logout_takes_the_user_out_of_its_rooms_and_tells_those_who_stay() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    client.post("/create_room", json!({ "admin": "bob", "participants": ["ann"] })).await;
    client.post("/logout", json!({ "username": "ann" })).await;
    let (_, body) = client.query("/messages", &[("username", "bob"), ("last_id", "4")]).await;
    let notices = json!([
        message(5, "server", "bob", "ann has left room 1."),
        message(6, "server", "bob", "ann has left room 2."),
    ]);
    assert_eq!(body["messages"], notices);
    let answer = client.query("/rooms", &[("username", "bob")]).await;
    assert_eq!(answer.1["rooms"][0]["participants"], json!(["bob"]));
}

#[tokio::test]
async fn a_room_goes_with_the_logout_of_its_last_participant() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["ann"] })).await;
    client.post("/logout", json!({ "username": "ann" })).await;
    let body = json!({ "sender": "bob", "recipient": "room_1", "message": "hi" });
    let answer = client.post("/send", body).await;
    assert_eq!(answer, refused("room_not_found", "Room does not exist."));
}

#[tokio::test]
async fn whoever_registers_a_freed_name_is_in_none_of_its_rooms() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "bob", "participants": ["ann"] })).await;
    client.post("/logout", json!({ "username": "ann" })).await;
    client.register(&["ann"]).await;
    let body = json!({ "sender": "ann", "recipient": "room_1", "message": "hi" });
    let answer = client.post("/send", body).await;
    assert_eq!(answer, refused("not_participant", "You are not a participant of this room."));
}
