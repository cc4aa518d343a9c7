//! `GET /events`: the stream of Server-Sent Events.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::answers::message;
use support::events::Events;
use support::{Client, Server, raw};

async fn say(client: &Client, sender: &str, recipient: &str, text: &str) {
    let body = json!({ "sender": sender, "recipient": recipient, "message": text });
    let (status, body) = client.post("/send", body).await;
    assert_eq!(status, 200, "{body}");
}

/// A server on which ann has the messages 1 to `count` from bob.
async fn with_messages(count: usize) -> (Server, Client) {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for number in 1..=count {
        say(&client, "bob", "ann", &number.to_string()).await;
    }
    (server, client)
}

async fn epoch(client: &Client) -> String {
    let (_, body) = client.get("/messages?username=ann&wait=0").await;
    body["epoch"].as_str().unwrap().to_owned()
}

/// The ids of the messages before `ready`, and its data.
async fn replay(stream: &mut Events) -> (Vec<u64>, Value) {
    let (before, ready) = stream.until_ready().await;
    let ids = before.iter().filter(|event| event.name.is_empty());
    (ids.map(|event| event.json()["id"].as_u64().unwrap()).collect(), ready.json())
}

#[tokio::test]
async fn the_head_forbids_caching_and_buffering() {
    let (_server, client) = with_messages(0).await;
    let stream = Events::open(&client, &[("username", "ann")]).await;
    assert_eq!(stream.status, 200);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("vary", "Origin"),
    ] {
        assert_eq!(stream.headers[name], value, "{name}");
    }
    assert!(stream.headers.get("content-length").is_none());
}

