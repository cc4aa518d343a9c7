//! The identifiers shared by everything above: of messages, users, rooms, sequences.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A message's place in the one sequence of all messages: 1, 2, 3, …, never reused.
///
/// As a cursor it means "everything up to here was seen"; 0 is before the first message.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MessageId(pub u64);

/// One registration: the same name registered again by somebody else is another user.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UserId(pub u64);

/// One session of an account: 1, 2, 3, …, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SessionId(pub u64);

/// One conversation: the number of its room.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ConversationId(pub u64);

impl ConversationId {
    /// The room that it is.
    pub fn room(self) -> RoomId {
        RoomId::Numbered(self.0)
    }
}

/// One project: 1, 2, 3, …, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ProjectId(pub u64);

/// One uploaded file: 1, 2, 3, … over all projects, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct FileId(pub u64);

/// One life of the message sequence: made with the store, kept by a move, new after a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// An epoch from random bytes, as 16 characters that need no escaping in a URL or header.
    pub fn from_random(bytes: [u8; 10]) -> Epoch {
        Epoch(data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase().into())
    }

    /// The epoch as clients see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One life of a server that shares its log with others: made anew at each start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// An id from random bytes, as 16 characters that need no escaping in a URL or header.
    pub fn from_random(bytes: [u8; 10]) -> NodeId {
        NodeId(data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase().into())
    }

    /// Reads the text of an id; `None` when no node could have it.
    pub fn parse(text: &str) -> Option<NodeId> {
        let right =
            text.len() == 16 && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        right.then(|| NodeId(text.into()))
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What every room id begins with; no user name does.
pub const ROOM_PREFIX: &str = "room_";

/// A room's id. Its text is `room_7` for the seventh numbered room, `room_General` for a named one.
///
/// A slug is never digits alone, so the two kinds never share a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoomId {
    /// A room somebody created with its participants.
    Numbered(u64),
    /// A named room, by the slug of its name.
    Named(Arc<str>),
}

impl RoomId {
    /// Reads the text of a room id; `None` when no room could have it.
    pub fn parse(text: &str) -> Option<RoomId> {
        let rest = text.strip_prefix(ROOM_PREFIX).filter(|rest| !rest.is_empty())?;
        if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(RoomId::Named(rest.into()));
        }
        // `room_07` is not another way to say `room_7`.
        rest.parse().ok().filter(|_| !rest.starts_with('0')).map(RoomId::Numbered)
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomId::Numbered(number) => write!(f, "{ROOM_PREFIX}{number}"),
            RoomId::Named(slug) => write!(f, "{ROOM_PREFIX}{slug}"),
        }
    }
}

impl Serialize for RoomId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RoomId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<RoomId, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        RoomId::parse(&text).ok_or_else(|| serde::de::Error::custom("not a room id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_id_has_one_text() {
        for text in ["room_1", "room_18446744073709551615", "room_General", "room_n-7", "room_é"] {
            assert_eq!(RoomId::parse(text).map(|id| id.to_string()).as_deref(), Some(text));
        }
        for text in ["room_", "room", "room_0", "room_07", "room_18446744073709551616", "General"] {
            assert_eq!(RoomId::parse(text), None, "{text}");
        }
    }
}
