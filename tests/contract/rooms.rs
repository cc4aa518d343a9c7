//! The numbered rooms: `POST /create_room`, `POST /leave_room`.

use serde_json::{Value, json};

use crate::support::answers::{Answer, assert_fault, done, message, refused, success};
use crate::support::{Client, Server};

async fn create(client: &Client, admin: &str, participants: &[&str]) -> Answer {
    client.post("/create_room", json!({ "admin": admin, "participants": participants })).await
}

async fn leave(client: &Client, username: &str, room: &str) -> Answer {
    client.post("/leave_room", json!({ "username": username, "room_id": room })).await
}

fn created(number: u64) -> Answer {
    let id = format!("room_{number}");
    success(json!({ "message": format!("Room {id} created successfully."), "room_id": id }))
}

/// What the server itself told this user, in order.
async fn notices(client: &Client, username: &str) -> Vec<String> {
    let (_, body) = client.query("/messages", &[("username", username)]).await;
    let messages = body["messages"].as_array().unwrap().iter();
    let notices = messages.filter(|m| m["sender"] == "server");
    notices
        .map(|m| {
            assert_eq!(m["recipient"], username, "{m}");
            m["message"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_room_is_confirmed_with_its_id_and_ids_count_up() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    assert_eq!(create(&client, "ann", &["bob"]).await, created(1));
    assert_eq!(create(&client, "bob", &["ann", "bob"]).await, created(2));
}

#[tokio::test]
async fn everybody_in_a_new_room_is_told_once_the_admin_too() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid", "dan"]).await;
    // Naming the admin, or somebody twice, changes nothing.
    create(&client, "ann", &["bob", "ann", "cid", "bob"]).await;
    let notice = "Room 1 has been created and you have been added as a participant.";
    let mut ids = Vec::new();
    for name in ["ann", "bob", "cid"] {
        let (_, body) = client.query("/messages", &[("username", name)]).await;
        let id = body["messages"][0]["id"].as_u64().unwrap();
        assert_eq!(body["messages"], json!([message(id, "server", name, notice)]));
        ids.push(id);
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
    assert!(notices(&client, "dan").await.is_empty());
}

#[tokio::test]
async fn a_room_without_admin_or_participants_is_refused_first() {
    let server = Server::memory();
    let client = server.client();
    let wanted = refused("field_required", "Admin and participants are required.");
    for body in [
        json!({}),
        json!({ "admin": "ann" }),
        json!({ "participants": ["ann"] }),
        json!({ "admin": "", "participants": ["ann"] }),
        json!({ "admin": null, "participants": ["ann"] }),
        json!({ "admin": "ann", "participants": [] }),
        json!({ "admin": "ann", "participants": null }),
        json!({ "admin": "ann", "participants": "" }),
    ] {
        assert_eq!(client.post("/create_room", body.clone()).await, wanted, "{body}");
    }
}

#[tokio::test]
async fn the_admin_is_looked_up_before_the_participants() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let wanted = refused("not_registered", "Admin is not registered.");
    for admin in ["bob", "server", "room_1", "<b>"] {
        assert_eq!(create(&client, admin, &["nobody"]).await, wanted, "{admin}");
        assert_eq!(create(&client, admin, &["ann"]).await, wanted, "{admin}");
    }
}

#[tokio::test]
async fn the_first_participant_who_is_not_online_is_named_as_given() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for (participants, named) in [
        (&["nobody"][..], "nobody"),
        (&["bob", "Zoë", "nobody"], "Zoë"),
        (&["<b>"], "<b>"),
        (&["bob", ""], ""),
        (&["server"], "server"),
        (&["room_1"], "room_1"),
    ] {
        let wanted = refused("participant_not_online", &format!("User {named} is not online."));
        assert_eq!(create(&client, "ann", participants).await, wanted);
    }
    // Nothing was made and no number was used up.
    assert!(notices(&client, "ann").await.is_empty());
    assert_eq!(create(&client, "ann", &["bob"]).await, created(1));
}

#[tokio::test]
async fn participants_are_a_list_of_strings() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for participants in
        [json!("bob"), json!(7), json!({ "0": "bob" }), json!([["bob"]]), json!([7])]
    {
        let body = json!({ "admin": "ann", "participants": participants });
        assert_fault(&client.post("/create_room", body).await, 400, "invalid_type");
    }
}

