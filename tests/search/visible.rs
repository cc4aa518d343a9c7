//! Who finds what: exactly what they could read.

use serde_json::json;

use super::support::account::Account;
use super::support::answers::assert_fault;
use super::support::{Client, Server};
use super::{create_room, found, ids, say, search};

async fn leave(client: &Client, username: &str, room: &str) {
    let body = json!({ "username": username, "room_id": room });
    assert_eq!(client.post("/leave_room", body).await.0, 200);
}

#[tokio::test]
async fn one_finds_what_was_sent_to_one_or_by_one_or_in_ones_rooms() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "eve"]).await;
    say(&client, "ann", "bob", "secret of ann").await;
    say(&client, "bob", "ann", "secret of bob").await;
    say(&client, "eve", "eve", "secret of eve").await;
    let room = create_room(&client, "ann", &["bob"]).await;
    say(&client, "bob", &room, "secret of all").await;
    let both = ["[secret] of all", "[secret] of bob", "[secret] of ann"];
    assert_eq!(found(&client, "ann", "secret").await, both);
    assert_eq!(found(&client, "bob", "secret").await, both);
    assert_eq!(found(&client, "eve", "secret").await, ["[secret] of eve"]);
}

#[tokio::test]
async fn what_is_found_is_what_a_poll_would_show() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "eve"]).await;
    let rooms = [
        create_room(&client, "ann", &["bob"]).await,
        create_room(&client, "eve", &["bob", "ann"]).await,
        "room_General".to_owned(),
    ];
    let people = ["ann", "bob", "eve"];
    for number in 0..60 {
        let sender = people[number % 3];
        let places = [people[number / 3 % 3], &rooms[number % 3], people[number % 3]];
        let body = json!({
            "sender": sender, "recipient": places[number / 5 % 3], "message": "same words",
        });
        // Some may not speak there.
        client.post("/send", body).await;
    }
    leave(&client, "ann", &rooms[1]).await;
    for name in people {
        let poll = client.get(&format!("/messages?username={name}&view=full")).await.1;
        let mut wanted: Vec<u64> = poll["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|message| message["message"] == "same words")
            .map(|message| message["id"].as_u64().unwrap())
            .collect();
        wanted.reverse();
        assert!(wanted.len() > 5);
        let hits = search(&client, name, &[("q", "words same"), ("limit", "100")]).await;
        assert_eq!(ids(&hits), wanted, "{name}");
    }
}

#[tokio::test]
async fn who_has_left_a_room_or_was_removed_finds_nothing_of_it() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["guest", "other"]).await;
    let room = create_room(&client, "guest", &["other"]).await;
    say(&client, "guest", &room, "my own plan").await;
    assert_eq!(found(&client, "guest", "plan").await.len(), 1);
    leave(&client, "guest", &room).await;
    assert!(found(&client, "guest", "plan").await.is_empty());
    assert_eq!(found(&client, "other", "plan").await.len(), 1);
    let query = [("username", "guest"), ("q", "plan"), ("with", &*room)];
    assert_fault(&client.query("/search", &query).await, 400, "not_participant");

    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let conversation = ann.converse(&[&bob]).await;
    let said = json!({ "content": "what bob must not find" });
    let path = format!("/conversations/{conversation}");
    assert_eq!(ann.post(&format!("{path}/messages"), said).await.0, 201);
    let hits = |account: &Account| {
        let account = account.clone();
        let name = if account.id == ann.id { "ann" } else { "bob" };
        async move { account.get(&format!("/search?username={name}&q=must")).await.1["hits"].clone() }
    };
    assert_eq!(hits(&bob).await.as_array().unwrap().len(), 1);
    let (status, _) =
        ann.delete(&format!("{path}/participants"), json!({ "user_id": bob.id })).await;
    assert_eq!(status, 200);
    assert_eq!(hits(&bob).await, json!([]));
    assert_eq!(hits(&ann).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_may_not_read_may_not_search() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let client = server.client();
    client.register(&["bob"]).await;
    let ask = |path: &'static str| client.get(path);
    assert_fault(&ask("/search?q=hi").await, 400, "field_required");
    assert_fault(&ask("/search?username=eve&q=hi").await, 400, "not_registered");
    let (status, body) = ask("/search?username=ann&q=hi").await;
    assert_eq!((status, &body["code"]), (401, &json!("authentication_required")));
    assert_eq!(ann.get("/search?username=ann&q=hi").await.0, 200);
    assert_fault(&ask("/search?username=bob&q=hi&with=room_9").await, 400, "room_not_found");
}

#[tokio::test]
async fn a_name_taken_again_finds_nothing_of_its_former_owner() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    say(&client, "bob", "ann", "for the first ann").await;
    assert_eq!(client.post("/logout", json!({ "username": "ann" })).await.0, 200);
    client.register(&["ann"]).await;
    assert!(found(&client, "ann", "first").await.is_empty());
    assert_eq!(found(&client, "bob", "first").await.len(), 1);
}
