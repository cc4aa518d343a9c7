//! Which other nodes are live, with how far each has applied the log.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::message::Beat;
use crate::id::NodeId;
use crate::timestamp::Timestamp;

/// How often a node says that it is there.
pub(super) const BEAT: Duration = Duration::from_millis(500);

/// After how long without a sign a node is taken for dead.
pub const LEASE: Duration = Duration::from_secs(3);

/// The other nodes.
///
/// A peer is live from its first sign until its lease ends. One that falls behind stays live, but
/// is not waited for until it has caught up.
pub struct Peers {
    table: Mutex<Table>,
    waker: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// What is known of one other node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Since when it is there, by its own clock.
    pub since: Timestamp,
    /// The sequence of the log up to which it has applied.
    pub applied: u64,
    /// Where it is reached over HTTP, as `host:port`.
    pub address: String,
    /// The last sign of it.
    heard: Instant,
    /// It is not waited for before it has applied this.
    behind: Option<u64>,
}

/// The peers without the lock.
#[derive(Debug, Default)]
struct Table {
    peers: BTreeMap<NodeId, Peer>,
    /// What this node has applied itself.
    applied: u64,
}

impl Table {
    /// A heartbeat came; whether it is the first.
    fn beat(&mut self, node: &NodeId, beat: &Beat, now: Instant) -> bool {
        let Beat { since, applied, address, .. } = beat;
        let known = self.peers.get(node);
        let applied = known.map_or(0, |peer| peer.applied).max(*applied);
        let behind = known.and_then(|peer| peer.behind).filter(|until| applied < *until);
        let first = known.is_none();
        let (since, address) = (*since, address.clone());
        let peer = Peer { since, applied, address, heard: now, behind };
        self.peers.insert(node.clone(), peer);
        first
    }

    fn applied(&mut self, node: &NodeId, seq: u64, now: Instant) {
        // Whoever is not known yet will say more with its heartbeat.
        let Some(peer) = self.peers.get_mut(node) else { return };
        peer.heard = now;
        peer.applied = peer.applied.max(seq);
        peer.behind = peer.behind.filter(|until| peer.applied < *until);
    }

    /// Those whose lease has ended are peers no more.
    fn expire(&mut self, now: Instant) -> Vec<NodeId> {
        let over = |peer: &Peer| now.saturating_duration_since(peer.heard) > LEASE;
        let lost: Vec<_> =
            self.peers.iter().filter(|(_, peer)| over(peer)).map(|(id, _)| id.clone()).collect();
        for node in &lost {
            self.peers.remove(node);
        }
        lost
    }

    fn applied_by_all(&self, seq: u64) -> bool {
        self.peers.values().all(|peer| peer.behind.is_some() || peer.applied >= seq)
    }

    fn give_up(&mut self, seq: u64) -> Vec<NodeId> {
        let until = self.applied.max(seq);
        let slow =
            self.peers.iter_mut().filter(|(_, peer)| peer.behind.is_none() && peer.applied < seq);
        slow.map(|(node, peer)| {
            peer.behind = Some(until);
            node.clone()
        })
        .collect()
    }
}

impl Peers {
    pub(super) fn new() -> Peers {
        Peers { table: Mutex::default(), waker: OnceLock::new() }
    }

    /// Whether every live peer that is waited for has applied the log up to this sequence.
    pub fn applied_by_all(&self, seq: u64) -> bool {
        self.table.lock().applied_by_all(seq)
    }

    /// Waits no longer for those who have not applied up to `seq`, before they have caught up with
    /// what this node has applied by now.
    pub fn give_up(&self, seq: u64) {
        for node in self.table.lock().give_up(seq) {
            tracing::debug!(%node, "a node is behind, and is not waited for");
        }
    }

    /// Has `waker` called whenever a peer may have applied more, or is a peer no more. It must be
    /// quick. The first one counts.
    pub fn on_change(&self, waker: impl Fn() + Send + Sync + 'static) {
        let _ = self.waker.set(Box::new(waker));
    }

    /// Everybody who is live, but for this node.
    pub fn live(&self) -> BTreeMap<NodeId, Peer> {
        self.table.lock().peers.clone()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.table.lock().peers.len()
    }

    /// Where a live node is reached over HTTP.
    pub fn address(&self, node: &NodeId) -> Option<String> {
        self.table.lock().peers.get(node).map(|peer| peer.address.clone())
    }

    /// Whether no live node has a lower id.
    pub(super) fn none_below(&self, me: &NodeId) -> bool {
        self.table.lock().peers.keys().next().is_none_or(|lowest| me < lowest)
    }

