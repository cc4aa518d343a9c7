//! An entry as bytes: JSON with a version in front.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Entry};
use crate::timestamp::Timestamp;

/// The version written. A changed format gets the next number, and the old one stays readable.
const VERSION: u8 = 1;

#[derive(Serialize)]
struct Writing<'a> {
    v: u8,
    at: Timestamp,
    #[serde(rename = "do")]
    command: &'a Command,
}

#[derive(Deserialize)]
struct Reading {
    v: u8,
    at: Timestamp,
    #[serde(rename = "do")]
    command: Command,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// Writes `entry` to the end of `out`.
pub fn encode(entry: &Entry, out: &mut Vec<u8>) {
    let writing = Writing { v: VERSION, at: entry.at, command: &entry.command };
    // Writing to memory cannot fail, and an entry has no map keys that are not strings.
    let _ = serde_json::to_writer(out, &writing);
}

/// Reads an entry back.
///
/// # Errors
/// A phrase that says what is wrong.
pub fn decode(text: &str) -> Result<Entry, String> {
    let error = match serde_json::from_str(text) {
        Ok(Reading { v: VERSION, at, command }) => return Ok(Entry::new(at, command)),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    match (serde_json::from_str(text), error) {
        (Ok(Version { v }), _) if v != u64::from(VERSION) => {
            Err(format!("its version {v} is newer than this program knows"))
        }
        (_, Some(error)) => Err(format!("it cannot be read: {error}")),
        (_, None) => Err("it cannot be read".to_owned()),
    }
}
