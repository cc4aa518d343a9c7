//! The contract's requests as typed calls over one connection.

use std::io::Result;

use serde::Deserialize;
use serde_json::{Value, json};

use super::checker::Seen;
use super::wire::Wire;

/// A message as `/messages` and `/events` show it.
#[derive(Debug, Deserialize)]
pub struct Message {
    pub id: u64,
    sender: String,
    recipient: String,
    message: String,
}

/// An answer of `/messages`.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Ascending by id.
    pub messages: Vec<Message>,
    /// The cursor to ask with next, where it was asked for.
    pub last_id: Option<u64>,
    /// The lowest id that is retained, where it was asked for.
    pub oldest_id: Option<u64>,
}

/// What a message is known by to the checker.
pub fn what(sender: &str, recipient: &str, message: &str) -> String {
    format!("{sender} > {recipient}: {message}")
}

impl From<Message> for Seen {
    fn from(message: Message) -> Seen {
        let what = what(&message.sender, &message.recipient, &message.message);
        Seen { id: message.id, what }
    }
}

/// Registers a name; panics unless it is free.
pub async fn register(wire: &mut Wire, name: &str) -> Result<()> {
    let reply = wire.post("/register", &json!({ "username": name })).await?;
    reply.success::<Value>();
    Ok(())
}

/// Opens a room; gives its id.
pub async fn create_room(wire: &mut Wire, admin: &str, participants: &[String]) -> Result<String> {
    let body = json!({ "admin": admin, "participants": participants });
    let answer: Value = wire.post("/create_room", &body).await?.success();
    Ok(answer["room_id"].as_str().expect("a room id").to_owned())
}

/// The notice that everybody in a new room gets.
pub fn welcome(room: &str) -> String {
    let number = room.trim_start_matches("room_");
    format!("Room {number} has been created and you have been added as a participant.")
}

/// Sends a message the way the first clients do, which do not learn its id.
pub async fn send(wire: &mut Wire, from: &str, to: &str, message: &str) -> Result<()> {
    let body = json!({ "sender": from, "recipient": to, "message": message });
    let answer: Value = wire.post("/send", &body).await?.success();
    assert_eq!(answer["message"], "Message sent successfully.");
    Ok(())
}

/// Sends a message that may be sent again; gives its id.
pub async fn send_once(
    wire: &mut Wire,
    from: &str,
    to: &str,
    message: &str,
    key: &str,
) -> Result<u64> {
    let body = json!({ "sender": from, "recipient": to, "message": message, "client_msg_id": key });
    let answer: Value = wire.post("/send", &body).await?.success();
    Ok(answer["id"].as_u64().expect("the id of the message"))
}

/// One poll. `extra` is appended to the query: `&wait=5`.
pub async fn poll(wire: &mut Wire, name: &str, cursor: u64, extra: &str) -> Result<Page> {
    let target = format!("/messages?username={name}&last_id={cursor}{extra}");
    Ok(wire.get(&target).await?.success())
}

/// All that `name` may see, from the oldest on, by plain polls.
pub async fn history(wire: &mut Wire, name: &str) -> Result<Vec<Seen>> {
    let mut seen: Vec<Seen> = Vec::new();
    loop {
        let cursor = seen.last().map_or(0, |seen| seen.id);
        let page = poll(wire, name, cursor, "").await?;
        if page.messages.is_empty() {
            return Ok(seen);
        }
        seen.extend(page.messages.into_iter().map(Seen::from));
    }
}
