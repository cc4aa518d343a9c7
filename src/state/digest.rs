//! What a state has come to, as one number: nodes that share a log compare it.
//!
//! It runs along with every entry that has an origin, over its verdict, its events, and what was
//! said. Two nodes that have applied one entry differently have different numbers from then on.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::State;
use crate::command::Origin;
use crate::event::Event;
use crate::history::Record;
use crate::id::MessageId;
use crate::outcome::Verdict;

/// FNV-1a over everything so far, 64 bits: it has to notice faults, not to resist anybody.
/// <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Digest(u64);

const PRIME: u64 = 0x0100_0000_01b3;
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

impl Digest {
    /// Whether nothing has run through it.
    pub(super) fn is_empty(&self) -> bool {
        self.0 == 0
    }

    fn fold(&mut self, bytes: &[u8]) {
        let start = if self.is_empty() { BASIS } else { self.0 };
        self.0 =
            bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.fold(text.as_bytes());
        Ok(())
    }
}

impl State {
    /// What all entries so far have come to; the same on every node that shares the log.
    pub fn digest(&self) -> String {
        format!("{:016x}", self.digest.0)
    }

    pub(super) fn digest_entry(
        &mut self,
        origin: &Origin,
        verdict: &Verdict,
        events: &[Event],
        before: MessageId,
    ) {
        let mut digest = self.digest;
        // Writing into a number cannot fail.
        let _ = write!(digest, "{} {:?} {events:?} {}", origin.number, verdict, self.head.0);
        for record in self.recent.newest() {
            let Record::Posted { message, .. } = record else { continue };
            if message.id <= before {
                break;
            }
            let _ = write!(digest, " {} {} {}", message.id.0, message.sender, message.recipient);
            digest.fold(message.text.as_json().as_bytes());
        }
        self.digest = digest;
    }
}
