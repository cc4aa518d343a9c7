//! The name under which a file's bytes are stored.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Epoch;

/// `EPOCH/RANDOM`: the life of the server that stored it, then 128 random bits.
///
/// Both parts are lower-case letters and digits, so a key is no way out of the place where files
/// are kept. A server clears away what nobody knows only below its own epoch: two that share a
/// place leave each other's files alone, and one that was restored finds those of its former life.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey(Arc<str>);

impl FileKey {
    /// A new key of this epoch.
    pub fn from_random(epoch: &Epoch, bytes: [u8; 16]) -> FileKey {
        let random = data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        FileKey(format!("{epoch}/{random}").into())
    }

    /// Reads a key; `None` when it can be none.
    pub fn parse(text: &str) -> Option<FileKey> {
        let (epoch, random) = text.split_once('/')?;
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        (plain(epoch) && plain(random)).then(|| FileKey(text.into()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FileKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FileKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<FileKey, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        FileKey::parse(&text).ok_or_else(|| serde::de::Error::custom("not the key of a file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_nowhere_else() {
        let epoch = Epoch::from_random([7; 10]);
        let key = FileKey::from_random(&epoch, [255; 16]);
        assert_eq!(FileKey::parse(key.as_str()), Some(key));
        for text in ["", "/", "a/", "/a", "a", "a/b/c", "../a", "a/..", "a/b.c", "A/b", "a/b\0"] {
            assert_eq!(FileKey::parse(text), None, "{text:?}");
        }
    }
}
