//! The open rooms that have a name: `GET /rooms`, `POST /join_room`.

use serde_json::{Value, json};

use crate::support::answers::{Answer, done, message, refused};
use crate::support::{Client, Server};

async fn join(client: &Client, username: &str, room: &str) -> Answer {
    client.post("/join_room", json!({ "username": username, "room_id": room })).await
}

async fn rooms(client: &Client, username: &str) -> Value {
    let (status, body) = client.query("/rooms", &[("username", username)]).await;
    assert_eq!((status, &body["status"]), (200, &json!("success")), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    body["rooms"].clone()
}

/// Takes `created_at` out of each room, once it is seen to be a time in UTC.
fn without_time(mut rooms: Value) -> Value {
    for room in rooms.as_array_mut().unwrap() {
        let time = room.as_object_mut().unwrap().remove("created_at").expect("created_at");
        assert_iso(&time);
    }
    rooms
}

fn assert_iso(time: &Value) {
    let time = time.as_str().unwrap();
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{time}");
    assert!(time > "2025", "{time}");
}

#[tokio::test]
async fn there_is_one_open_room_from_the_start() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let general = json!({
        "room_id": "room_General", "name": "General", "kind": "named",
        "participants": [], "last_id": 0,
    });
    assert_eq!(without_time(rooms(&client, "ann").await), json!([general]));
}

#[tokio::test]
async fn ones_own_rooms_come_by_number_then_the_open_ones_by_slug() {
    let server = Server::configured("rooms = [\"Zebra\", \"General\", \"Pub quiz\"]\n");
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    client.post("/create_room", json!({ "admin": "bob", "participants": ["bob"] })).await;
    let of = |number: u64, participants: &[&str], last_id: u64| {
        json!({
            "room_id": format!("room_{number}"), "name": format!("Room {number}"),
            "kind": "numbered", "participants": participants, "last_id": last_id,
        })
    };
    let named = |id: &str, name: &str| json!({ "room_id": id, "name": name, "kind": "named", "participants": [], "last_id": 0 });
    let open = [
        named("room_General", "General"),
        named("room_Pub-quiz", "Pub quiz"),
        named("room_Zebra", "Zebra"),
    ];
    let [general, quiz, zebra] = &open;
    let wanted = json!([of(1, &["ann", "bob"], 0), general, quiz, zebra]);
    assert_eq!(without_time(rooms(&client, "ann").await), wanted);
    let wanted = json!([of(1, &["ann", "bob"], 0), of(2, &["bob"], 0), general, quiz, zebra]);
    assert_eq!(without_time(rooms(&client, "bob").await), wanted);
}

#[tokio::test]
async fn a_joined_room_delivers_its_messages_and_lists_its_participants() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    assert_eq!(
        join(&client, "ann", "room_General").await,
        done("You have joined room room_General.")
    );
    let body = json!({ "sender": "ann", "recipient": "room_General", "message": "hi" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    let (_, body) = client.query("/messages", &[("username", "ann")]).await;
    assert_eq!(body["messages"], json!([message(1, "ann", "room_General", "hi")]));
    // Bob is not in it: the open room is listed, its messages do not come.
    let (_, body) = client.query("/messages", &[("username", "bob")]).await;
    assert_eq!(body["messages"], json!([]));
    let general = &rooms(&client, "bob").await[0];
    assert_eq!((&general["participants"], &general["last_id"]), (&json!(["ann"]), &json!(1)));
    // Once he is, he reads what it held, for his cursor is still below.
    join(&client, "bob", "room_General").await;
    let (_, body) = client.query("/messages", &[("username", "bob")]).await;
    assert_eq!(body["messages"], json!([message(1, "ann", "room_General", "hi")]));
}

#[tokio::test]
async fn joining_twice_is_joining() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let wanted = done("You have joined room room_General.");
    assert_eq!(join(&client, "ann", "room_General").await, wanted);
    assert_eq!(join(&client, "ann", "room_General").await, wanted);
    assert_eq!(rooms(&client, "ann").await[0]["participants"], json!(["ann"]));
}

#[tokio::test]
async fn an_open_room_may_be_spoken_to_from_outside() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    join(&client, "bob", "room_General").await;
    let body = json!({ "sender": "ann", "recipient": "room_General", "message": "hello all" });
    assert_eq!(client.post("/send", body).await, done("Message sent successfully."));
    let (_, body) = client.query("/messages", &[("username", "bob")]).await;
    assert_eq!(body["messages"], json!([message(1, "ann", "room_General", "hello all")]));
}

#[tokio::test]
async fn leaving_an_open_room_tells_nobody_and_the_room_stays() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    join(&client, "ann", "room_General").await;
    join(&client, "bob", "room_General").await;
    for name in ["ann", "bob"] {
        let body = json!({ "username": name, "room_id": "room_General" });
        let wanted = done("You have left room room_General.");
        assert_eq!(client.post("/leave_room", body).await, wanted);
    }
    let general = &rooms(&client, "ann").await[0];
    assert_eq!((&general["participants"], &general["last_id"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn joining_is_refused_in_the_order_of_the_contract() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["ann"] })).await;
    let required = refused("field_required", "Username and room_id are required.");
    for body in [
        json!({}),
        json!({ "username": "ann" }),
        json!({ "room_id": "room_General" }),
        json!({ "username": "", "room_id": "room_9" }),
        json!({ "username": "nobody", "room_id": "" }),
    ] {
        assert_eq!(client.post("/join_room", body).await, required);
    }
    let unknown = refused("not_registered", "Username not found.");
    for name in ["nobody", "server", "<b>"] {
        assert_eq!(join(&client, name, "room_9").await, unknown, "{name}");
    }
    let missing = refused("room_not_found", "Room does not exist.");
    for room in ["room_2", "General", "room_Nowhere", "room_", "bob"] {
        assert_eq!(join(&client, "bob", room).await, missing, "{room}");
    }
    let closed = refused("room_not_open", "This room cannot be joined.");
    assert_eq!(join(&client, "bob", "room_1").await, closed);
}

#[tokio::test]
async fn the_rooms_of_nobody_are_refused() {
    let server = Server::memory();
    let client = server.client();
    let required = refused("field_required", "Username is required.");
    assert_eq!(client.get("/rooms").await, required);
    assert_eq!(client.get("/rooms?username=").await, required);
    let (status, body) = client.get("/rooms?username=nobody").await;
    assert_eq!((status, &body["code"]), (400, &json!("not_registered")), "{body}");
}
