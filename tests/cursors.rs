//! What `GET /messages` has beyond the original: pages, cursors, conversations, the full view.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::answers::{message, refused};
use support::{Client, Server};

async fn poll(client: &Client, username: &str, rest: &str) -> Value {
    let (status, body) = client.get(&format!("/messages?username={username}{rest}")).await;
    assert_eq!(status, 200, "{rest}: {body}");
    body
}

fn ids(body: &Value) -> Vec<u64> {
    body["messages"].as_array().unwrap().iter().map(|m| m["id"].as_u64().unwrap()).collect()
}

async fn say(client: &Client, sender: &str, recipient: &str, text: &str) {
    let body = json!({ "sender": sender, "recipient": recipient, "message": text });
    let (status, body) = client.post("/send", body).await;
    assert_eq!(status, 200, "{body}");
}

/// Ann has the messages 1 to 10 from bob; 11 is bob's own.
async fn ten_for_ann() -> (Server, Client) {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for number in 1..=10 {
        say(&client, "bob", "ann", &number.to_string()).await;
    }
    say(&client, "bob", "bob", "11").await;
    (server, client)
}

/// The cursor fields without the epoch: `last_id`, `recovered`, `oldest_id`, `has_more`.
fn cursor(body: &Value) -> (u64, bool, u64, bool) {
    (
        body["last_id"].as_u64().unwrap(),
        body["recovered"].as_bool().unwrap(),
        body["oldest_id"].as_u64().unwrap(),
        body["has_more"].as_bool().unwrap(),
    )
}

