//! Which entries of which nodes have been applied: each is, once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::command::Origin;
use crate::id::NodeId;
use crate::timestamp::Timestamp;

/// Entries of one node that may overtake each other: what it has under way at once, and more.
const AHEAD: u64 = 4096;

/// Lives of nodes that are remembered in any case, however long they are silent: a node that only
/// reads for days may write again.
const NODES: usize = 1024;

/// How long a silent node is remembered beyond that. It sends nothing again after a small part of
/// that.
const REMEMBERED: u64 = 24 * 60 * 60 * 1000;

/// The nodes that have written, each with what of it is known.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Origins(BTreeMap<NodeId, Known>);

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// When its last entry was applied.
    at: Timestamp,
    /// All its entries up to this number have been applied.
    through: u64,
    /// Those above it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    above: BTreeSet<u64>,
}

impl Origins {
    /// Whether the log has entries with an origin.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the entry is not to be applied.
    ///
    /// A node begins with number 1. One that is not known and does not was silent for so long that
    /// it is forgotten, and what it sends may have been applied: it never is.
    pub(super) fn passes_over(&self, origin: &Origin) -> bool {
        match self.0.get(&origin.node) {
            None => origin.number == 0 || origin.number > AHEAD,
            Some(known) => origin.number <= known.through || known.above.contains(&origin.number),
        }
    }

    /// Whether the entry is to be applied; from now on it was.
    pub(super) fn is_new(&mut self, origin: &Origin, at: Timestamp) -> bool {
        if self.passes_over(origin) {
            return false;
        }
        if !self.0.contains_key(&origin.node) && self.0.len() >= NODES {
            self.0.retain(|_, known| known.at.0 + REMEMBERED > at.0);
        }
        let known = self.0.entry(origin.node.clone()).or_default();
        known.above.insert(origin.number);
        known.at = at;
        while known.above.remove(&(known.through + 1)) {
            known.through += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(node: u8, number: u64) -> Origin {
        Origin { node: NodeId::from_random([node; 10]), number, seq: 1 }
    }

    /// The first entry of one of many nodes.
    fn of(life: usize) -> Origin {
        let mut id = [255; 10];
        id[..2].copy_from_slice(&(life as u16).to_le_bytes());
        Origin { node: NodeId::from_random(id), number: 1, seq: 1 }
    }

    #[test]
    fn an_entry_that_comes_again_is_not_new_in_whatever_order() {
        let mut origins = Origins::default();
        let mut is_new = |node, number| origins.is_new(&origin(node, number), Timestamp(1));
        for number in [1, 3, 4, 2, 6] {
            assert!(is_new(1, number), "{number}");
        }
        for number in [1, 2, 3, 4, 6] {
            assert!(!is_new(1, number), "{number}");
        }
        assert!(is_new(1, 5));
        assert!(is_new(2, 1), "another node counts for itself");
    }

    #[test]
    fn who_is_forgotten_does_not_come_back_with_old_entries() {
        let mut origins = Origins::default();
        for number in 1..=AHEAD + 1 {
            assert!(origins.is_new(&origin(1, number), Timestamp(1)));
        }
        for life in 0..NODES {
            assert!(origins.is_new(&of(life), Timestamp(REMEMBERED + 2)));
        }
        assert_eq!(origins.0.len(), NODES, "it is bounded by who writes");
        assert!(origins.passes_over(&origin(1, AHEAD + 2)));
        assert!(!origins.is_new(&origin(1, AHEAD + 1), Timestamp(REMEMBERED + 3)));
    }

    #[test]
    fn who_only_reads_for_days_may_write_again() {
        let mut origins = Origins::default();
        for number in 1..=AHEAD + 1 {
            assert!(origins.is_new(&origin(1, number), Timestamp(1)));
        }
        assert!(origins.is_new(&origin(2, 1), Timestamp(9 * REMEMBERED)));
        assert!(!origins.is_new(&origin(1, AHEAD + 1), Timestamp(9 * REMEMBERED)));
        assert!(origins.is_new(&origin(1, AHEAD + 2), Timestamp(9 * REMEMBERED)));
    }
}
