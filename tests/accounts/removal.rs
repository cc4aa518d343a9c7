//! What is left of an account that was removed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, refusal};
use crate::support::answers::refused;
use crate::support::{Client, Server};

async fn texts(client: &Client, path: &str) -> Vec<String> {
    let (status, body) = client.get(path).await;
    assert_eq!(status, 200, "{body}");
    let messages = body["messages"].as_array().unwrap().iter();
    let said = messages.filter(|message| message["sender"] != "server");
    said.map(|message| message["message"].as_str().unwrap().to_owned()).collect()
}

/// Ann has an account, and has said something to bob and in a room with him.
async fn ann_said_something(client: &Client) -> Person {
    let ann = Person::new(client, "ann").await;
    client.register(&["bob"]).await;
    let body = json!({ "admin": "ann", "participants": ["bob"] });
    assert_eq!(ann.ask("POST", "/create_room", body).await.0, 200);
    for (recipient, text) in [("bob", "to bob"), ("room_1", "to all")] {
        let body = json!({ "sender": "ann", "recipient": recipient, "message": text });
        assert_eq!(ann.ask("POST", "/send", body).await.0, 200);
    }
    client.send("bob", "ann", "to ann", "k1").await;
    ann
}

#[tokio::test]
async fn its_messages_stay_under_its_name_or_go_with_it_as_it_wishes() {
    for (wish, stay) in [(Value::Null, true), (json!("keep"), true), (json!("remove"), false)] {
        let server = Server::memory();
        let client = server.client();
        let ann = ann_said_something(&client).await;
        let body = json!({ "password": PASSWORD, "messages": wish });
        let wanted = (200, json!({ "message": "Account deleted successfully" }));
        assert_eq!(ann.ask("DELETE", "/auth/account", body).await, wanted);
        let left: &[&str] = if stay { &["to bob", "to all"] } else { &[] };
        assert_eq!(texts(&client, "/messages?username=bob").await, left, "{wish}");
        let both = texts(&client, "/messages?username=bob&with=ann&view=full").await;
        let left: &[&str] = if stay { &["to bob", "to ann"] } else { &["to ann"] };
        assert_eq!(both, left, "{wish}");
        let (_, rooms) = client.get("/rooms?username=bob").await;
        assert_eq!(rooms["rooms"][0]["participants"], json!(["bob"]));
        assert!(!ann.is_in().await);
        let body = json!({ "username": "ann", "password": PASSWORD });
        let wanted = refusal(401, "invalid_credentials", "Invalid credentials");
        assert_eq!(client.post("/auth/login", body).await, wanted);
    }
}

#[tokio::test]
async fn it_takes_the_password_and_a_wish_that_is_one() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    for (body, status, code) in [
        (json!({}), 400, "field_required"),
        (json!({ "password": "wrong horse" }), 401, "invalid_credentials"),
        (json!({ "password": PASSWORD, "messages": "burn" }), 400, "invalid_messages"),
        (json!({ "password": PASSWORD, "messages": 7 }), 400, "invalid_type"),
    ] {
        let (found, answer) = ann.ask("DELETE", "/auth/account", body.clone()).await;
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{body}");
        assert_eq!(answer["error"], answer["message"]);
    }
    assert!(ann.is_in().await);
}

#[tokio::test]
async fn its_name_is_free_after_a_while_and_whoever_takes_it_is_somebody_else() {
    let home = tempfile::tempdir().unwrap();
    let settings = "[guests]\nkeep = \"2s\"\n";
    std::fs::write(home.path().join("chatroom.toml"), settings).unwrap();
    let mut server = Server::start_in(home.path(), &[]);
    let client = server.client();
    let ann = ann_said_something(&client).await;
    assert_eq!(ann.ask("DELETE", "/auth/account", json!({ "password": PASSWORD })).await.0, 200);
    let taken = refused("username_taken", "Username already taken.");
    let register = json!({ "username": "Ann" });
    assert_eq!(client.post("/register", register.clone()).await, taken);
    let account = json!({ "username": "ann", "password": PASSWORD });
    let wanted = refusal(400, "username_taken", "User already exists");
    assert_eq!(client.post("/auth/register", account).await, wanted);
    let online = client.get("/online").await.1;
    assert_eq!(online["online_users"], json!(["bob"]));
    // The time goes on across a restart.
    server.kill();
    let server = Server::start_in(home.path(), &[]);
    let client = server.client();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = client.post("/register", register.clone()).await;
        if answer.0 == 200 {
            break;
        }
        assert_eq!(answer, taken);
        assert!(Instant::now() < deadline, "the name did not become free");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(texts(&client, "/messages?username=ann").await, [""; 0]);
}
