//! `client_msg_id`: a send that may be repeated without being sent twice.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::answers::{Answer, assert_fault, done, message, refused};
use support::{Client, Server};

async fn send(client: &Client, recipient: &str, text: &str, key: &str) -> Answer {
    let body = json!({
        "sender": "ann", "recipient": recipient, "message": text, "client_msg_id": key,
    });
    client.post("/send", body).await
}

async fn texts(client: &Client, username: &str) -> Vec<Value> {
    let (_, body) = client.query("/messages", &[("username", username)]).await;
    body["messages"].as_array().unwrap().iter().map(|m| m["message"].clone()).collect()
}

async fn ann_and_bob() -> (Server, Client) {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    (server, client)
}

#[tokio::test]
async fn the_answer_has_the_id_of_the_message_and_the_epoch() {
    let (_server, client) = ann_and_bob().await;
    let (_, poll) = client.get("/messages?username=bob&wait=0").await;
    let answer = send(&client, "bob", "hi", "k1").await;
    let wanted = json!({
        "status": "success", "message": "Message sent successfully.",
        "id": 1, "epoch": poll["epoch"],
    });
    assert_eq!(answer, (200, wanted));
}

#[tokio::test]
async fn the_same_again_gets_the_same_answer_and_is_not_sent_again() {
    let (_server, client) = ann_and_bob().await;
    let first = send(&client, "bob", "hi", "k1").await;
    send(&client, "bob", "between", "k2").await;
    for _ in 0..5 {
        assert_eq!(send(&client, "bob", "hi", "k1").await, first);
    }
    assert_eq!(texts(&client, "bob").await, ["hi", "between"]);
}

#[tokio::test]
async fn without_it_the_answer_is_plain_and_every_send_is_one() {
    let (_server, client) = ann_and_bob().await;
    for key in [Value::Null, json!("")] {
        let body = json!({
            "sender": "ann", "recipient": "bob", "message": "hi", "client_msg_id": key,
        });
        for _ in 0..2 {
            assert_eq!(
                client.post("/send", body.clone()).await,
                done("Message sent successfully.")
            );
        }
    }
    assert_eq!(texts(&client, "bob").await.len(), 4);
}

#[tokio::test]
async fn another_body_under_the_same_id_is_a_conflict() {
    let (_server, client) = ann_and_bob().await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    send(&client, "bob", "hi", "k1").await;
    for (recipient, text) in [("bob", "hi!"), ("ann", "hi"), ("room_1", "hi"), ("nobody", "hi")] {
        let answer = send(&client, recipient, text, "k1").await;
        assert_fault(&answer, 409, "idempotency_conflict");
    }
    // The first is still the one that is answered.
    assert_eq!(send(&client, "bob", "hi", "k1").await.1["id"], 3);
    assert_eq!(texts(&client, "bob").await.len(), 2);
}

#[tokio::test]
async fn a_boundary_between_fields_cannot_be_moved() {
    let (_server, client) = ann_and_bob().await;
    client.register(&["bobh"]).await;
    assert_eq!(send(&client, "bob", "hi", "k1").await.0, 200);
    assert_fault(&send(&client, "bobh", "i", "k1").await, 409, "idempotency_conflict");
}

#[tokio::test]
async fn the_first_answer_comes_before_any_other_check() {
    let (_server, client) = ann_and_bob().await;
    client.post("/create_room", json!({ "admin": "bob", "participants": ["ann"] })).await;
    let direct = send(&client, "bob", "hi", "k1").await;
    let posted = send(&client, "room_1", "hi all", "k2").await;
    client.post("/leave_room", json!({ "username": "ann", "room_id": "room_1" })).await;
    assert_eq!(send(&client, "room_1", "hi all", "k2").await, posted);
    client.post("/logout", json!({ "username": "bob" })).await;
    assert_eq!(send(&client, "bob", "hi", "k1").await, direct);
    // Nobody is in the room any more, so it is gone; the answer is not.
    assert_eq!(send(&client, "room_1", "hi all", "k2").await, posted);
    client.post("/logout", json!({ "username": "ann" })).await;
    assert_eq!(send(&client, "bob", "hi", "k1").await, direct);
    assert_eq!(
        send(&client, "bob", "hi", "k3").await,
        refused("not_registered", "Sender not registered.")
    );
}

