//! What a restart keeps.

use serde_json::{Value, json};

use crate::support::answers::{done, message, refused, success};
use crate::support::{Client, Server};

const STORE: &[&str] = &["--store", "sqlite:chatroom.db"];

async fn messages(client: &Client, username: &str, last_id: &str) -> Value {
    let query = [("username", username), ("last_id", last_id)];
    client.query("/messages", &query).await.1["messages"].take()
}

/// Users, rooms and five messages; a room whose number is used up.
async fn fill(client: &Client) {
    client.register(&["Ann", "Bob 🚀"]).await;
    let room = json!({ "admin": "Ann", "participants": ["Bob 🚀"] });
    client.post("/create_room", room).await;
    let alone = json!({ "admin": "Ann", "participants": ["Ann"] });
    client.post("/create_room", alone).await;
    client.post("/leave_room", json!({ "username": "Ann", "room_id": "room_2" })).await;
    client.post("/join_room", json!({ "username": "Ann", "room_id": "room_General" })).await;
    for recipient in ["Bob 🚀", "room_1", "room_General"] {
        client.send("Ann", recipient, "é \"x\"\r\n", recipient).await;
    }
}

async fn assert_all_there(client: &Client) {
    assert_eq!(client.get("/online").await, success(json!({ "online_users": ["Ann", "Bob 🚀"] })));
    let notice = "Room 1 has been created and you have been added as a participant.";
    let text = "é \"x\"\r\n";
    assert_eq!(
        messages(client, "Bob 🚀", "0").await,
        json!([
            message(2, "server", "Bob 🚀", notice),
            message(4, "Ann", "Bob 🚀", text),
            message(5, "Ann", "room_1", text),
        ])
    );
    assert_eq!(
        messages(client, "Ann", "4").await,
        json!([message(5, "Ann", "room_1", text), message(6, "Ann", "room_General", text)])
    );
    let taken = refused("username_taken", "Username already taken.");
    assert_eq!(client.post("/register", json!({ "username": "ANN" })).await, taken);
}

#[tokio::test]
async fn users_rooms_messages_and_ids_survive_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), STORE);
    fill(&server.client()).await;
    let (_, before) = server.client().query("/rooms", &[("username", "Ann")]).await;
    assert!(server.terminate().0.success());

    let server = Server::start_in(home.path(), STORE);
    let client = server.client();
    assert_all_there(&client).await;
    assert_eq!(client.query("/rooms", &[("username", "Ann")]).await, (200, before));
    assert_eq!(client.send("Ann", "Bob 🚀", "next", "k").await, 7);
    let room = json!({ "admin": "Ann", "participants": ["Ann"] });
    assert_eq!(client.post("/create_room", room).await.1["room_id"], "room_3");
}

#[tokio::test]
async fn they_survive_a_kill_at_both_durabilities() {
    for durability in ["full", "fast"] {
        let home = tempfile::tempdir().unwrap();
        let args = ["--store", "sqlite:chatroom.db", "--durability", durability];
        let mut server = Server::start_in(home.path(), &args);
        fill(&server.client()).await;
        server.kill();
        let server = Server::start_in(home.path(), &args);
        assert_all_there(&server.client()).await;
    }
}

#[tokio::test]
async fn tokens_survive_a_restart_and_a_logout_before_it() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), STORE);
    let client = server.client();
    let (_, ann) = client.post("/register", json!({ "username": "ann" })).await;
    client.send("ann", "ann", "note", "k").await;
    client.post("/logout", json!({ "username": "ann" })).await;
    server.terminate();

    let server = Server::start_in(home.path(), STORE);
    let client = server.client();
    let body = json!({ "username": "ann", "token": ann["token"] });
    assert_eq!(client.post("/register", body).await.0, 200);
    assert_eq!(messages(&client, "ann", "0").await, json!([message(1, "ann", "ann", "note")]));
}

#[tokio::test]
async fn the_epoch_is_the_same_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let mut server = Server::start_in(home.path(), STORE);
        let client = server.client();
        client.post("/register", json!({ "username": "ann" })).await;
        let (_, body) = client.query("/messages", &[("username", "ann"), ("wait", "0")]).await;
        epochs.push(body["epoch"].as_str().expect("an epoch").to_owned());
        server.terminate();
    }
    assert_eq!(epochs[0], epochs[1]);
}

#[tokio::test]
async fn a_store_in_memory_keeps_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &["--store", "memory:"]);
    server.client().register(&["ann"]).await;
    server.terminate();
    let server = Server::start_in(home.path(), &["--store", "memory:"]);
    let client = server.client();
    assert_eq!(client.get("/online").await, success(json!({ "online_users": [] })));
    client.register(&["ann"]).await;
    let body = json!({ "sender": "ann", "recipient": "ann", "message": "first" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    assert_eq!(messages(&client, "ann", "0").await, json!([message(1, "ann", "ann", "first")]));
    let files = std::fs::read_dir(home.path()).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["announcement.txt"]);
}

#[tokio::test]
async fn the_default_store_is_a_file_in_the_working_directory() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &[]);
    server.client().register(&["ann"]).await;
    server.terminate();
    assert!(home.path().join("chatroom.db").is_file());
}
