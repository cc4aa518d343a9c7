//! The state as bytes, without the messages: those are in the archive.

use serde::{Deserialize, Serialize};

use super::State;
use super::digest::Digest;
use super::origins::Origins;

/// The version written. A changed format gets the next number, and the old one stays readable.
const VERSION: u8 = 1;

#[derive(Serialize)]
struct Writing<'a> {
    v: u8,
    state: &'a State,
}

/// A field that is not known is an error, but in what the log has too: policy and files are read
/// as there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    v: u8,
    state: State,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

impl State {
    /// Forgets which nodes its entries came from: from now on one node writes the log.
    pub fn stand_alone(&mut self) {
        self.origins = Origins::default();
        self.digest = Digest::default();
    }

    /// The state as JSON with a version in front.
    ///
    /// # Errors
    /// A phrase that says what is wrong: it does not fit into memory.
    pub fn to_snapshot(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(&Writing { v: VERSION, state: self }).map_err(|error| error.to_string())
    }

    /// The state of a snapshot. Memory has none of its messages.
    ///
    /// # Errors
    /// A phrase that says what is wrong.
    pub fn from_snapshot(snapshot: &[u8]) -> Result<State, String> {
        let error = match serde_json::from_slice(snapshot) {
            Ok(Reading { v: VERSION, mut state }) => {
                state.recent.starts_above(state.head);
                return Ok(state);
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        match (serde_json::from_slice(snapshot), error) {
            (Ok(Version { v }), _) if v != u64::from(VERSION) => {
                Err(format!("its version {v} is newer than this program knows"))
            }
            (_, Some(error)) => Err(format!("it cannot be read: {error}")),
            (_, None) => Err("it cannot be read".to_owned()),
        }
    }
}
