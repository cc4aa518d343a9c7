//! `GET /messages` with `wait`: the long poll.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::answers::{Answer, message, refused};
use support::{Client, Server, raw};
use tokio::task::JoinHandle;

/// A poll of `username` with this query behind its name.
async fn poll(client: &Client, username: &str, rest: &str) -> Answer {
    client.get(&format!("/messages?username={username}{rest}")).await
}

/// The same in the background, once it is seen to wait: its answer and when it came.
fn waiting(server: &Server, username: &str, rest: &str) -> JoinHandle<(Value, Instant)> {
    use std::io::{ErrorKind, Write};
    let mut stream = raw::connect(server.port());
    let request = format!("GET /messages?username={username}{rest} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let early = stream.peek(&mut [0]);
    let kind = early.as_ref().err().map(std::io::Error::kind);
    let silent = matches!(kind, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(silent, "answered at once: {early:?}");
    stream.set_read_timeout(Some(Duration::from_secs(70))).unwrap();
    tokio::task::spawn_blocking(move || match raw::read_reply(&mut stream, false) {
        raw::Reply::Answered(answered) => {
            assert_eq!(answered.status, 200, "{}", String::from_utf8_lossy(&answered.body));
            (serde_json::from_slice(&answered.body).unwrap(), Instant::now())
        }
        other => panic!("{other:?}"),
    })
}

async fn say(client: &Client, sender: &str, recipient: &str, text: &str) {
    let body = json!({ "sender": sender, "recipient": recipient, "message": text });
    let (status, body) = client.post("/send", body).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn what_is_there_already_is_returned_at_once() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    say(&client, "ann", "ann", "here").await;
    let began = Instant::now();
    let (status, body) = poll(&client, "ann", "&last_id=0&wait=50").await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!((status, &body["messages"]), (200, &json!([message(1, "ann", "ann", "here")])));
}

#[tokio::test]
async fn a_message_ends_the_wait() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let poll = waiting(&server, "ann", "&last_id=0&wait=50");
    let sent = Instant::now();
    say(&client, "bob", "ann", "wake up").await;
    let (body, answered) = poll.await.unwrap();
    assert!(answered.duration_since(sent) < Duration::from_secs(5));
    assert_eq!(body["messages"], json!([message(1, "bob", "ann", "wake up")]));
}

#[tokio::test]
async fn a_room_message_ends_the_wait_of_everybody_in_it() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob", "cid"] })).await;
    let polls = ["ann", "bob", "cid"].map(|name| waiting(&server, name, "&last_id=3&wait=50"));
    say(&client, "bob", "room_1", "all").await;
    for poll in polls {
        let (body, _) = poll.await.unwrap();
        assert_eq!(body["messages"], json!([message(4, "bob", "room_1", "all")]));
    }
}

#[tokio::test]
async fn a_room_that_is_made_during_the_wait_ends_it_with_the_notice() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let poll = waiting(&server, "bob", "&wait=50");
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    let (body, _) = poll.await.unwrap();
    assert_eq!(body["messages"].as_array().unwrap().len(), 1, "{body}");
    // And from now on the room's messages wake this user too.
    let poll = waiting(&server, "bob", &format!("&wait=50&last_id={}", body["last_id"]));
    say(&client, "ann", "room_1", "hi").await;
    assert_eq!(poll.await.unwrap().0["messages"], json!([message(3, "ann", "room_1", "hi")]));
}

#[tokio::test]
async fn joining_an_open_room_during_the_wait_ends_it_with_what_the_room_holds() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    say(&client, "ann", "room_General", "before").await;
    let poll = waiting(&server, "bob", "&last_id=0&wait=50");
    client.post("/join_room", json!({ "username": "bob", "room_id": "room_General" })).await;
    let (body, _) = poll.await.unwrap();
    assert_eq!(body["messages"], json!([message(1, "ann", "room_General", "before")]));
}

#[tokio::test]
async fn what_concerns_others_does_not_end_the_wait() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    let mut poll = waiting(&server, "ann", "&last_id=0&wait=50");
    say(&client, "bob", "cid", "psst").await;
    say(&client, "ann", "bob", "sent by the waiting one").await;
    let early = tokio::time::timeout(Duration::from_millis(300), &mut poll).await;
    assert!(early.is_err(), "{early:?}");
    say(&client, "bob", "ann", "now").await;
    assert_eq!(poll.await.unwrap().0["messages"], json!([message(3, "bob", "ann", "now")]));
}

#[tokio::test]
async fn one_s_own_message_ends_the_wait_where_it_would_be_read() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let full = waiting(&server, "ann", "&last_id=0&wait=50&view=full");
    let with = waiting(&server, "ann", "&last_id=0&wait=50&with=bob");
    say(&client, "ann", "bob", "from my other window").await;
    for poll in [full, with] {
        assert_eq!(poll.await.unwrap().0["messages"][0]["message"], "from my other window");
    }
}

#[tokio::test]
async fn a_wait_for_one_conversation_is_not_ended_by_another() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    let mut bob = waiting(&server, "ann", "&last_id=2&wait=50&with=bob");
    let mut room = waiting(&server, "ann", "&last_id=2&wait=50&with=room_1");
    say(&client, "cid", "ann", "from cid").await;
    for poll in [&mut bob, &mut room] {
        let early = tokio::time::timeout(Duration::from_millis(300), poll).await;
        assert!(early.is_err(), "{early:?}");
    }
    say(&client, "bob", "ann", "direct").await;
    say(&client, "bob", "room_1", "to the room").await;
    assert_eq!(bob.await.unwrap().0["messages"], json!([message(4, "bob", "ann", "direct")]));
    let wanted = json!([message(5, "bob", "room_1", "to the room")]);
    assert_eq!(room.await.unwrap().0["messages"], wanted);
}