#[tokio::test]
async fn the_first_byte_comes_at_once_though_nothing_is_new() {
    let (server, _) = with_messages(0).await;
    let began = Instant::now();
    let mut stream = raw::connect(server.port());
    stream.write_all(b"GET /events?username=ann HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("retry: ") {
        let mut chunk = [0; 1000];
        let count = stream.read(&mut chunk).unwrap();
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&chunk[..count]);
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn everything_retained_comes_then_ready_then_what_is_new() {
    let (_server, client) = with_messages(2).await;
    let mut stream = Events::open(&client, &[("username", "ann"), ("last_id", "0")]).await;
    let epoch = epoch(&client).await;
    let (before, ready) = stream.until_ready().await;
    for (event, number) in before.iter().zip(1..) {
        assert_eq!(event.id, Some(format!("{epoch}:{number}")));
        assert_eq!(event.json(), message(number, "bob", "ann", &number.to_string()));
    }
    assert_eq!(before.len(), 2);
    assert_eq!(ready.id, None);
    let wanted = json!({ "last_id": 2, "epoch": epoch, "recovered": true, "oldest_id": 1 });
    assert_eq!(ready.json(), wanted);
    say(&client, "bob", "ann", "live").await;
    let live = stream.message().await;
    assert_eq!((live.id, live.data), (Some(format!("{epoch}:3")), live_json()));
}

/// The same bytes as in `/messages`.
fn live_json() -> String {
    r#"{"id":3,"sender":"bob","recipient":"ann","message":"live"}"#.to_owned()
}

#[tokio::test]
async fn an_event_s_data_is_what_messages_has() {
    let (_server, client) = with_messages(0).await;
    let room = json!({ "admin": "ann", "participants": ["bob"] });
    client.post("/create_room", room).await;
    say(&client, "bob", "ann", "\u{2028}é 🚀 \"\\ \u{0}").await;
    say(&client, "ann", "room_1", "<b>&amp;</b>").await;
    for view in ["", "full"] {
        let query = [("username", "ann"), ("last_id", "0"), ("view", view)];
        let (_, body) = client.query("/messages", &query).await;
        let mut stream = Events::open(&client, &query).await;
        let (before, _) = stream.until_ready().await;
        let streamed: Vec<Value> = before.iter().map(support::events::Event::json).collect();
        assert_eq!(json!(streamed), body["messages"], "view={view}");
        assert_eq!(streamed.iter().all(|m| m["kind"].is_string()), view == "full");
    }
}

#[tokio::test]
async fn without_a_cursor_only_what_is_new_comes() {
    let (_server, client) = with_messages(3).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    let (ids, ready) = replay(&mut stream).await;
    assert_eq!((ids, &ready["last_id"]), (vec![], &json!(3)));
    assert_eq!(ready["recovered"], true);
    say(&client, "bob", "ann", "new").await;
    assert_eq!(stream.message().await.json()["id"], 4);
}

#[tokio::test]
async fn a_cursor_is_resumed_behind() {
    let (_server, client) = with_messages(5).await;
    for (last_id, wanted) in
        [("0", vec![1, 2, 3, 4, 5]), ("3", vec![4, 5]), ("5", vec![]), ("abc", vec![1, 2, 3, 4, 5])]
    {
        let query = [("username", "ann"), ("last_id", last_id)];
        let (ids, ready) = replay(&mut Events::open(&client, &query).await).await;
        assert_eq!((ids, &ready["recovered"]), (wanted, &json!(true)), "{last_id}");
    }
}

#[tokio::test]
async fn last_event_id_beats_the_query() {
    let (_server, client) = with_messages(5).await;
    let epoch = epoch(&client).await;
    let last = format!("{epoch}:3");
    for query in [
        vec![("username", "ann"), ("last_id", "0")],
        vec![("username", "ann"), ("last_id", "5")],
        vec![("username", "ann"), ("last_id", "1"), ("epoch", "another")],
        vec![("username", "ann")],
    ] {
        let mut stream = Events::resume(&client, &query, Some(&last)).await;
        let (ids, ready) = replay(&mut stream).await;
        assert_eq!((ids, &ready["recovered"]), (vec![4, 5], &json!(true)), "{query:?}");
    }
}

#[tokio::test]
async fn a_last_event_id_that_is_none_leaves_the_query_in_force() {
    let (_server, client) = with_messages(2).await;
    for last in ["", "7", "nonsense"] {
        let query = [("username", "ann"), ("last_id", "1")];
        let (ids, _) = replay(&mut Events::resume(&client, &query, Some(last)).await).await;
        assert_eq!(ids, [2], "{last:?}");
    }
}

#[tokio::test]
async fn a_position_of_another_life_is_a_gap_and_then_everything() {
    let (_server, client) = with_messages(2).await;
    let epoch = epoch(&client).await;
    for (last, query) in [
        (Some("another:1".to_owned()), vec![("username", "ann")]),
        (Some(format!("{epoch}:99")), vec![("username", "ann")]),
        (None, vec![("username", "ann"), ("last_id", "1"), ("epoch", "another")]),
        (None, vec![("username", "ann"), ("last_id", "99")]),
    ] {
        let mut stream = Events::resume(&client, &query, last.as_deref()).await;
        let (before, ready) = stream.until_ready().await;
        assert_eq!((before[0].name.as_str(), &before[0].id), ("gap", &None), "{last:?}");
        assert_eq!(before[0].json(), json!({ "recovered": false, "oldest_id": 1 }));
        assert_eq!(before.len(), 3);
        assert_eq!(before[1].json()["id"], 1);
        assert_eq!(ready.json()["recovered"], false, "{last:?}");
        // What follows is no gap.
        say(&client, "bob", "bob", "not for ann").await;
    }
}

#[tokio::test]
async fn a_gap_is_remembered_until_the_end_of_a_long_replay() {
    let (_server, client) = with_messages(450).await;
    let mut stream = Events::resume(&client, &[("username", "ann")], Some("another:7")).await;
    let (before, ready) = stream.until_ready().await;
    assert_eq!(before.iter().filter(|event| event.name == "gap").count(), 1);
    assert_eq!(before[0].name, "gap");
    let ids: Vec<u64> = before[1..].iter().map(|e| e.json()["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=450).collect::<Vec<_>>());
    assert_eq!(ready.json()["recovered"], false);
}

#[tokio::test]
async fn a_browser_is_told_to_come_back_after_two_to_five_seconds_each_its_own() {
    let (_server, client) = with_messages(0).await;
    let mut delays = Vec::new();
    for _ in 0..20 {
        let mut stream = Events::open(&client, &[("username", "ann")]).await;
        stream.until_ready().await;
        delays.push(stream.retry().expect("a retry"));
    }
    assert!(delays.iter().all(|delay| (2000..=5000).contains(delay)), "{delays:?}");
    delays.sort_unstable();
    delays.dedup();
    assert!(delays.len() > 5, "at random: {delays:?}");
}

#[tokio::test]
async fn presence_is_told_behind_ready_and_whenever_it_changes() {
    let (_server, client) = with_messages(0).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    let told = stream.named("presence").await;
    assert_eq!(told.id, None);
    assert_eq!(told.json(), json!({ "online_users": ["ann", "bob"] }));
    client.register(&["Zoë 🚀"]).await;
    let wanted = json!({ "online_users": ["ann", "bob", "Zoë 🚀"] });
    assert_eq!(stream.named("presence").await.json(), wanted);
    client.post("/logout", json!({ "username": "bob" })).await;
    let wanted = json!({ "online_users": ["ann", "Zoë 🚀"] });
    assert_eq!(stream.named("presence").await.json(), wanted);
}

#[tokio::test]
async fn a_hundred_registrations_are_few_presence_events() {
    let (_server, client) = with_messages(0).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    let began = Instant::now();
    for number in 0..100 {
        client.register(&[format!("user {number}").as_str()]).await;
    }
    let mut told = 0;
    while stream.named("presence").await.json()["online_users"].as_array().unwrap().len() < 102 {
        told += 1;
    }
    // One at first, and then one a second.
    assert!(told <= 2 + began.elapsed().as_secs(), "{told} in {:?}", began.elapsed());
}

#[tokio::test]
async fn no_text_can_break_the_framing() {
    let (_server, client) = with_messages(0).await;
    let texts = [
        "one\ntwo",
        "one\r\ntwo",
        "one\rtwo",
        "\n\n",
        "\r\n\r\nevent: bye\r\ndata: {\"reason\":\"shutdown\"}\r\n\r\n",
        "x\n\nid: other:999\ndata: {\"id\":999}\n\n",
        "\nretry: 0\n\n",
        ": a comment\n",
        "\u{85}\u{2028}\u{2029}\u{0b}\u{0c}\u{0}\u{feff}",
    ];
    let mut live = Events::open(&client, &[("username", "ann")]).await;
    live.until_ready().await;
    for text in texts {
        say(&client, "bob", "ann", text).await;
    }
    let mut replayed = Events::open(&client, &[("username", "ann"), ("last_id", "0")]).await;
    for (text, number) in texts.iter().zip(1..) {
        let wanted = message(number, "bob", "ann", text);
        assert_eq!(live.message().await.json(), wanted);
        assert_eq!(replayed.message().await.json(), wanted);
    }
    assert_eq!(replayed.named("ready").await.json()["last_id"], texts.len());
    assert!(live.retry().unwrap() >= 2000);
}

#[tokio::test]
async fn a_room_that_is_joined_during_the_stream_is_part_of_it() {
    let (_server, client) = with_messages(0).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    client.post("/create_room", json!({ "admin": "bob", "participants": ["ann"] })).await;
    assert_eq!(stream.message().await.json()["sender"], "server");
    say(&client, "bob", "room_1", "hi").await;
    assert_eq!(stream.message().await.json(), message(3, "bob", "room_1", "hi"));
    // After leaving it is not.
    client.post("/leave_room", json!({ "username": "ann", "room_id": "room_1" })).await;
    say(&client, "bob", "room_1", "without ann").await;
    say(&client, "bob", "ann", "direct").await;
    assert_eq!(stream.message().await.json()["message"], "direct");
}

#[tokio::test]
async fn a_logout_says_bye_for_good() {
    let (_server, client) = with_messages(0).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    client.post("/logout", json!({ "username": "ann" })).await;
    let bye = stream.named("bye").await;
    assert_eq!(bye.id, None);
    assert_eq!(bye.json(), json!({ "reason": "logged_out", "reconnect": false }));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_stream_of_one_room_says_bye_to_who_left_it() {
    let (_server, client) = with_messages(0).await;
    client.post("/create_room", json!({ "admin": "bob", "participants": ["ann"] })).await;
    let mut stream = Events::open(&client, &[("username", "ann"), ("with", "room_1")]).await;
    stream.until_ready().await;
    client.post("/leave_room", json!({ "username": "ann", "room_id": "room_1" })).await;
    let bye = stream.named("bye").await;
    assert_eq!(bye.json(), json!({ "reason": "removed", "reconnect": false }));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_shutdown_says_bye_until_later() {
    let (mut server, client) = with_messages(0).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    stream.until_ready().await;
    let (status, took) = server.terminate();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    let bye = stream.named("bye").await;
    assert_eq!(bye.json(), json!({ "reason": "shutdown", "reconnect": true }));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    say(&client, "bob", "ann", "before").await;
    let query = [("username", "ann"), ("last_id", "0")];
    let last = Events::open(&client, &query).await.message().await.id.unwrap();
    server.terminate();
    let server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let client = server.client();
    say(&client, "bob", "ann", "after").await;
    let mut stream = Events::resume(&client, &query, Some(&last)).await;
    assert_eq!(stream.message().await.json(), message(2, "bob", "ann", "after"));
}

#[tokio::test]
async fn a_quiet_stream_has_a_comment_after_a_second_then_every_fifteen() {
    if std::env::var_os("CHATROOM_SLOW").is_none() {
        println!("skipped: it takes half a minute; CHATROOM_SLOW=1 runs it");
        return;
    }
    let (_server, client) = with_messages(0).await;
    let mut stream = Events::open(&client, &[("username", "ann")]).await;
    let (_, began) = (stream.until_ready().await, Instant::now());
    // Somebody speaks after 18 s: two comments come before.
    let speak = async {
        tokio::time::sleep_until((began + Duration::from_secs(18)).into()).await;
        say(&client, "bob", "ann", "one").await;
    };
    let (event, ()) = tokio::join!(stream.message(), speak);
    assert_eq!((event.json()["message"].as_str(), stream.comments()), (Some("one"), 2));
}
