//! `GET /messages` as a plain poll.

use serde_json::{Value, json};

use crate::support::answers::{message, refused, success};
use crate::support::{Client, Server};

async fn say(client: &Client, sender: &str, recipient: &str, text: &str) {
    let body = json!({ "sender": sender, "recipient": recipient, "message": text });
    let (status, body) = client.post("/send", body).await;
    assert_eq!(status, 200, "{body}");
}

async fn ids(client: &Client, username: &str, last_id: &str) -> Vec<u64> {
    let query = [("username", username), ("last_id", last_id)];
    let (status, body) = client.query("/messages", &query).await;
    assert_eq!(status, 200, "{body}");
    body["messages"].as_array().unwrap().iter().map(|m| m["id"].as_u64().unwrap()).collect()
}

/// Ann has the messages 1, 2 and 3.
async fn three_for_ann() -> (Server, Client) {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for text in ["one", "two", "three"] {
        say(&client, "bob", "ann", text).await;
    }
    (server, client)
}

#[tokio::test]
async fn a_poll_has_the_messages_and_nothing_else() {
    let (_server, client) = three_for_ann().await;
    let answer = client.query("/messages", &[("username", "ann"), ("last_id", "1")]).await;
    let messages = [message(2, "bob", "ann", "two"), message(3, "bob", "ann", "three")];
    assert_eq!(answer, success(json!({ "messages": messages })));
    let answer = client.query("/messages", &[("username", "bob"), ("last_id", "0")]).await;
    assert_eq!(answer, success(json!({ "messages": [] })));
}

#[tokio::test]
async fn a_poll_without_a_name_is_refused() {
    let server = Server::memory();
    let client = server.client();
    let wanted = refused("field_required", "Username is required.");
    for path in ["/messages", "/messages?username=", "/messages?last_id=0", "/messages?Username=a"]
    {
        assert_eq!(client.get(path).await, wanted, "{path}");
    }
}

#[tokio::test]
async fn a_poll_of_an_unknown_name_is_refused() {
    let server = Server::memory();
    let client = server.client();
    let wanted = refused("not_registered", "User not registered.");
    for name in ["ann", "server", "room_1", " ", "<b>", "\u{0}"] {
        assert_eq!(client.query("/messages", &[("username", name)]).await, wanted, "{name:?}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_absent_or_no_number_is_zero() {
    let (_server, client) = three_for_ann().await;
    for query in ["", "&last_id=", "&last_id=abc", "&last_id=1.5", "&last_id=2x", "&last_id=0x2"] {
        let (status, body) = client.get(&format!("/messages?username=ann{query}")).await;
        assert_eq!(status, 200, "{query}");
        assert_eq!(body["messages"].as_array().unwrap().len(), 3, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_counts_from_below_zero_to_the_newest() {
    let (_server, client) = three_for_ann().await;
    for (last_id, wanted) in [
        ("-1", vec![1, 2, 3]),
        ("-99999999999999999999", vec![1, 2, 3]),
        ("0", vec![1, 2, 3]),
        ("1", vec![2, 3]),
        ("2", vec![3]),
        ("3", vec![]),
    ] {
        assert_eq!(ids(&client, "ann", last_id).await, wanted, "{last_id}");
    }
}

#[tokio::test]
async fn a_cursor_above_the_newest_id_is_answered_from_the_oldest_on() {
    let (_server, client) = three_for_ann().await;
    for last_id in
        ["4", "1000000", "9223372036854775808", "18446744073709551615", "99999999999999999999999"]
    {
        assert_eq!(ids(&client, "ann", last_id).await, [1, 2, 3], "{last_id}");
    }
    // The newest id is the server's, not this reader's: bob's cursor may well be 3.
    assert_eq!(ids(&client, "bob", "3").await, [] as [u64; 0]);
}

#[tokio::test]
async fn ids_are_one_sequence_over_all_conversations_and_notices() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    say(&client, "ann", "bob", "1").await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    say(&client, "bob", "room_1", "4").await;
    say(&client, "bob", "cid", "5").await;
    client.post("/leave_room", json!({ "username": "bob", "room_id": "room_1" })).await;
    say(&client, "cid", "ann", "7").await;
    let (ann, bob, cid) = (
        ids(&client, "ann", "0").await,
        ids(&client, "bob", "0").await,
        ids(&client, "cid", "0").await,
    );
    assert_eq!(cid, [5]);
    assert!(ann == [2, 4, 6, 7] || ann == [3, 4, 6, 7], "{ann:?}");
    // Bob left the room: he sees its messages no longer, but keeps its notices.
    assert!(bob == [1, 2] || bob == [1, 3], "{bob:?}");
    assert_ne!(ann[0], bob[1], "each notice has its own id");
}

#[tokio::test]
async fn a_room_message_comes_to_every_participant_and_its_sender() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid", "dan"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob", "cid"] })).await;
    say(&client, "bob", "room_1", "to all").await;
    let wanted = success(json!({ "messages": [message(4, "bob", "room_1", "to all")] }));
    for name in ["ann", "bob", "cid"] {
        let answer = client.query("/messages", &[("username", name), ("last_id", "3")]).await;
        assert_eq!(answer, wanted, "{name}");
    }
    assert_eq!(ids(&client, "dan", "0").await, [] as [u64; 0]);
}

