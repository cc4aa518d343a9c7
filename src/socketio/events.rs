//! What a socket sends: each event becomes an action, or is answered at once.

use std::sync::Arc;

use serde::Serialize;
use socketioxide::socket::Sid;

use super::Gateway;
use super::actions::{self, Action, Do, Trouble};
use super::client::Client;
use super::conversations::{self, Talk};
use super::data::Data;
use super::dialect::Dialect;
use super::early::Event;
use super::payload::Payload;

/// The room that a message without one goes to.
const DEFAULT_ROOM: &str = "General";

/// The events that a client may send: those of `read`, for whoever wants to know.
pub const EVENTS: &[&str] = &[
    "echo",
    "ping",
    "get_status",
    "get_connections",
    "message",
    "private_message",
    "join",
    "leave",
    "join_room",
    "leave_room",
    "send_message",
    "broadcast",
];

#[derive(Serialize)]
struct Pong {
    client_id: Sid,
    timestamp: String,
}

#[derive(Serialize)]
struct Status {
    client_id: Sid,
    total_clients: usize,
    connected_clients: Vec<String>,
    timestamp: String,
}

#[derive(Serialize)]
struct Count {
    count: usize,
}

/// An event has come.
pub(super) fn received(gateway: &Arc<Gateway>, sid: Sid, event: Event) {
    let find = || gateway.clients.get(&sid).map(|client| client.clone());
    let (client, event) = match find() {
        Some(client) => (client, event),
        None => {
            let Some(event) = gateway.early.keep(sid, event, || find().is_some()) else { return };
            let Some(client) = find() else { return };
            (client, event)
        }
    };
    let _turn = client.turn.lock();
    take(gateway, &client, event);
}

/// Takes an event in; those of one client one after the other.
pub(super) fn take(gateway: &Arc<Gateway>, client: &Arc<Client>, event: Event) {
    let Event { name, data, ack } = event;
    if !client.may_send() {
        let trouble = Trouble::new("rate_limited", "Too many events; wait a moment.");
        return actions::refuse(gateway, client, &trouble, ack);
    }
    let unreadable = || Trouble::new("invalid_type", "The data of this event cannot be read.");
    match data.ok_or_else(unreadable).and_then(|data| read(gateway, client, &name, &data)) {
        Ok(Some(wanted)) => actions::enqueue(gateway, client, Action { wanted, ack }),
        Ok(None) => actions::acknowledge(client, ack, None),
        Err(trouble) => actions::refuse(gateway, client, &trouble, ack),
    }
}

/// What the event wants done; `None` when it is answered already.
fn read(
    gateway: &Gateway,
    client: &Client,
    event: &str,
    data: &Data,
) -> Result<Option<Do>, Trouble> {
    let sid = client.socket.id;
    let timestamp = gateway.node.now().to_iso();
    let tell = |payload| {
        client.emit(payload);
        Ok(None)
    };
    match event {
        "echo" => tell(Payload::mixed(
            "echo_response",
            Data::object([
                ("original_data", data.clone()),
                ("client_id", Data::Text(sid.to_string())),
                ("timestamp", Data::Text(timestamp)),
            ]),
        )),
        "ping" => tell(Payload::new("pong", &Pong { client_id: sid, timestamp })),
        "get_status" => {
            let sockets = gateway.node.presence().sockets().into_iter();
            let connected_clients: Vec<_> = sockets.map(|(sid, _)| sid).collect();
            let total_clients = connected_clients.len();
            let status = Status { client_id: sid, total_clients, connected_clients, timestamp };
            tell(Payload::new("status_response", &status))
        }
        "get_connections" => {
            let count = gateway.node.presence().socket_count();
            tell(Payload::new("connections_count", &Count { count }))
        }
        "message" if data.text("type").as_deref() == Some("private") => private(data).map(Some),
        "private_message" => private(data).map(Some),
        "message" if data.get("msg").is_some() => {
            let room = data.text("room").unwrap_or_else(|| DEFAULT_ROOM.to_owned());
            Ok(Some(Do::Send { room, text: text(data, "msg")?, shown: None }))
        }
        "message" => match data.get("content") {
            Some(content) => tell(Payload::mixed(
                "message_response",
                Data::object([
                    ("content", content.clone()),
                    ("sender_id", Data::Text(sid.to_string())),
                    ("timestamp", Data::Text(timestamp)),
                ]),
            )),
            None => Err(Trouble::new("field_required", "A message needs msg or content.")),
        },
        "join" | "leave" | "send_message" if data.get("conversation_id").is_some() => {
            let conversation = conversations::named(data)?;
            let talk = match event {
                "join" => Talk::Join,
                "leave" => Talk::Leave,
                _ => Talk::Say(text(data, "message")?),
            };
            Ok(Some(Do::Talk { conversation, talk }))
        }
        "join" => Ok(Some(Do::Join { room: room(data)?, dialect: Dialect::Join })),
        "join_room" => Ok(Some(Do::Join { room: room(data)?, dialect: Dialect::JoinRoom })),
        "leave" => Ok(Some(Do::Leave { room: room(data)?, dialect: Dialect::Join })),
        "leave_room" => Ok(Some(Do::Leave { room: room(data)?, dialect: Dialect::JoinRoom })),
        "send_message" => {
            let shown = data.text("username");
            Ok(Some(Do::Send { room: room(data)?, text: text(data, "message")?, shown }))
        }
        "broadcast" => {
            text(data, "message")?;
            let timestamp = data.text("timestamp").unwrap_or(timestamp);
            let message = data.get("message").cloned().unwrap_or_default();
            let payload = Payload::mixed(
                "broadcast_message",
                Data::object([("message", message), ("timestamp", Data::Text(timestamp))]),
            );
            gateway.broadcast(&payload);
            Ok(None)
        }
        other => {
            let message =
                format!("There is no event {:?}.", other.chars().take(64).collect::<String>());
            Err(Trouble::new("unknown_event", message))
        }
    }
}

fn private(data: &Data) -> Result<Do, Trouble> {
    let target = data.text("target");
    let target = target.ok_or_else(|| Trouble::new("field_required", "target is required."))?;
    Ok(Do::Private { target, text: text(data, "msg")? })
}

fn room(data: &Data) -> Result<String, Trouble> {
    data.text("room").ok_or_else(|| Trouble::new("field_required", "room is required."))
}

fn text(data: &Data, field: &str) -> Result<String, Trouble> {
    let required =
        || Trouble::new("field_required", format!("{field} must be a text that says something."));
    data.text(field).ok_or_else(required)
}
