//! The secret part of a session id.
//!
//! The id that Socket.IO clients know each other by is, in the engine, also the key to a polling
//! session. So what a client is given at its handshake is that id with a suffix which only this
//! server can make, and no request is let through to the engine without it.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// Bytes of the hash that are used: too many to guess over a network.
const BYTES: usize = 12;

/// Makes and checks suffixes, by a key of its own.
pub(super) struct Suffixes([u8; 32]);

impl Suffixes {
    /// A maker with this secret key.
    pub(super) fn new(key: [u8; 32]) -> Suffixes {
        Suffixes(key)
    }

    /// The session id to hand to a client.
    pub(super) fn add(&self, sid: &str) -> String {
        format!("{sid}.{}", self.of(sid))
    }

    /// The engine's id in what a client sent; `None` when the suffix is not ours.
    pub(super) fn strip<'s>(&self, sid: &'s str) -> Option<&'s str> {
        let (sid, suffix) = sid.split_once('.')?;
        let wanted = self.of(sid);
        // Every byte is compared, so that the time tells nothing about where they differ.
        let differ = wanted.bytes().zip(suffix.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        (wanted.len() == suffix.len() && differ == 0).then_some(sid)
    }

    /// The key goes in twice, before and behind, so that no suffix says anything about another.
    fn of(&self, sid: &str) -> String {
        let inner = Sha256::new().chain_update(self.0).chain_update(sid).finalize();
        let outer = Sha256::new().chain_update(self.0).chain_update(inner).finalize();
        BASE64URL_NOPAD.encode(&outer[..BYTES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_suffix_opens_a_session() {
        let suffixes = Suffixes::new([7; 32]);
        let given = suffixes.add("AAAAAAAAAAAAAAHs");
        assert_eq!(suffixes.strip(&given), Some("AAAAAAAAAAAAAAHs"));
        for wrong in [
            "AAAAAAAAAAAAAAHs",
            "AAAAAAAAAAAAAAHs.",
            "AAAAAAAAAAAAAAHs.AAAAAAAAAAAAAAAA",
            &given[..given.len() - 1],
            &format!("{given}A"),
            &given.replace("Hs", "Ht"),
            &Suffixes::new([8; 32]).add("AAAAAAAAAAAAAAHs"),
        ] {
            assert_eq!(suffixes.strip(wrong), None, "{wrong}");
        }
    }
}
