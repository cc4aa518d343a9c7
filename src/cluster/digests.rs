//! Whether the states of all nodes came to the same: who differs must stop.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::id::NodeId;

/// Positions whose digests are kept: the slower nodes tell theirs later.
const KEPT: usize = 64;

/// How long a live node that has not told its digest yet is waited for when two others differ.
const PATIENCE: Duration = Duration::from_secs(5);

/// The digests of the last positions.
#[derive(Debug, Default)]
pub(super) struct Digests(BTreeMap<u64, Told>);

#[derive(Debug, Default)]
struct Told {
    here: Option<String>,
    others: BTreeMap<NodeId, String>,
    /// Since when two are known to differ.
    differ: Option<Instant>,
    settled: bool,
}

/// What this node's state came to is not what the others' came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where in the log it was found. It came about since the last time that was compared.
    pub position: u64,
    /// Nodes that agree with this one, itself included.
    pub agree: usize,
    /// Nodes that were compared.
    pub of: usize,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Difference { position, agree, of } = self;
        write!(
            f,
            "The state of this node differs from that of others at place {position} of the log: \
             {agree} of {of} nodes agree with it. It stops, so that nobody reads what is wrong. \
             Look for a bad disk or memory and for different versions of chatroom, then remove \
             its folder and start it: it builds its state anew from the log"
        )
    }
}

impl Digests {
    /// What this node's state came to.
    pub(super) fn here(&mut self, position: u64, digest: String) {
        self.at(position).here = Some(digest);
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// What another's came to.
    pub(super) fn told(&mut self, node: NodeId, position: u64, digest: String) {
        // What is far from where this node is will not be compared.
        let full = self.0.len() >= 2 * KEPT && !self.0.contains_key(&position);
        if !full {
            self.at(position).others.insert(node, digest);
        }
    }

    /// Compares. Where two differ, those who are live are heard first; then the majority is right.
    pub(super) fn judge(
        &mut self,
        is_live: impl Fn(&NodeId) -> bool,
        live: usize,
        now: Instant,
    ) -> Option<Difference> {
        for (position, told) in &mut self.0 {
            let Some(here) = told.here.as_ref().filter(|_| !told.settled) else { continue };
            let same = told.others.values().filter(|digest| *digest == here).count();
            let heard = told.others.keys().filter(|node| is_live(node)).count();
            if same == told.others.len() {
                told.settled = heard >= live && live > 0;
                continue;
            }
            let since = *told.differ.get_or_insert(now);
            if heard < live && now.saturating_duration_since(since) < PATIENCE {
                continue;
            }
            told.settled = true;
            let agree = same + 1;
            let mut counts = BTreeMap::<&str, usize>::new();
            for digest in told.others.values().filter(|digest| *digest != here) {
                *counts.entry(digest).or_default() += 1;
            }
            if counts.values().any(|count| *count >= agree) {
                let of = told.others.len() + 1;
                return Some(Difference { position: *position, agree, of });
            }
            tracing::warn!(position, "another node's state differs from that of most");
        }
        None
    }

    fn at(&mut self, position: u64) -> &mut Told {
        self.0.entry(position).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> NodeId {
        NodeId::from_random([number; 10])
    }

    fn told(digests: &[(u8, &str)]) -> Digests {
        let mut told = Digests::default();
        told.here(1000, "right".to_owned());
        for (number, digest) in digests {
            told.told(node(*number), 1000, (*digest).to_owned());
        }
        told
    }

    fn judge(digests: &mut Digests, live: usize, now: Instant) -> Option<Difference> {
        digests.judge(|_| true, live, now)
    }

    #[test]
    fn who_is_alone_with_its_state_among_three_stops() {
        let mut digests = told(&[(1, "other"), (2, "other")]);
        let found = judge(&mut digests, 2, Instant::now());
        assert_eq!(found, Some(Difference { position: 1000, agree: 1, of: 3 }));
    }

    #[test]
    fn who_is_of_the_majority_goes_on() {
        let mut digests = told(&[(1, "other"), (2, "right")]);
        assert_eq!(judge(&mut digests, 2, Instant::now()), None);
    }

    #[test]
    fn of_two_that_differ_both_stop() {
        let mut digests = told(&[(1, "other")]);
        let found = judge(&mut digests, 1, Instant::now());
        assert_eq!(found.map(|found| (found.agree, found.of)), Some((1, 2)));
    }

    #[test]
    fn the_third_is_heard_before_two_that_differ_are_judged() {
        let (mut digests, now) = (told(&[(1, "other")]), Instant::now());
        assert_eq!(judge(&mut digests, 2, now), None);
        digests.told(node(2), 1000, "right".to_owned());
        assert_eq!(judge(&mut digests, 2, now), None, "the other one is wrong");
        let mut digests = told(&[(1, "other")]);
        assert_eq!(judge(&mut digests, 2, now), None);
        assert!(judge(&mut digests, 2, now + PATIENCE).is_some(), "but not for ever");
    }

    #[test]
    fn a_slower_node_is_compared_with_what_the_others_had_long_ago() {
        let mut digests = told(&[]);
        for position in 2..KEPT as u64 {
            digests.here(position * 1000, "right".to_owned());
        }
        digests.told(node(1), 1000, "other".to_owned());
        assert!(judge(&mut digests, 1, Instant::now()).is_some());
    }
}
