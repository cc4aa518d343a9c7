//! What is open in an account's behalf ends with what it was opened with.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, guest, protected};
use crate::support::events::Events;
use crate::support::{Client, Server};

/// Within this time everything that a session has open ends with it.
const SOON: Duration = Duration::from_secs(1);

async fn stream(client: &Client, token: &str) -> Events {
    let mut events = Events::open(client, &[("username", "ann"), ("token", token)]).await;
    assert_eq!(events.status, 200);
    events.until_ready().await;
    events
}

/// A long poll that waits; the server has it when the user has one more thing open.
fn poll(client: &Client, token: &str) -> tokio::task::JoinHandle<(u16, Value)> {
    let (client, path) =
        (client.clone(), format!("/messages?username=ann&last_id=0&wait=50&token={token}"));
    tokio::spawn(async move { client.get(&path).await })
}

async fn assert_ended(events: &mut Events) {
    let bye = events.named("bye").await;
    assert_eq!(bye.json(), json!({ "reason": "session_ended", "reconnect": false }));
    assert_eq!(events.next().await, None, "nothing comes after it");
}

/// Nothing has ended the stream: it brings the next message.
async fn assert_open(events: &mut Events, client: &Client, key: &str) {
    client.send("bob", "ann", key, key).await;
    assert_eq!(events.message().await.json()["message"], key);
}

#[tokio::test]
async fn logging_out_ends_the_streams_and_polls_of_that_session_and_no_other() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let other = Person::log_in(&client, "ann", PASSWORD).await;
    client.register(&["bob"]).await;
    let mut ending = stream(&client, &ann.token).await;
    let mut going_on = stream(&client, &other.token).await;
    let waiting = poll(&client, &ann.token);
    let still_waiting = poll(&client, &other.token);
    crate::support::process::settled(server.pid(), server.port()).await;
    let started = Instant::now();
    assert_eq!(ann.ask("POST", "/auth/logout", Value::Null).await.0, 200);
    assert_ended(&mut ending).await;
    assert_eq!(waiting.await.unwrap(), protected());
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert!(!still_waiting.is_finished());
    assert_open(&mut going_on, &client, "still there").await;
    assert_eq!(still_waiting.await.unwrap().1["messages"][0]["message"], "still there");
    let refused = Events::open(&client, &[("username", "ann"), ("token", &ann.token)]).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn a_new_password_ends_what_other_sessions_and_old_tokens_have_open() {
    let server = Server::memory();
    let client = server.client();
    let guest = guest(&client, "ann").await;
    let ann = Person::of_guest(&client, "ann", &guest).await;
    let other = Person::log_in(&client, "ann", PASSWORD).await;
    client.register(&["bob"]).await;
    let mut own = stream(&client, &ann.token).await;
    let mut ending = [stream(&client, &other.token).await, stream(&client, &guest).await];
    let started = Instant::now();
    let body = json!({ "old_password": PASSWORD, "new_password": "battery staple" });
    assert_eq!(ann.ask("POST", "/auth/password", body).await.0, 200);
    for events in &mut ending {
        assert_ended(events).await;
    }
    // Two passwords were hashed in that time.
    assert!(started.elapsed() < SOON * 3, "{:?}", started.elapsed());
    assert_open(&mut own, &client, "still there").await;
}

#[tokio::test]
async fn a_session_ended_from_another_one_ends_its_streams() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let lost = Person::log_in(&client, "ann", PASSWORD).await;
    client.register(&["bob"]).await;
    let mut own = stream(&client, &ann.token).await;
    let mut ending = stream(&client, &lost.token).await;
    let (_, sessions) = ann.ask("GET", "/auth/sessions", Value::Null).await;
    let path = format!("/auth/sessions/{}", sessions[1]["id"]);
    let started = Instant::now();
    assert_eq!(ann.ask("DELETE", &path, Value::Null).await.0, 200);
    assert_ended(&mut ending).await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_open(&mut own, &client, "still there").await;
}

#[tokio::test]
async fn a_removed_account_has_nothing_open() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let mut events = stream(&client, &ann.token).await;
    let waiting = poll(&client, &ann.token);
    crate::support::process::settled(server.pid(), server.port()).await;
    assert_eq!(ann.ask("DELETE", "/auth/account", json!({ "password": PASSWORD })).await.0, 200);
    let bye = events.named("bye").await;
    assert_eq!(bye.json(), json!({ "reason": "logged_out", "reconnect": false }));
    assert_eq!(waiting.await.unwrap().1["code"], "not_registered");
}

#[tokio::test]
async fn a_name_that_becomes_an_account_ends_what_was_opened_without_a_token() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["bob"]).await;
    let token = guest(&client, "ann").await;
    // Anybody may listen as ann, as long as it is no account's name.
    let mut stranger = stream(&client, "").await;
    let waiting = poll(&client, "");
    crate::support::process::settled(server.pid(), server.port()).await;
    let ann = Person::of_guest(&client, "ann", &token).await;
    assert_ended(&mut stranger).await;
    assert_eq!(waiting.await.unwrap(), protected());
    let mut own = stream(&client, &ann.token).await;
    assert_open(&mut own, &client, "for ann alone").await;
}
