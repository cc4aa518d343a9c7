//! A store that goes on elsewhere: in the same epoch, with the same ids.

use super::error::StoreError;
use super::line::MoveLine;
use super::{from_cluster, to_cluster};
use crate::config::Store;

pub(super) fn run(line: &MoveLine) -> Result<String, StoreError> {
    match (&line.from, &line.to) {
        (Store::Sqlite(from), Store::Nats(to)) => to_cluster::run(line, from, to),
        (Store::Nats(from), Store::Sqlite(to)) => from_cluster::run(line, from, to),
        (from, to) => Err(StoreError::Impossible(format!(
            "A store is moved from sqlite:PATH to nats://… or back, not from {from} to {to}. A copy \
             of a store that stays what it is is a backup: chatroom backup."
        ))),
    }
}