#[tokio::test]
async fn a_refused_send_leaves_its_id_unused() {
    let (_server, client) = ann_and_bob().await;
    let offline = refused("recipient_not_online", "Recipient not online.");
    assert_eq!(send(&client, "cid", "hi", "k1").await, offline);
    client.register(&["cid"]).await;
    assert_eq!(send(&client, "cid", "hi", "k1").await.1["id"], 1);
    assert_eq!(send(&client, "cid", "hi", "k1").await.1["id"], 1);
}

#[tokio::test]
async fn ids_belong_to_one_registration() {
    let (_server, client) = ann_and_bob().await;
    let body = |sender: &str| json!({ "sender": sender, "recipient": "bob", "message": "hi", "client_msg_id": "k" });
    assert_eq!(client.post("/send", body("ann")).await.1["id"], 1);
    assert_eq!(client.post("/send", body("bob")).await.1["id"], 2);
    assert_eq!(client.post("/send", body("ANN")).await.1["id"], 1);
    // Whoever takes the name next has sent nothing yet.
    client.post("/logout", json!({ "username": "ann" })).await;
    client.register(&["ann"]).await;
    assert_eq!(client.post("/send", body("ann")).await.1["id"], 3);
    assert_eq!(texts(&client, "bob").await.len(), 3);
}

#[tokio::test]
async fn the_same_person_again_may_repeat_what_was_sent_before_the_logout() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["bob"]).await;
    let (_, ann) = client.post("/register", json!({ "username": "ann" })).await;
    let first = send(&client, "bob", "hi", "k1").await;
    client.post("/logout", json!({ "username": "ann" })).await;
    client.post("/register", json!({ "username": "ann", "token": ann["token"] })).await;
    assert_eq!(send(&client, "bob", "hi", "k1").await, first);
    assert_eq!(texts(&client, "bob").await, ["hi"]);
}

#[tokio::test]
async fn many_at_once_are_sent_once() {
    let (_server, client) = ann_and_bob().await;
    for round in 0..20 {
        let key = format!("k{round}");
        let sends = (0..16).map(|_| send(&client, "bob", "hi", &key));
        let answers = futures_util::future::join_all(sends).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(answers[0].1["id"], round + 1);
    }
    assert_eq!(texts(&client, "bob").await.len(), 20);
}

#[tokio::test]
async fn it_is_remembered_over_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let first = send(&client, "bob", "hi", "k1").await;
    server.kill();
    let server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let client = server.client();
    assert_eq!(send(&client, "bob", "hi", "k1").await, first);
    assert_fault(&send(&client, "bob", "other", "k1").await, 409, "idempotency_conflict");
    let (_, body) = client.get("/messages?username=bob").await;
    assert_eq!(body["messages"], json!([message(1, "ann", "bob", "hi")]));
}

#[tokio::test]
async fn an_id_is_any_text_of_up_to_128_characters() {
    let (_server, client) = ann_and_bob().await;
    for (key, number) in [" ", "a\nb", "🚀", &"é".repeat(128), "null", "0"].iter().zip(1..) {
        assert_eq!(send(&client, "bob", "hi", key).await.1["id"], number, "{key:?}");
        assert_eq!(send(&client, "bob", "hi", key).await.1["id"], number, "{key:?}");
    }
    let answer = send(&client, "bob", "hi", &"é".repeat(129)).await;
    assert_eq!((answer.0, &answer.1["status"]), (400, &json!("fail")), "{answer:?}");
}

#[tokio::test]
async fn a_number_and_its_text_are_the_same_message() {
    let (_server, client) = ann_and_bob().await;
    let body = |text: Value| json!({ "sender": "ann", "recipient": "bob", "message": text, "client_msg_id": "k" });
    assert_eq!(client.post("/send", body(json!(7))).await.1["id"], 1);
    assert_eq!(client.post("/send", body(json!("7"))).await.1["id"], 1);
}
