//! `POST /send`.

use serde_json::{Value, json};

use crate::support::answers::{Answer, assert_fault, done, message, refused};
use crate::support::{Client, Server};

async fn send(client: &Client, sender: &str, recipient: &str, text: Value) -> Answer {
    let body = json!({ "sender": sender, "recipient": recipient, "message": text });
    client.post("/send", body).await
}

async fn inbox(client: &Client, username: &str) -> Value {
    client.query("/messages", &[("username", username)]).await.1["messages"].take()
}

#[tokio::test]
async fn a_message_is_confirmed_and_reaches_its_recipient_only() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    let answer = send(&client, "ann", "bob", json!("hello")).await;
    assert_eq!(answer, done("Message sent successfully."));
    assert_eq!(inbox(&client, "bob").await, json!([message(1, "ann", "bob", "hello")]));
    assert_eq!(inbox(&client, "ann").await, json!([]));
    assert_eq!(inbox(&client, "cid").await, json!([]));
}

#[tokio::test]
async fn a_message_to_oneself_comes_once() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    send(&client, "ann", "ann", json!("note")).await;
    assert_eq!(inbox(&client, "ann").await, json!([message(1, "ann", "ann", "note")]));
}

#[tokio::test]
async fn a_missing_field_is_refused_before_anything_else() {
    let server = Server::memory();
    let client = server.client();
    let wanted = refused("field_required", "Sender, recipient, and message are required.");
    // Nobody is registered: this refusal comes first.
    let whole = json!({ "sender": "ann", "recipient": "bob", "message": "hi" });
    for key in ["sender", "recipient", "message"] {
        for empty in [Some(json!("")), Some(Value::Null), None] {
            let mut body = whole.clone();
            match empty {
                Some(value) => body[key] = value,
                None => drop(body.as_object_mut().unwrap().remove(key)),
            }
            assert_eq!(client.post("/send", body.clone()).await, wanted, "{body}");
        }
    }
    assert_eq!(client.post("/send", json!({})).await, wanted);
}

#[tokio::test]
async fn the_sender_is_looked_up_before_the_recipient() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let wanted = refused("not_registered", "Sender not registered.");
    for recipient in ["room_1", "nobody", "ann", "room_General"] {
        assert_eq!(send(&client, "nobody", recipient, json!("hi")).await, wanted);
    }
}

#[tokio::test]
async fn what_begins_like_a_room_is_looked_up_as_a_room() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let wanted = refused("room_not_found", "Room does not exist.");
    for recipient in ["room_1", "room_", "room_0", "room_01", "room_x", "room_99999999999999999999"]
    {
        assert_eq!(send(&client, "ann", recipient, json!("hi")).await, wanted, "{recipient}");
    }
}

#[tokio::test]
async fn a_room_is_for_its_participants() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    assert_eq!(
        send(&client, "cid", "room_1", json!("hi")).await,
        refused("not_participant", "You are not a participant of this room.")
    );
    assert_eq!(
        send(&client, "bob", "room_1", json!("hi")).await,
        done("Message sent successfully.")
    );
}

#[tokio::test]
async fn an_unregistered_recipient_is_not_online() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let wanted = refused("recipient_not_online", "Recipient not online.");
    for recipient in ["bob", "server", " ", "<b>", "Room 1", &"x".repeat(65), "a\u{202e}"] {
        assert_eq!(send(&client, "ann", recipient, json!("hi")).await, wanted, "{recipient}");
    }
}

#[tokio::test]
async fn a_refused_message_takes_no_id() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    send(&client, "ann", "nobody", json!("hi")).await;
    send(&client, "nobody", "bob", json!("hi")).await;
    send(&client, "ann", "room_1", json!("hi")).await;
    send(&client, "ann", "bob", json!("first")).await;
    assert_eq!(inbox(&client, "bob").await, json!([message(1, "ann", "bob", "first")]));
}

#[tokio::test]
async fn a_number_or_boolean_is_taken_as_its_text() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let cases = [
        (json!(0), "0"),
        (json!(-7), "-7"),
        (json!(2.5), "2.5"),
        (json!(18_446_744_073_709_551_615_u64), "18446744073709551615"),
        (json!(true), "true"),
        (json!(false), "false"),
    ];
    for (value, _) in &cases {
        let answer = send(&client, "ann", "bob", value.clone()).await;
        assert_eq!(answer, done("Message sent successfully."), "{value}");
    }
    let messages = inbox(&client, "bob").await;
    let texts: Vec<_> = messages.as_array().unwrap().iter().map(|m| &m["message"]).collect();
    assert_eq!(texts, cases.each_ref().map(|(_, text)| *text));
}

#[tokio::test]
async fn a_list_or_object_is_no_message() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for value in [json!([]), json!(["hi"]), json!({}), json!({ "text": "hi" })] {
        assert_fault(&send(&client, "ann", "bob", value).await, 400, "invalid_type");
    }
    assert_eq!(inbox(&client, "bob").await, json!([]));
}

#[tokio::test]
async fn a_text_comes_back_as_sent() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let texts = [
        " spaces around ",
        "two\nlines\r\nand\ta tab",
        "👩‍👩‍👧‍👦 é e\u{301} \u{202e}bidi\u{2028}",
        "<script>alert(\"x\")</script> & 'quotes' \\ `",
        "\u{0}\u{1}\u{7f}\u{fffd}\u{feff}",
        "\\u0041 is not A",
    ];
    for text in texts {
        send(&client, "ann", "bob", json!(text)).await;
    }
    let wanted: Vec<Value> =
        texts.iter().zip(1..).map(|(text, id)| message(id, "ann", "bob", text)).collect();
    assert_eq!(inbox(&client, "bob").await, json!(wanted));
}

#[tokio::test]
async fn sixteen_kibibytes_pass_and_one_byte_more_does_not() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    // The limit is in bytes: é is two of them.
    for text in ["x".repeat(16 * 1024), "é".repeat(8 * 1024)] {
        let answer = send(&client, "ann", "bob", json!(text)).await;
        assert_eq!(answer, done("Message sent successfully."));
        let answer = send(&client, "ann", "bob", json!(text + "x")).await;
        assert_fault(&answer, 413, "message_too_long");
    }
    assert_eq!(inbox(&client, "bob").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_longest_message_is_a_setting() {
    let server = Server::configured("[limits]\nmessage_bytes = 3\n");
    let client = server.client();
    client.register(&["ann"]).await;
    assert_eq!(send(&client, "ann", "ann", json!("abc")).await.0, 200);
    assert_fault(&send(&client, "ann", "ann", json!("abcd")).await, 413, "message_too_long");
}
