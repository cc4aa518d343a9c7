//! A batch as one message of the stream: JSON with a version in front.
//!
//! `{"v":1,"node":"…","batch":7,"first":12,"entries":[…]}`: who sent it, its number among that
//! node's, the number of its first entry, and the entries as every log has them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::codec;
use crate::command::{Entry, Origin};
use crate::id::NodeId;

/// The version written. A changed format gets the next number, and the old one stays readable.
const VERSION: u8 = 1;

/// What is said of a batch beside its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The life of the node that sends it.
    pub node: NodeId,
    /// Its number among that node's: 1, 2, 3, …
    pub batch: u64,
    /// The number of its first entry among that node's: 1, 2, 3, …
    pub first: u64,
}

#[derive(Deserialize)]
struct Reading<'a> {
    v: u8,
    node: NodeId,
    batch: u64,
    first: u64,
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// Writes a batch.
pub fn encode(head: &Head, entries: &[Entry]) -> Vec<u8> {
    let Head { node, batch, first } = head;
    let mut out = Vec::with_capacity(96 + 160 * entries.len());
    // A node's id needs no escaping.
    out.extend_from_slice(
        format!(r#"{{"v":{VERSION},"node":"{node}","batch":{batch},"first":{first},"entries":["#)
            .as_bytes(),
    );
    for (place, entry) in entries.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        codec::encode(entry, &mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

/// Reads the batch that stands at `seq`.
///
/// # Errors
/// A phrase that says what is wrong.
pub fn decode(seq: u64, bytes: &[u8]) -> Result<(Head, Vec<Entry>), String> {
    let Reading { v, node, batch, first, entries } =
        serde_json::from_slice(bytes).map_err(|error| match serde_json::from_slice(bytes) {
            Ok(Version { v }) if v != u64::from(VERSION) => {
                format!("its version {v} is newer than this program knows")
            }
            _ => format!("it cannot be read: {error}"),
        })?;
    if v != VERSION {
        return Err(format!("its version {v} is newer than this program knows"));
    }
    let mut read = Vec::with_capacity(entries.len());
    for (entry, number) in entries.into_iter().zip(first..) {
        let entry = codec::decode(entry.get())?;
        read.push(Entry { origin: Some(Origin { node: node.clone(), number, seq }), ..entry });
    }
    Ok((Head { node, batch, first }, read))
}