#[tokio::test]
async fn the_cursor_fields_come_when_and_only_when_they_are_asked_for() {
    let (_server, client) = ten_for_ann().await;
    let plain = ["messages", "status"];
    let extended = ["epoch", "has_more", "last_id", "messages", "oldest_id", "recovered", "status"];
    let keys = |body: &Value| {
        let mut keys: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    for query in ["", "&last_id=0", "&last_id=10", "&last_id=99", "&token=x", "&other=1"] {
        assert_eq!(keys(&poll(&client, "ann", query).await), plain, "{query}");
    }
    for query in [
        "&wait=0",
        "&wait=",
        "&limit=5",
        "&limit=x",
        "&epoch=",
        "&epoch=x",
        "&before_id=5",
        "&with=bob",
        "&with=room_General",
        "&view=full",
        "&view=",
    ] {
        if query == "&with=room_General" {
            let body = json!({ "username": "ann", "room_id": "room_General" });
            client.post("/join_room", body).await;
        }
        assert_eq!(keys(&poll(&client, "ann", query).await), extended, "{query}");
    }
}

#[tokio::test]
async fn a_limit_returns_the_oldest_and_a_cursor_to_go_on_with() {
    let (_server, client) = ten_for_ann().await;
    let mut seen = Vec::new();
    let mut last_id = 0;
    loop {
        let body = poll(&client, "ann", &format!("&last_id={last_id}&limit=4")).await;
        seen.push(ids(&body));
        let (next, recovered, oldest, more) = cursor(&body);
        assert_eq!((recovered, oldest), (true, 1));
        last_id = next;
        if !more {
            break;
        }
        assert_eq!(Some(&next), seen.last().unwrap().last(), "the last one returned");
    }
    assert_eq!(seen, [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
    // Ann has everything there is for her, so she is where the server is.
    assert_eq!(last_id, 11);
}

#[tokio::test]
async fn a_limit_that_just_fits_says_that_there_is_no_more() {
    let (_server, client) = ten_for_ann().await;
    let body = poll(&client, "ann", "&limit=10").await;
    assert_eq!((ids(&body).len(), cursor(&body)), (10, (11, true, 1, false)));
    let body = poll(&client, "ann", "&limit=9").await;
    assert_eq!((ids(&body).len(), cursor(&body)), (9, (9, true, 1, true)));
}

#[tokio::test]
async fn a_limit_that_is_none_is_the_default() {
    let (_server, client) = ten_for_ann().await;
    for limit in ["0", "-5", "abc", "", "1.5"] {
        let body = poll(&client, "ann", &format!("&limit={limit}")).await;
        assert_eq!(ids(&body).len(), 10, "{limit}");
    }
}

#[tokio::test]
async fn five_hundred_come_by_default_and_a_thousand_at_most() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    for number in 0..1100 {
        say(&client, "ann", "ann", &number.to_string()).await;
    }
    for (query, count) in [
        ("&wait=0", 500),
        ("&wait=1", 500),
        ("&wait=0&limit=700", 700),
        ("&limit=1000", 1000),
        ("&limit=1001", 1000),
        ("&limit=99999999999999999999", 1000),
        ("&before_id=1101&limit=5000", 1000),
        ("", 1100),
    ] {
        let body = poll(&client, "ann", query).await;
        assert_eq!(ids(&body).len(), count, "{query}");
        if !query.starts_with("&before") {
            assert_eq!(ids(&body)[0], 1, "{query}: the oldest");
        }
    }
}

#[tokio::test]
async fn the_epoch_that_was_given_is_accepted_and_another_is_not() {
    let (_server, client) = ten_for_ann().await;
    let body = poll(&client, "ann", "&last_id=8&epoch=").await;
    assert_eq!((ids(&body), cursor(&body)), (vec![9, 10], (11, true, 1, false)));
    let epoch = body["epoch"].as_str().unwrap();
    let body = poll(&client, "ann", &format!("&last_id=8&epoch={epoch}")).await;
    assert_eq!((ids(&body), cursor(&body)), (vec![9, 10], (11, true, 1, false)));
    let body = poll(&client, "ann", "&last_id=8&epoch=another").await;
    assert_eq!((ids(&body), cursor(&body)), ((1..=10).collect(), (11, false, 1, false)));
    assert_eq!(body["epoch"], epoch);
}

#[tokio::test]
async fn a_cursor_above_the_newest_is_not_recovered() {
    let (_server, client) = ten_for_ann().await;
    let body = poll(&client, "ann", "&last_id=11&wait=0").await;
    assert_eq!((ids(&body), cursor(&body)), (vec![], (11, true, 1, false)));
    let body = poll(&client, "ann", "&last_id=12&wait=0").await;
    assert_eq!((ids(&body), cursor(&body)), ((1..=10).collect(), (11, false, 1, false)));
    // With a limit it goes on like any other page.
    let body = poll(&client, "ann", "&last_id=12&limit=3").await;
    assert_eq!((ids(&body), cursor(&body)), (vec![1, 2, 3], (3, false, 1, true)));
}

#[tokio::test]
async fn two_stores_have_two_epochs() {
    let epoch = async |server: &Server| {
        let client = server.client();
        client.register(&["ann"]).await;
        poll(&client, "ann", "&wait=0").await["epoch"].as_str().unwrap().to_owned()
    };
    let (one, two) = (Server::memory(), Server::memory());
    assert_ne!(epoch(&one).await, epoch(&two).await);
}

#[tokio::test]
async fn before_id_pages_backwards_and_each_page_ascends() {
    let (_server, client) = ten_for_ann().await;
    for (query, wanted, more) in [
        ("&before_id=8&limit=3", vec![5, 6, 7], true),
        ("&before_id=5&limit=3", vec![2, 3, 4], true),
        ("&before_id=2&limit=3", vec![1], false),
        ("&before_id=4&limit=3", vec![1, 2, 3], false),
        ("&before_id=1&limit=3", vec![], false),
        ("&before_id=999999&limit=2", vec![9, 10], true),
        ("&before_id=8", (1..=7).collect(), false),
        // The cursor has no say then, and nothing is waited for.
        ("&before_id=8&limit=2&last_id=9", vec![6, 7], true),
        ("&before_id=1&wait=50", vec![], false),
    ] {
        let body = poll(&client, "ann", query).await;
        let more_said = body["has_more"].as_bool().unwrap();
        assert_eq!((ids(&body), more_said), (wanted, more), "{query}");
    }
}

#[tokio::test]
async fn before_id_merges_rooms_and_direct_messages() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    for number in 3..9 {
        say(&client, "bob", if number % 2 == 0 { "room_1" } else { "ann" }, "x").await;
    }
    let body = poll(&client, "ann", "&before_id=8&limit=4").await;
    assert_eq!(ids(&body), [4, 5, 6, 7]);
}

#[tokio::test]
async fn a_conversation_with_somebody_has_both_directions_and_nothing_else() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "Bob", "cid"]).await;
    for (sender, recipient, text) in [
        ("ann", "bob", "1"),
        ("bob", "ann", "2"),
        ("cid", "ann", "3"),
        ("bob", "cid", "4"),
        ("ann", "ann", "5"),
        ("ann", "bob", "6"),
    ] {
        say(&client, sender, recipient, text).await;
    }
    let body = poll(&client, "ann", "&with=BOB").await;
    let wanted = [
        message(1, "ann", "Bob", "1"),
        message(2, "Bob", "ann", "2"),
        message(6, "ann", "Bob", "6"),
    ];
    assert_eq!(body["messages"], json!(wanted));
    assert_eq!(ids(&poll(&client, "bob", "&with=ann&last_id=1").await), [2, 6]);
    assert_eq!(ids(&poll(&client, "ann", "&with=ann").await), [5]);
    assert_eq!(ids(&poll(&client, "ann", "&with=bob&before_id=6&limit=1").await), [2]);
    assert_eq!(ids(&poll(&client, "ann", "&with=nobody").await), [] as [u64; 0]);
    // It stays when the other one has gone.
    client.post("/logout", json!({ "username": "bob" })).await;
    assert_eq!(ids(&poll(&client, "ann", "&with=bob").await), [1, 2, 6]);
}