#[tokio::test]
async fn leaving_is_confirmed_and_those_who_stay_are_told() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    create(&client, "ann", &["bob", "cid"]).await;
    assert_eq!(leave(&client, "bob", "room_1").await, done("You have left room room_1."));
    let made = "Room 1 has been created and you have been added as a participant.";
    for name in ["ann", "cid"] {
        assert_eq!(notices(&client, name).await, [made, "bob has left room 1."], "{name}");
    }
    assert_eq!(notices(&client, "bob").await, [made]);
}

#[tokio::test]
async fn the_admin_may_leave_like_everybody_else() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    create(&client, "ann", &["bob"]).await;
    assert_eq!(leave(&client, "ann", "room_1").await, done("You have left room room_1."));
    assert_eq!(notices(&client, "bob").await[1], "ann has left room 1.");
    let body = json!({ "sender": "bob", "recipient": "room_1", "message": "still here" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
}

#[tokio::test]
async fn leaving_is_refused_in_the_order_of_the_contract() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    create(&client, "ann", &["ann"]).await;
    let required = refused("field_required", "Username and room_id are required.");
    for body in [
        json!({}),
        json!({ "username": "ann" }),
        json!({ "room_id": "room_1" }),
        json!({ "username": "", "room_id": "room_9" }),
        json!({ "username": "nobody", "room_id": null }),
    ] {
        assert_eq!(client.post("/leave_room", body).await, required);
    }
    // The room comes before the name.
    let missing = refused("room_not_found", "Room does not exist.");
    for (name, room) in
        [("ann", "room_2"), ("nobody", "room_2"), ("ann", "bob"), ("ann", "1"), ("ann", "room_01")]
    {
        assert_eq!(leave(&client, name, room).await, missing, "{name} {room}");
    }
    let outside = refused("not_participant", "You are not a participant of this room.");
    for name in ["bob", "nobody", "<b>"] {
        assert_eq!(leave(&client, name, "room_1").await, outside, "{name}");
    }
}

#[tokio::test]
async fn a_room_goes_with_its_last_participant_and_its_number_is_not_used_again() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    create(&client, "ann", &["bob"]).await;
    leave(&client, "ann", "room_1").await;
    leave(&client, "bob", "room_1").await;
    let missing = refused("room_not_found", "Room does not exist.");
    assert_eq!(leave(&client, "bob", "room_1").await, missing);
    assert_eq!(create(&client, "ann", &["bob"]).await, created(2));
}

#[tokio::test]
async fn whoever_left_a_room_sees_its_messages_no_longer_and_its_notices_still() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    create(&client, "ann", &["bob"]).await;
    for sender in ["ann", "bob"] {
        let body = json!({ "sender": sender, "recipient": "room_1", "message": "hi" });
        client.post("/send", body).await;
    }
    leave(&client, "bob", "room_1").await;
    let body = json!({ "sender": "ann", "recipient": "room_1", "message": "alone" });
    client.post("/send", body).await;
    let (_, body) = client.query("/messages", &[("username", "bob")]).await;
    let senders: Vec<&Value> =
        body["messages"].as_array().unwrap().iter().map(|m| &m["sender"]).collect();
    assert_eq!(senders, ["server"]);
}

#[tokio::test]
async fn a_notice_has_the_name_as_it_was_registered() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["Zoë 🚀", "bob"]).await;
    create(&client, "bob", &["ZOË 🚀"]).await;
    leave(&client, "zoë 🚀", "room_1").await;
    assert_eq!(notices(&client, "bob").await[1], "Zoë 🚀 has left room 1.");
}
