//! A conversation is a room: the two sides see the same.

use serde_json::{Value, json};

use crate::support::Server;
use crate::support::account::Account;

#[tokio::test]
async fn what_is_said_in_a_conversation_comes_to_polls_and_the_reverse() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let conversation = ann.converse(&[&bob]).await;
    let (room, path) =
        (format!("room_{conversation}"), format!("/conversations/{conversation}/messages"));
    assert_eq!(ann.post(&path, json!({"content": "by the conversation"})).await.0, 201);
    let send = json!({"sender": "bob", "recipient": room, "message": "by the room"});
    assert_eq!(bob.post("/send", send).await.0, 200);

    let (_, polled) = bob.get("/messages?username=bob&last_id=0").await;
    let message = |id: u64, sender: &str, text: &str| json!({"id": id, "sender": sender, "recipient": room, "message": text});
    let both = json!([message(1, "ann", "by the conversation"), message(2, "bob", "by the room")]);
    assert_eq!(polled["messages"], both, "no notices, and both messages");
    let (_, page) = ann.get(&path).await;
    let texts: Vec<_> =
        page["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
    assert_eq!(texts, [&json!("by the room"), &json!("by the conversation")]);
    assert_eq!(page["messages"][0]["user_id"], bob.id);
}

#[tokio::test]
async fn a_room_of_guests_is_a_conversation_with_nobodys_ids() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let client = server.client();
    client.register(&["guest"]).await;
    let body = json!({"admin": "guest", "participants": ["ann"]});
    assert_eq!(client.post("/create_room", body).await.1["room_id"], "room_1");
    client.send("guest", "room_1", "hello", "1").await;
    let (_, listed) = ann.get("/conversations").await;
    assert_eq!(listed[0]["creator_id"], Value::Null);
    let ids: Vec<_> =
        listed[0]["participants"].as_array().unwrap().iter().map(|p| &p["user_id"]).collect();
    assert!(ids.contains(&&Value::Null) && ids.contains(&&json!(ann.id)), "{ids:?}");
    let (_, page) = ann.get("/conversations/1/messages").await;
    assert_eq!(page["messages"][0]["user_id"], Value::Null);
    assert_eq!(page["messages"][0]["username"], "guest");
    let (status, body) = ann.post("/conversations/1/messages", json!({"content": "hi"})).await;
    assert_eq!(status, 201, "{body}");
    let (_, polled) = client.query("/messages", &[("username", "guest")]).await;
    assert_eq!(polled["messages"].as_array().unwrap().len(), 3, "{polled}");
}

#[tokio::test]
async fn leaving_the_room_leaves_the_conversation_without_a_notice() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let conversation = ann.converse(&[&bob]).await;
    let room = format!("room_{conversation}");
    for one in [(&bob, "bob"), (&ann, "ann")] {
        let body = json!({"username": one.1, "room_id": room});
        assert_eq!(one.0.post("/leave_room", body).await.0, 200);
    }
    assert_eq!(ann.get("/messages?username=ann&last_id=0").await.1["messages"], json!([]));
    let (status, body) = ann.get(&format!("/conversations/{conversation}/messages")).await;
    assert_eq!((status, body["code"].as_str().unwrap()), (403, "not_in_conversation"));
    assert_eq!(ann.converse(&[]).await, conversation + 1);
}

#[tokio::test]
async fn logging_out_leaves_nothing() {
    let server = Server::start(&[]);
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let conversation = ann.converse(&[&bob]).await;
    assert_eq!(bob.post("/logout", json!({"username": "bob"})).await.0, 200);
    let (_, listed) = ann.get("/conversations").await;
    assert_eq!(listed[0]["participants"].as_array().unwrap().len(), 2);

    // They outlive the server, too.
    let mut server = server;
    let folder = server.home().to_owned();
    let port = server.port().to_string();
    server.kill();
    let mut again = crate::support::command(&folder);
    let again = Server::launch(&folder, again.args(["serve", "--port", &port]));
    let (ann, bob) = (ann.again(&again), bob.again(&again));
    assert_eq!(ann.get("/conversations").await.1, listed);
    let path = format!("/conversations/{conversation}/messages");
    assert_eq!(bob.post(&path, json!({"content": "still here"})).await.0, 201);
}
