//! The secret part of a session id.
//!
//! The id that Socket.IO clients know each other by is, in the engine, also the key to a polling
//! session. So what a client is given at its handshake is that id with a suffix which only this
//! server can make, and no request is let through to the engine without it. Where there are several
//! nodes it also says which of them has the session.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::id::NodeId;

/// Bytes of the hash that are used: too many to guess over a network.
const BYTES: usize = 12;

/// Makes and checks suffixes, by a key of its own.
pub(super) struct Suffixes {
    key: [u8; 32],
    /// This node, where it is not alone.
    node: Option<NodeId>,
}

/// Where a session is, by the id that a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Session<'s> {
    /// Here, by the engine's id.
    Here(&'s str),
    /// On another node, if it is anywhere.
    Elsewhere(NodeId),
    /// Nowhere.
    Nowhere,
}

impl Suffixes {
    /// A maker with this secret key, on this of several nodes.
    pub(super) fn new(key: [u8; 32], node: Option<NodeId>) -> Suffixes {
        Suffixes { key, node }
    }

    /// The session id to hand to a client.
    pub(super) fn add(&self, sid: &str) -> String {
        let secret = self.of(sid);
        match &self.node {
            Some(node) => format!("{sid}.{secret}.{node}"),
            None => format!("{sid}.{secret}"),
        }
    }

    /// Where the session is that a client means.
    pub(super) fn find<'s>(&self, sid: &'s str) -> Session<'s> {
        let Some((sid, mut suffix)) = sid.split_once('.') else { return Session::Nowhere };
        if let Some(here) = &self.node {
            let Some((secret, node)) = suffix.split_once('.') else { return Session::Nowhere };
            match NodeId::parse(node) {
                Some(node) if node == *here => suffix = secret,
                Some(node) => return Session::Elsewhere(node),
                None => return Session::Nowhere,
            }
        }
        let wanted = self.of(sid);
        // Every byte is compared, so that the time tells nothing about where they differ.
        let differ = wanted.bytes().zip(suffix.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        match wanted.len() == suffix.len() && differ == 0 {
            true => Session::Here(sid),
            false => Session::Nowhere,
        }
    }

    /// The key goes in twice, before and behind, so that no suffix says anything about another.
    fn of(&self, sid: &str) -> String {
        let inner = Sha256::new().chain_update(self.key).chain_update(sid).finalize();
        let outer = Sha256::new().chain_update(self.key).chain_update(inner).finalize();
        BASE64URL_NOPAD.encode(&outer[..BYTES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_suffix_opens_a_session() {
        let suffixes = Suffixes::new([7; 32], None);
        let given = suffixes.add("AAAAAAAAAAAAAAHs");
        assert_eq!(suffixes.find(&given), Session::Here("AAAAAAAAAAAAAAHs"));
        for wrong in [
            "AAAAAAAAAAAAAAHs",
            "AAAAAAAAAAAAAAHs.",
            "AAAAAAAAAAAAAAHs.AAAAAAAAAAAAAAAA",
            &given[..given.len() - 1],
            &format!("{given}A"),
            &given.replace("Hs", "Ht"),
            &Suffixes::new([8; 32], None).add("AAAAAAAAAAAAAAHs"),
        ] {
            assert_eq!(suffixes.find(wrong), Session::Nowhere, "{wrong}");
        }
    }

    #[test]
    fn the_suffix_says_which_node_has_the_session_and_opens_it_there_alone() {
        let [one, other] = [1, 2].map(|number| NodeId::from_random([number; 10]));
        let here = Suffixes::new([7; 32], Some(one.clone()));
        let there = Suffixes::new([8; 32], Some(other));
        let given = here.add("AAAAAAAAAAAAAAHs");
        assert_eq!(here.find(&given), Session::Here("AAAAAAAAAAAAAAHs"));
        assert_eq!(there.find(&given), Session::Elsewhere(one));
        let alone = Suffixes::new([7; 32], None).add("AAAAAAAAAAAAAAHs");
        for wrong in
            [&alone, &given.replace("Hs", "Ht"), &format!("{given}a"), &format!("{alone}.")]
        {
            assert_eq!(here.find(wrong), Session::Nowhere, "{wrong}");
        }
    }
}
