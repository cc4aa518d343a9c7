//! `GET /online`: who was heard of lately, who is gone.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::answers::{done, refused};
use support::events::Events;
use support::{Client, Server, is_soon};

async fn online(client: &Client) -> Value {
    client.get("/online").await.1["online_users"].take()
}

async fn are_online<const N: usize>(client: &Client, names: [&str; N]) {
    is_soon(json!(names.as_slice()), async || online(client).await).await;
}

/// Polls until exactly these are online; that takes at least `least`.
async fn until_online(client: &Client, wanted: &[&str], least: Duration) {
    let began = Instant::now();
    let wanted = json!(wanted);
    loop {
        let now = online(client).await;
        if now == wanted {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{now} instead of {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() >= least, "too early: {:?}", began.elapsed());
}

/// A server that takes somebody for away after a second.
async fn forgetful(names: &[&str]) -> (Server, Client) {
    let server = Server::configured("[presence]\ntimeout = \"1s\"\n");
    let client = server.client();
    client.register(names).await;
    (server, client)
}

#[tokio::test]
async fn whoever_is_silent_is_listed_no_longer_but_still_registered() {
    let (_server, client) = forgetful(&["ann", "bob"]).await;
    are_online(&client, ["ann", "bob"]).await;
    until_online(&client, &[], Duration::from_millis(900)).await;
    // The name is held, and nobody is refused for a silent laptop.
    let taken = refused("username_taken", "Username already taken.");
    assert_eq!(client.post("/register", json!({ "username": "ann" })).await, taken);
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "hi" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    // Bob was heard of by this, ann was not.
    are_online(&client, ["bob"]).await;
    let body = json!({ "admin": "bob", "participants": ["ann"] });
    assert_eq!(client.post("/create_room", body).await.0, 200);
}

#[tokio::test]
async fn every_request_in_a_name_s_behalf_is_a_sign_of_it() {
    let names = ["sends", "polls", "opens", "leaves", "joins", "lists", "silent"];
    let (_server, client) = forgetful(&names).await;
    for admin in ["opens", "leaves"] {
        client.post("/create_room", json!({ "admin": admin, "participants": [admin] })).await;
    }
    until_online(&client, &[], Duration::ZERO).await;
    let body = json!({ "sender": "sends", "recipient": "silent", "message": "hi" });
    assert_eq!(client.post("/send", body).await.0, 200);
    assert_eq!(client.get("/messages?username=polls").await.0, 200);
    let body = json!({ "admin": "opens", "participants": ["silent"] });
    assert_eq!(client.post("/create_room", body).await.0, 200);
    let body = json!({ "username": "leaves", "room_id": "room_2" });
    assert_eq!(client.post("/leave_room", body).await.0, 200);
    let body = json!({ "username": "joins", "room_id": "room_General" });
    assert_eq!(client.post("/join_room", body).await.0, 200);
    assert_eq!(client.get("/rooms?username=lists").await.0, 200);
    is_soon(json!(names[..6]), async || online(&client).await).await;
}

#[tokio::test]
async fn whoever_polls_stays_online() {
    let (_server, client) = forgetful(&["ann", "bob"]).await;
    let until = Instant::now() + Duration::from_millis(2_500);
    while Instant::now() < until {
        client.get("/messages?username=ann").await;
        assert!(online(&client).await.as_array().unwrap().contains(&json!("ann")));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    are_online(&client, ["ann"]).await;
}

#[tokio::test]
async fn a_waiting_poll_keeps_its_user_online_and_its_end_begins_the_time() {
    let (_server, client) = forgetful(&["ann", "bob"]).await;
    let poll = client.clone();
    let poll = tokio::spawn(async move { poll.get("/messages?username=ann&wait=3").await });
    until_online(&client, &["ann"], Duration::from_millis(800)).await;
    let (status, body) = poll.await.unwrap();
    assert_eq!((status, &body["messages"]), (200, &json!([])));
    are_online(&client, ["ann"]).await;
    until_online(&client, &[], Duration::from_millis(800)).await;
}

#[tokio::test]
async fn an_open_stream_keeps_its_user_online() {
    let (_server, client) = forgetful(&["ann", "bob"]).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    until_online(&client, &["ann"], Duration::from_millis(800)).await;
    // Others' absence is told over the stream as well.
    loop {
        if stream.named("presence").await.json()["online_users"] == json!(["ann"]) {
            break;
        }
    }
    // That nobody reads any more is noticed with the next message to ann.
    drop(stream);
    let began = Instant::now();
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "still there?" });
    while online(&client).await != json!(["bob"]) {
        assert!(began.elapsed() < Duration::from_secs(20));
        assert_eq!(client.post("/send", body.clone()).await.0, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_order_is_that_of_the_registrations() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["cid", "ann", "bob"]).await;
    client.get("/messages?username=bob").await;
    are_online(&client, ["cid", "ann", "bob"]).await;
    client.post("/logout", json!({ "username": "cid" })).await;
    client.register(&["cid"]).await;
    are_online(&client, ["ann", "bob", "cid"]).await;
}

/// A server that lets go of a guest after two seconds.
async fn short_lived() -> (Server, Client) {
    let server = Server::configured("[presence]\ntimeout = \"1s\"\n[guests]\nkeep = \"2s\"\n");
    let client = server.client();
    (server, client)
}

#[tokio::test]
async fn a_guest_unheard_of_is_logged_out_and_the_name_is_free() {
    let (_server, client) = short_lived().await;
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    let began = Instant::now();
    let left = loop {
        let (status, body) = client.get("/messages?username=bob&last_id=2&wait=10").await;
        assert_eq!(status, 200, "{body}");
        if let Some(notice) = body["messages"].get(0) {
            break notice.clone();
        }
    };
    assert!(began.elapsed() >= Duration::from_millis(1_900), "{:?}", began.elapsed());
    // It is a logout like any other: those who stay are told.
    assert_eq!(left["message"], "ann has left room 1.");
    let gone = refused("not_registered", "User not registered.");
    is_soon(gone, async || client.get("/messages?username=ann").await).await;
    client.register(&["ann"]).await;
    let (_, body) = client.get("/messages?username=ann").await;
    assert_eq!(body["messages"], json!([]));
}

#[tokio::test]
async fn a_guest_with_an_open_stream_stays() {
    let (_server, client) = short_lived().await;
    client.register(&["ann", "bob"]).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    // Bob is gone when his name can be had again.
    let began = Instant::now();
    while client.post("/register", json!({ "username": "bob" })).await.0 != 200 {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let taken = refused("username_taken", "Username already taken.");
    assert_eq!(client.post("/register", json!({ "username": "ann" })).await, taken);
}

#[tokio::test]
async fn the_token_brings_a_guest_back_who_was_let_go() {
    let (_server, client) = short_lived().await;
    let (_, ann) = client.post("/register", json!({ "username": "ann" })).await;
    client.send("ann", "ann", "note", "k").await;
    // A message to ann is no sign of her; it is refused once she is let go.
    client.register(&["bob"]).await;
    let began = Instant::now();
    let body = json!({ "sender": "bob", "recipient": "ann", "message": "still there?" });
    while client.post("/send", body.clone()).await.0 == 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "ann is never let go");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let body = json!({ "username": "ann", "token": ann["token"] });
    assert_eq!(client.post("/register", body).await.0, 200);
    let (_, body) = client.get("/messages?username=ann").await;
    assert_eq!(body["messages"][0]["message"], "note");
}
