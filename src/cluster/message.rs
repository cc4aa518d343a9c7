//! What nodes say to each other beside the log: soft, versioned, each line a JSON object.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, RoomId};
use crate::presence::News;
use crate::timestamp::Timestamp;

/// The version of what is said. A node does not listen to another version: it says so by its
/// heartbeat's absence, and shares the log all the same.
const VERSION: u32 = 1;

/// Something that was said, by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    v: u32,
    /// Who says it.
    pub node: NodeId,
    /// What.
    pub says: Says,
}

/// What a node says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It is there. Who hears it the first time says the same, so that everybody knows everybody.
    Beat(Beat),
    /// It has applied the log up to this sequence.
    Applied {
        /// The sequence.
        seq: u64,
    },
    /// It goes now.
    Bye,
    /// What its state came to at a position of the log.
    Digest {
        /// The place in the log.
        position: u64,
        /// The hash over what came of them.
        digest: String,
    },
    /// What changed in who is there.
    News {
        /// 1, 2, 3, …: whoever misses one asks for the whole.
        number: u64,
        /// The changes.
        news: News,
    },
    /// It wants to hear all from this node.
    Ask {
        /// Who is asked.
        of: NodeId,
    },
    /// All who are there, up to the news of this number.
    Whole {
        /// The number of the last news that are in it.
        number: u64,
        /// Which part it is, from 0.
        part: usize,
        /// How many there are.
        parts: usize,
        /// The part.
        news: News,
    },
    /// A password was wrong.
    WrongLogin {
        /// The key of the name.
        name: String,
        /// From where.
        from: IpAddr,
    },
    /// A password was right.
    RightLogin {
        /// The key of the name.
        name: String,
        /// From where.
        from: IpAddr,
    },
    /// Something for sockets, which are connected to any node.
    Emit(Emit),
}

/// That a node is there, with what the others should know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Since when.
    pub since: Timestamp,
    /// The sequence of the log up to which it has applied.
    pub applied: u64,
    /// The number of the last news that it told.
    pub told: u64,
    /// Where it is reached over HTTP, as `host:port`.
    pub address: String,
}

/// An event for sockets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emit {
    /// For those who watch a room in a dialect; else for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<(RoomId, String)>,
    /// The event's name.
    pub event: String,
    /// Its data, which is JSON.
    pub data: String,
    /// Whether the data stands for some that has binary parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
}

impl Message {
    /// What `node` says.
    pub(super) fn of(node: NodeId, says: Says) -> Message {
        Message { v: VERSION, node, says }
    }

    /// The line that goes over the bus.
    pub fn encode(&self) -> Vec<u8> {
        // Keys are texts or numbers, so it always serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a line; `None` when it is of another version, or nothing that a node says.
    pub fn decode(line: &[u8]) -> Option<Message> {
        serde_json::from_slice(line).ok().filter(|message: &Message| message.v == VERSION)
    }
}