    /// Whether no live node has been there longer than one with this id, which began at `since`.
    pub(super) fn none_before(&self, since: Timestamp, me: &NodeId) -> bool {
        let table = self.table.lock();
        table.peers.iter().all(|(node, peer)| (since, me) < (peer.since, node))
    }

    pub(super) fn beat(&self, node: &NodeId, beat: &Beat) -> bool {
        let first = self.table.lock().beat(node, beat, Instant::now());
        self.wake();
        first
    }

    pub(super) fn heard_applied(&self, node: &NodeId, seq: u64) {
        self.table.lock().applied(node, seq, Instant::now());
        self.wake();
    }

    /// This node has applied up to `seq`.
    pub(super) fn applied_here(&self, seq: u64) {
        self.table.lock().applied = seq;
    }

    /// A node says that it goes; whether it was one.
    pub(super) fn bye(&self, node: &NodeId) -> bool {
        let known = self.table.lock().peers.remove(node).is_some();
        self.wake();
        known
    }

    /// The nodes whose lease has ended.
    pub(super) fn expire(&self) -> Vec<NodeId> {
        let lost = self.table.lock().expire(Instant::now());
        if !lost.is_empty() {
            self.wake();
        }
        lost
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker();
        }
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peers").field(&*self.table.lock()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> NodeId {
        NodeId::from_random([number; 10])
    }

    fn beat(applied: u64) -> Beat {
        Beat { since: Timestamp(1), applied, told: 0, address: "127.0.0.1:1".to_owned() }
    }

    #[test]
    fn a_lease_ends_when_nothing_was_heard_for_that_long() {
        let (mut table, start) = (Table::default(), Instant::now());
        assert!(table.beat(&node(1), &beat(0), start));
        assert!(!table.beat(&node(1), &beat(0), start + BEAT), "it is known by now");
        table.beat(&node(2), &beat(0), start + BEAT);
        table.applied(&node(2), 5, start + LEASE);
        assert!(table.expire(start + BEAT + LEASE).is_empty(), "just so");
        let late = start + BEAT + LEASE + Duration::from_millis(1);
        assert_eq!(table.expire(late), [node(1)], "the other was heard of in between");
        assert!(table.expire(late).is_empty(), "once");
    }

    #[test]
    fn what_all_have_applied_is_what_the_slowest_has() {
        let (mut table, now) = (Table::default(), Instant::now());
        assert!(table.applied_by_all(9), "nobody is waited for by a node that is alone");
        table.beat(&node(1), &beat(9), now);
        table.beat(&node(2), &beat(7), now);
        assert!(table.applied_by_all(7) && !table.applied_by_all(8));
        table.applied(&node(2), 9, now);
        assert!(table.applied_by_all(9));
        table.beat(&node(2), &beat(8), now);
        assert!(table.applied_by_all(9), "a heartbeat that was overtaken takes nothing back");
        table.applied(&node(3), 1, now);
        assert!(table.applied_by_all(9), "who has not said that it is there is not waited for");
    }

    #[test]
    fn one_that_is_behind_is_waited_for_again_once_it_has_caught_up() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.beat(&node(1), &beat(3), now);
        table.beat(&node(2), &beat(9), now);
        table.applied = 9;
        assert_eq!(table.give_up(5), [node(1)]);
        assert!(table.applied_by_all(9));
        assert!(table.give_up(5).is_empty(), "once");
        table.applied(&node(1), 8, now);
        assert!(table.applied_by_all(9), "it is behind still");
        table.applied(&node(1), 9, now);
        assert!(table.applied_by_all(9) && !table.applied_by_all(10));
    }

    #[test]
    fn the_lowest_id_leads_whoever_goes() {
        let peers = Peers::new();
        assert!(peers.none_below(&node(2)), "alone");
        peers.beat(&node(3), &beat(0));
        assert!(peers.none_below(&node(2)));
        peers.beat(&node(1), &beat(0));
        assert!(!peers.none_below(&node(2)));
        assert!(peers.bye(&node(1)) && peers.none_below(&node(2)));
    }

    #[test]
    fn the_eldest_is_who_has_been_there_longest() {
        let peers = Peers::new();
        assert!(peers.none_before(Timestamp(9), &node(2)), "alone");
        peers.beat(&node(1), &beat(0));
        assert!(peers.none_before(Timestamp(0), &node(2)));
        assert!(!peers.none_before(Timestamp(9), &node(2)));
        assert!(peers.none_before(Timestamp(1), &node(0)), "of two that began together, one");
        assert!(!peers.none_before(Timestamp(1), &node(2)));
    }
}
