//! What goes out to sockets, encoded once for all of them.

use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};

use super::ack::Ack;
use super::data::Data;
use super::flow::Flow;
use super::shared::{self, Frame};

/// An event with its data.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    /// The event's name.
    pub(super) event: &'static str,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Json(Arc<Json>),
    /// What a client sent, with its binary parts, which only the engine can take apart.
    Mixed(Arc<Data>),
}

#[derive(Debug)]
struct Json {
    data: Box<RawValue>,
    /// The event as WebSockets get it, once one does.
    frame: OnceLock<Frame>,
}

impl Payload {
    /// An event with data of our own.
    pub(super) fn new(event: &'static str, data: &impl Serialize) -> Payload {
        // What is sent has string keys only, so it always serialises.
        let data =
            serde_json::value::to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let json = Json { data, frame: OnceLock::new() };
        Payload { event, content: Content::Json(json.into()) }
    }

    /// An event with data that came from a client.
    pub(super) fn mixed(event: &'static str, data: Data) -> Payload {
        Payload { event, content: Content::Mixed(data.into()) }
    }
}

/// The events that are carried from one node to the sockets of the others.
const CARRIED: &[&str] = &["status", "broadcast_message"];

impl Payload {
    /// The event's data as JSON, and whether that stands for some with binary parts.
    pub(super) fn carry(&self) -> (String, bool) {
        match &self.content {
            Content::Json(json) => (json.data.get().to_owned(), false),
            Content::Mixed(data) => (data.carry().to_string(), true),
        }
    }

    /// The event that was carried here; none if it is not one that is.
    pub(super) fn carried(event: &str, data: &str, mixed: bool) -> Option<Payload> {
        let event = CARRIED.iter().find(|known| **known == event)?;
        if mixed {
            return Some(Payload::mixed(event, Data::carried(serde_json::from_str(data).ok()?)));
        }
        let data: Box<RawValue> = serde_json::from_str(data).ok()?;
        Some(Payload::new(event, &data))
    }
}

/// Something for one socket.
#[derive(Debug)]
pub(super) enum Packet {
    /// An event.
    Event(Payload),
    /// The acknowledgement that it asked for.
    Ack(Ack, Box<RawValue>),
}

impl From<Payload> for Packet {
    fn from(payload: Payload) -> Packet {
        Packet::Event(payload)
    }
}

impl Packet {
    /// About how many bytes it takes on its way.
    pub(super) fn len(&self) -> usize {
        let content = match self {
            Packet::Ack(_, body) => body.get().len(),
            Packet::Event(Payload { event, content }) => {
                event.len()
                    + match content {
                        Content::Json(json) => json.data.get().len(),
                        Content::Mixed(data) => data.len(),
                    }
            }
        };
        content + 10
    }

    /// How many packets of the engine it is: each binary part is one more.
    pub(super) fn parts(&self) -> usize {
        match self {
            Packet::Event(Payload { content: Content::Mixed(data), .. }) => 1 + data.parts(),
            _ => 1,
        }
    }

    /// Hands it to the engine, or a placeholder that it takes the place of further on.
    pub(super) fn send(self, socket: &SocketRef, flow: &Flow) -> Result<(), SocketError> {
        let sent = match self {
            Packet::Event(Payload { event, content: Content::Json(json) })
                if flow.shares(|| json.frame(event).clone()) =>
            {
                socket.emit(shared::NAME, &())
            }
            Packet::Event(payload) => socket.emit(payload.event, &payload),
            Packet::Ack(ack, body) => ack.send(&body),
        };
        match sent {
            Err(SendError::Socket(error)) => Err(error),
            // What we send can be encoded: `Payload` and `RawValue` were.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Json {
    fn frame(&self, event: &'static str) -> &Frame {
        self.frame.get_or_init(|| Frame::event(event, self.data.get()))
    }
}

/// The data alone.
impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.content {
            Content::Json(json) => json.data.serialize(serializer),
            Content::Mixed(data) => data.serialize(serializer),
        }
    }
}
