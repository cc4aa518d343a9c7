//! How a message is told to a socket, depending on how it asked to hear of it.
//!
//! This is the one place that says which subscription is answered in which dialect.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::payload::Payload;
use crate::id::{MessageId, ProjectId, RoomId, UserId};
use crate::message::{Kind, Message};

/// The way in which a socket entered a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dialect {
    /// `join {room}`, answered by `message {msg, …}`.
    Join,
    /// `join_room {room}`, answered by `new_message`.
    JoinRoom,
    /// `join {conversation_id}`, answered by `message {message, …}`.
    Conversation,
}

impl Dialect {
    const ALL: [Dialect; 3] = [Dialect::Join, Dialect::JoinRoom, Dialect::Conversation];

    /// What it is called among nodes.
    pub(super) fn label(self) -> &'static str {
        match self {
            Dialect::Join => "join",
            Dialect::JoinRoom => "join_room",
            Dialect::Conversation => "conversation",
        }
    }

    /// The dialect that is called so.
    pub(super) fn labelled(label: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.label() == label)
    }
}

/// What a message does not say of the room it is in.
#[derive(Default)]
pub(super) struct Place {
    /// What people call it.
    pub(super) name: Arc<str>,
    /// The project it is part of.
    pub(super) project: Option<ProjectId>,
    /// Who wrote the message, while that is an account.
    pub(super) author: Option<UserId>,
}

#[derive(Serialize)]
struct JoinMessage<'a> {
    msg: &'a RawValue,
    username: &'a str,
    room: &'a str,
    timestamp: String,
    id: MessageId,
}

#[derive(Serialize)]
struct NewMessage<'a> {
    username: &'a str,
    message: &'a RawValue,
    timestamp: String,
    id: MessageId,
}

#[derive(Serialize)]
struct ConversationMessage<'a> {
    id: MessageId,
    conversation_id: u64,
    message: &'a RawValue,
    user_id: Option<UserId>,
    username: &'a str,
    project_id: Option<ProjectId>,
    created_at: String,
    is_ai: bool,
}

#[derive(Serialize)]
struct PrivateMessage<'a> {
    msg: &'a RawValue,
    from: &'a str,
    to: &'a str,
    timestamp: String,
    id: MessageId,
}

/// A message that a socket missed, in words that serve every dialect.
#[derive(Serialize)]
pub(super) struct Missed<'a> {
    id: MessageId,
    kind: &'static str,
    sender: &'a str,
    recipient: &'a str,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    message: &'a RawValue,
    msg: &'a RawValue,
    timestamp: String,
}

/// A room's message in a dialect.
pub(super) fn room_message(
    message: &Message,
    dialect: Dialect,
    room: &RoomId,
    place: &Place,
) -> Payload {
    let (id, timestamp) = (message.id, message.at.to_iso());
    let text = message.text.as_raw();
    let username = username(message);
    match dialect {
        Dialect::Join => {
            let room = &*place.name;
            Payload::new("message", &JoinMessage { msg: text, username, room, timestamp, id })
        }
        Dialect::Conversation => {
            let RoomId::Numbered(conversation_id) = *room else {
                return Payload::new("message", &());
            };
            let message = ConversationMessage {
                id,
                conversation_id,
                message: text,
                user_id: place.author,
                username: &message.sender,
                project_id: place.project,
                created_at: timestamp,
                is_ai: false,
            };
            Payload::new("message", &message)
        }
        Dialect::JoinRoom => {
            Payload::new("new_message", &NewMessage { username, message: text, timestamp, id })
        }
    }
}

/// A direct message, which has one form for all.
pub(super) fn private_message(message: &Message) -> Payload {
    let (id, timestamp) = (message.id, message.at.to_iso());
    let (from, to) = (&*message.sender, &*message.recipient);
    let msg = message.text.as_raw();
    Payload::new("private_message", &PrivateMessage { msg, from, to, timestamp, id })
}

/// A message for the packet that says what was missed.
pub(super) fn missed<'a>(message: &'a Message, room: Option<&'a str>) -> Missed<'a> {
    let text = message.text.as_raw();
    Missed {
        id: message.id,
        kind: match message.kind {
            Kind::Direct => "direct",
            Kind::Room => "room",
        },
        sender: &message.sender,
        recipient: &message.recipient,
        username: username(message),
        room,
        message: text,
        msg: text,
        timestamp: message.at.to_iso(),
    }
}

fn username(message: &Message) -> &str {
    message.shown.as_deref().unwrap_or(&message.sender)
}