#[tokio::test]
async fn a_conversation_with_a_room_has_what_it_held_before_one_joined() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    say(&client, "ann", "room_General", "1").await;
    say(&client, "ann", "bob", "2").await;
    let body = json!({ "username": "bob", "room_id": "room_General" });
    client.post("/join_room", body).await;
    say(&client, "ann", "room_General", "3").await;
    // Bob's cursor was above the first one already.
    assert_eq!(ids(&poll(&client, "bob", "&last_id=2").await), [3]);
    assert_eq!(ids(&poll(&client, "bob", "&with=room_General").await), [1, 3]);
    assert_eq!(ids(&poll(&client, "bob", "&with=room_General&last_id=1").await), [3]);
}

#[tokio::test]
async fn a_conversation_with_a_room_is_for_its_participants() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["ann"] })).await;
    let outside = refused("not_participant", "You are not a participant of this room.");
    let missing = refused("room_not_found", "Room does not exist.");
    for (room, wanted) in [
        ("room_1", &outside),
        ("room_General", &outside),
        ("room_9", &missing),
        ("room_", &missing),
    ] {
        let answer = client.get(&format!("/messages?username=bob&with={room}")).await;
        assert_eq!(answer, *wanted, "{room}");
        let answer = client.get(&format!("/messages?username=bob&wait=50&with={room}")).await;
        assert_eq!(answer, *wanted, "{room}");
    }
}

#[tokio::test]
async fn the_server_s_notices_are_a_conversation() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    say(&client, "bob", "ann", "1").await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["ann"] })).await;
    assert_eq!(ids(&poll(&client, "ann", "&with=server").await), [2]);
}

#[tokio::test]
async fn the_full_view_has_times_kinds_and_one_s_own_messages() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    say(&client, "ann", "bob", "1").await;
    say(&client, "bob", "ann", "2").await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["ann"] })).await;
    say(&client, "ann", "room_1", "4").await;
    say(&client, "ann", "ann", "5").await;
    let mut body = poll(&client, "ann", "&view=full").await;
    let mut times = Vec::new();
    for message in body["messages"].as_array_mut().unwrap() {
        let time = message.as_object_mut().unwrap().remove("created_at").expect("created_at");
        times.push(time.as_str().unwrap().to_owned());
    }
    assert!(times.is_sorted() && times.iter().all(|time| time.ends_with('Z')), "{times:?}");
    let notice = "Room 1 has been created and you have been added as a participant.";
    let full = |message: Value, kind: &str| {
        let mut message = message;
        message["kind"] = json!(kind);
        message
    };
    let wanted = json!([
        full(message(1, "ann", "bob", "1"), "direct"),
        full(message(2, "bob", "ann", "2"), "direct"),
        full(message(3, "server", "ann", notice), "direct"),
        full(message(4, "ann", "room_1", "4"), "room"),
        full(message(5, "ann", "ann", "5"), "direct"),
    ]);
    assert_eq!(body["messages"], wanted);
    // Another view is the plain one.
    assert_eq!(ids(&poll(&client, "ann", "&view=short").await), [2, 3, 4, 5]);
    assert_eq!(ids(&poll(&client, "ann", "&view=full&last_id=3").await), [4, 5]);
    assert_eq!(ids(&poll(&client, "bob", "&view=full").await), [1, 2]);
}
