//! A name that is an account's: who acts under it, everywhere.

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, ask, protected};
use crate::support::answers::{done, message, refused, success};
use crate::support::{Client, Server, is_soon};

/// Each request that acts as `ann`, who is in `room_1` with bob; with the status it gets from her.
fn requests() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("POST", "/register", json!({ "username": "ann" })),
        ("POST", "/send", json!({ "sender": "ann", "recipient": "bob", "message": "hi" })),
        ("POST", "/send", json!({ "sender": "Ann", "recipient": "room_1", "message": "hi" })),
        ("GET", "/messages?username=ann", Value::Null),
        ("GET", "/messages?username=ann&wait=0", Value::Null),
        ("GET", "/messages?username=ANN&with=bob", Value::Null),
        ("GET", "/rooms?username=ann", Value::Null),
        ("POST", "/create_room", json!({ "admin": "ann", "participants": ["bob"] })),
        ("POST", "/join_room", json!({ "username": "ann", "room_id": "room_General" })),
        ("POST", "/leave_room", json!({ "username": "ann", "room_id": "room_General" })),
        ("POST", "/logout", json!({ "username": "ann" })),
    ]
}

async fn plain(client: &Client, method: &str, path: &str, body: Value) -> (u16, Value) {
    ask(client, method, path, ("X-Nothing", "at all"), body).await
}

async fn ann_and_bob(client: &Client) -> (Person, String) {
    let ann = Person::new(client, "ann").await;
    let (_, bob) = client.post("/register", json!({ "username": "bob" })).await;
    let body = json!({ "admin": "ann", "participants": ["bob"] });
    assert_eq!(ann.ask("POST", "/create_room", body).await.0, 200);
    (ann, bob["token"].as_str().unwrap().to_owned())
}

/// Who has left a room can leave it again only when it is back in.
async fn back_in(ann: &Person, path: &str) {
    if path == "/leave_room" {
        let body = json!({ "username": "ann", "room_id": "room_General" });
        assert_eq!(ann.ask("POST", "/join_room", body).await.0, 200);
    }
}

#[tokio::test]
async fn nobody_acts_under_the_name_of_an_account_without_its_session() {
    let server = Server::memory();
    let client = server.client();
    let (ann, bob) = ann_and_bob(&client).await;
    let cid = Person::new(&client, "cid").await;
    let out = Person::log_in(&client, "ann", PASSWORD).await;
    assert_eq!(out.ask("POST", "/auth/logout", Value::Null).await.0, 200);
    for (method, path, body) in requests() {
        let what = format!("{method} {path} {body}");
        assert_eq!(plain(&client, method, path, body.clone()).await, protected(), "{what}");
        for token in [bob.as_str(), &cid.token, &out.token, "x"] {
            let bearer = format!("Bearer {token}");
            let header = ("Authorization", bearer.as_str());
            let answer = ask(&client, method, path, header, body.clone()).await;
            assert_eq!(answer, protected(), "{what}");
        }
        let cookie = format!("chatroom_session={}", cid.token);
        let answer = ask(&client, method, path, ("Cookie", &cookie), body.clone()).await;
        assert_eq!(answer, protected(), "{what}");
    }
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "still here?" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    let (_, inbox) = ann.ask("GET", "/messages?username=ann&last_id=2", Value::Null).await;
    assert_eq!(inbox["messages"], json!([message(3, "bob", "ann", "still here?")]), "no more came");
}

#[tokio::test]
async fn its_session_acts_under_it_by_header_cookie_query_and_body() {
    let server = Server::memory();
    let client = server.client();
    let (ann, _) = ann_and_bob(&client).await;
    for (method, path, body) in requests() {
        let what = format!("{method} {path} {body}");
        assert_eq!(ann.ask(method, path, body.clone()).await.0, 200, "{what}");
        back_in(&ann, path).await;
        let (status, answer) = ann.browse(method, path, body.clone()).await;
        assert_eq!(status, 200, "{what}: {answer}");
        assert!(answer.get("token").is_none(), "a page does not get at the cookie");
        let mark = if path.contains('?') { '&' } else { '?' };
        let with = format!("{path}{mark}token={}", ann.token);
        back_in(&ann, path).await;
        assert_eq!(plain(&client, method, &with, body.clone()).await.0, 200, "{what}");
        if let Value::Object(mut fields) = body {
            fields.insert("token".into(), json!(ann.token));
            back_in(&ann, path).await;
            let answer = plain(&client, method, path, fields.into()).await;
            assert_eq!(answer.0, 200, "{what}: {}", answer.1);
        }
    }
}