#[tokio::test]
async fn when_the_time_is_up_the_answer_is_an_empty_success() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    say(&client, "ann", "ann", "old").await;
    let began = Instant::now();
    let (status, mut body) = poll(&client, "ann", "&last_id=1&wait=1").await;
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(4), "{took:?}");
    let epoch = body.as_object_mut().unwrap().remove("epoch").expect("an epoch");
    assert!(epoch.is_string());
    let wanted = json!({
        "status": "success", "messages": [], "last_id": 1,
        "recovered": true, "oldest_id": 1, "has_more": false,
    });
    assert_eq!((status, body), (200, wanted));
}

#[tokio::test]
async fn a_wait_that_is_no_time_is_none() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    for wait in ["0", "-1", "-1e9", "abc", "", "NaN", "5x", "%F0%9F%9A%80"] {
        let began = Instant::now();
        let (status, body) = poll(&client, "ann", &format!("&wait={wait}")).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{wait}: {:?}", began.elapsed());
        assert_eq!((status, &body["messages"]), (200, &json!([])), "{wait}");
        // It was asked for, so the cursor is there.
        assert_eq!(body["last_id"], 0, "{wait}: {body}");
    }
}

#[tokio::test]
async fn a_very_long_wait_is_a_wait_and_ends_with_a_message() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    for wait in ["56", "999999", "1e300", "99999999999999999999999"] {
        let poll = waiting(&server, "ann", &format!("&last_id=0&wait={wait}"));
        say(&client, "ann", "ann", wait).await;
        assert_eq!(poll.await.unwrap().0["messages"][0]["message"], wait);
        client.post("/logout", json!({ "username": "ann" })).await;
        client.register(&["ann"]).await;
    }
}

#[tokio::test]
async fn no_wait_is_longer_than_fifty_five_seconds() {
    if std::env::var_os("CHATROOM_SLOW").is_none() {
        println!("skipped: it takes a minute; CHATROOM_SLOW=1 runs it");
        return;
    }
    let server = Server::memory();
    server.client().register(&["ann"]).await;
    let began = Instant::now();
    let polls = ["56", "600"].map(|wait| waiting(&server, "ann", &format!("&wait={wait}")));
    for poll in polls {
        let (body, answered) = poll.await.unwrap();
        let took = answered.duration_since(began).as_secs_f64();
        assert!((54.5..58.0).contains(&took), "{took}");
        assert_eq!(body["messages"], json!([]));
    }
}

#[tokio::test]
async fn a_cursor_of_another_life_is_answered_without_waiting() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    say(&client, "ann", "ann", "one").await;
    let began = Instant::now();
    let (_, body) = poll(&client, "ann", "&last_id=77&wait=50").await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(body["recovered"], false);
    assert_eq!(body["messages"], json!([message(1, "ann", "ann", "one")]));
}

#[tokio::test]
async fn a_logout_ends_the_wait() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let url = client.url("/messages?username=ann&wait=50");
    let poll = tokio::spawn(client.http().get(url).send());
    // Whether the poll or the logout comes first, the poll is refused, and at once.
    client.post("/logout", json!({ "username": "ann" })).await;
    let answer = tokio::time::timeout(Duration::from_secs(10), poll).await;
    let response = answer.expect("the poll ends with the logout").unwrap().unwrap();
    let answer = (response.status().as_u16(), response.json().await.unwrap());
    assert_eq!(answer, refused("not_registered", "User not registered."));
}

#[tokio::test]
async fn a_shutdown_answers_whoever_waits() {
    let mut server = Server::memory();
    server.client().register(&["ann"]).await;
    let poll = waiting(&server, "ann", "&wait=50");
    let (status, took) = server.terminate();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(poll.await.unwrap().0["messages"], json!([]));
}

#[tokio::test]
async fn one_user_may_wait_eight_times_and_the_ninth_answers_at_once() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let polls: Vec<_> = (0..8).map(|_| waiting(&server, "ann", "&wait=50")).collect();
    let began = Instant::now();
    let (status, body) = poll(&client, "ann", "&wait=50").await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!((status, &body["messages"]), (200, &json!([])));
    // Others still may wait, and all eight are served.
    let other = waiting(&server, "bob", "&wait=50");
    say(&client, "bob", "ann", "to all of you").await;
    say(&client, "ann", "bob", "and you").await;
    for poll in polls {
        assert_eq!(poll.await.unwrap().0["messages"][0]["message"], "to all of you");
    }
    assert_eq!(other.await.unwrap().0["messages"][0]["message"], "and you");
    // They have let go of their places.
    let again = waiting(&server, "ann", "&last_id=2&wait=50");
    say(&client, "bob", "ann", "again").await;
    assert_eq!(again.await.unwrap().0["messages"][0]["message"], "again");
}

#[tokio::test]
async fn a_poll_that_waits_consumes_nothing() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let polls = [0; 3].map(|_| waiting(&server, "ann", "&last_id=0&wait=50"));
    say(&client, "ann", "ann", "one").await;
    for poll in polls {
        assert_eq!(poll.await.unwrap().0["messages"], json!([message(1, "ann", "ann", "one")]));
    }
    let (_, body) = poll(&client, "ann", "&last_id=0").await;
    assert_eq!(body["messages"], json!([message(1, "ann", "ann", "one")]));
}