#[tokio::test]
async fn room_and_direct_messages_come_merged_in_the_order_of_their_ids() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for _ in 0..3 {
        client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    }
    for round in 0..5 {
        for recipient in ["room_2", "ann", "room_1", "room_3", "bob"] {
            say(&client, "bob", recipient, &round.to_string()).await;
        }
    }
    let seen = ids(&client, "ann", "6").await;
    let wanted: Vec<u64> = (7..32).filter(|id| (id - 6) % 5 != 0).collect();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn reading_consumes_nothing() {
    let (_server, client) = three_for_ann().await;
    for _ in 0..3 {
        assert_eq!(ids(&client, "ann", "0").await, [1, 2, 3]);
    }
    assert_eq!(ids(&client, "ann", "2").await, [3]);
    assert_eq!(ids(&client, "ann", "0").await, [1, 2, 3]);
}

#[tokio::test]
async fn a_plain_poll_is_a_page_of_the_oldest_and_the_next_goes_on_from_there() {
    let server = Server::configured("[limits]\npage = 4\n");
    let client = server.client();
    client.register(&["ann"]).await;
    for number in 1..=10 {
        say(&client, "ann", "ann", &number.to_string()).await;
    }
    assert_eq!(ids(&client, "ann", "0").await, [1, 2, 3, 4]);
    assert_eq!(ids(&client, "ann", "4").await, [5, 6, 7, 8]);
    assert_eq!(ids(&client, "ann", "8").await, [9, 10]);
}

#[tokio::test]
async fn a_poll_may_carry_parameters_of_its_own() {
    let (_server, client) = three_for_ann().await;
    let path = "/messages?_=1700000000&username=ann&last_id=2&cache[]=no&%00=%ff";
    let answer = client.get(path).await;
    assert_eq!(answer, success(json!({ "messages": [message(3, "bob", "ann", "three")] })));
}

#[tokio::test]
async fn a_name_in_the_query_is_decoded_as_forms_and_browsers_encode_it() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["Ann Lee", "Zoë+1"]).await;
    say(&client, "Ann Lee", "Ann Lee", "x").await;
    say(&client, "Ann Lee", "Zoë+1", "y").await;
    for path in ["/messages?username=Ann+Lee", "/messages?username=Ann%20Lee"] {
        let wanted: Value = json!([message(1, "Ann Lee", "Ann Lee", "x")]);
        assert_eq!(client.get(path).await.1["messages"], wanted, "{path}");
    }
    let (_, body) = client.get("/messages?username=Zo%C3%AB%2B1").await;
    assert_eq!(body["messages"], json!([message(2, "Ann Lee", "Zoë+1", "y")]));
}