#[tokio::test]
async fn names_without_an_account_stay_as_open_as_they_were() {
    let server = Server::memory();
    let client = server.client();
    ann_and_bob(&client).await;
    let cookie = ("Cookie", "chatroom_session=nonsense");
    for (method, path, body) in requests() {
        let (path, body) = (path.replace("ann", "bob").replace("ANN", "bob"), body.to_string());
        let body = body.replace("\"ann\"", "\"bob\"").replace("\"Ann\"", "\"bob\"");
        let body = serde_json::from_str(&body).unwrap();
        let (status, answer) = ask(&client, method, &path, cookie, body).await;
        let taken = path == "/register";
        assert_eq!(status, if taken { 400 } else { 200 }, "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn the_registration_that_became_an_account_goes_on_with_its_token_and_inbox() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["bob"]).await;
    let (_, ann) = client.post("/register", json!({ "username": "ann" })).await;
    let token = ann["token"].as_str().unwrap();
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "before" });
    client.post("/send", body).await;
    let mut body = json!({ "username": "ann", "password": PASSWORD, "token": "x" });
    assert_eq!(client.post("/auth/register", body.clone()).await.0, 400);
    body["token"] = json!(token);
    let (status, account) = client.post("/auth/register", body).await;
    assert_eq!(status, 201, "{account}");
    for token in [token, account["token"].as_str().unwrap()] {
        let path = format!("/messages?username=ann&token={token}");
        let wanted = success(json!({ "messages": [message(1, "bob", "ann", "before")] }));
        assert_eq!(client.get(&path).await, wanted);
        let body = json!({ "username": "ann", "token": token });
        let (status, again) = client.post("/register", body).await;
        assert_eq!((status, again["token"].as_str()), (200, Some(token)));
    }
    assert_eq!(client.get("/messages?username=ann").await, protected());
}

#[tokio::test]
async fn logging_an_account_out_of_the_chat_ends_its_presence_only() {
    let server = Server::memory();
    let client = server.client();
    let (ann, _) = ann_and_bob(&client).await;
    assert_eq!(client.get("/online").await.1["online_users"], json!(["ann", "bob"]));
    let body = json!({ "username": "ann" });
    let answer = ann.ask("POST", "/logout", body).await;
    assert_eq!(answer, done("User ann logged out successfully."));
    let online = async || client.get("/online").await.1["online_users"].take();
    is_soon(json!(["bob"]), online).await;
    assert_eq!(client.post("/register", json!({ "username": "ann" })).await, protected());
    let (_, rooms) = client.get("/rooms?username=bob").await;
    assert_eq!(rooms["rooms"][0]["participants"], json!(["ann", "bob"]), "it stays in its rooms");
    assert!(ann.is_in().await);
    assert_eq!(client.get("/online").await.1["online_users"], json!(["ann", "bob"]));
}

#[tokio::test]
async fn an_account_that_says_nothing_keeps_its_name_and_a_guest_does_not() {
    let server = Server::configured("[guests]\nkeep = \"1s\"\n");
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    client.register(&["bob"]).await;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while client.post("/register", json!({ "username": "bob" })).await.0 != 200 {
        assert!(std::time::Instant::now() < deadline, "bob was not logged out");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(client.post("/register", json!({ "username": "ann" })).await, protected());
    assert!(ann.is_in().await);
}

#[tokio::test]
async fn where_a_token_is_needed_a_guest_proves_its_name_with_it() {
    let server = Server::configured("access = \"token\"\n");
    let client = server.client();
    let (_, ann) = client.post("/register", json!({ "username": "ann" })).await;
    let (_, bob) = client.post("/register", json!({ "username": "bob" })).await;
    let [ann, bob] = [&ann, &bob].map(|body| format!("Bearer {}", body["token"].as_str().unwrap()));
    let room = json!({ "admin": "ann", "participants": ["bob"] });
    assert_eq!(ask(&client, "POST", "/create_room", ("Authorization", &ann), room).await.0, 200);
    for (method, path, body) in requests() {
        let what = format!("{method} {path}");
        let taken = refused("username_taken", "Username already taken.");
        let denied = if path == "/register" { taken } else { protected() };
        assert_eq!(plain(&client, method, path, body.clone()).await, denied, "{what}");
        let header = ("Authorization", bob.as_str());
        assert_eq!(ask(&client, method, path, header, body.clone()).await, denied, "{what}");
        let header = ("Authorization", ann.as_str());
        assert_eq!(ask(&client, method, path, header, body).await.0, 200, "{what}");
    }
    // Who is not registered is told so, as ever.
    let answer = client.get("/messages?username=nobody").await;
    assert_eq!(answer, refused("not_registered", "User not registered."));
}
