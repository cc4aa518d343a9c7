//! A file as chunks, each by the name of its content.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::SnapshotError;

/// Bytes in one chunk, which is one message. What changes in an archive is spread over it: of 350 MB
/// with 100,000 new messages in a million, a third is sent again in chunks of this size, a quarter
/// in chunks of half of it, two thirds in chunks four times as long.
pub(super) const CHUNK: u64 = 128 << 10;

/// Bytes of a name where names follow one another.
pub(super) const NAME: usize = 32;

/// The SHA-256 of what a chunk holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name([u8; NAME]);

impl Name {
    pub(super) fn of(bytes: &[u8]) -> Name {
        Name(Sha256::digest(bytes).into())
    }

    pub(super) fn parse(text: &str) -> Option<Name> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Name(bytes.try_into().ok()?))
    }

    pub(super) fn bytes(&self) -> &[u8; NAME] {
        &self.0
    }

    /// The names that follow one another in `bytes`.
    pub(super) fn all(bytes: &[u8]) -> Option<Vec<Name>> {
        let (names, rest) = bytes.as_chunks::<NAME>();
        rest.is_empty().then(|| names.iter().map(|name| Name(*name)).collect())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        let text = String::deserialize(deserializer)?;
        Name::parse(&text).ok_or_else(|| serde::de::Error::custom("it is no SHA-256 in hex"))
    }
}

/// A file that is read a chunk at a time.
pub(super) struct Chunks {
    file: File,
    path: PathBuf,
    pub(super) bytes: u64,
}

impl Chunks {
    pub(super) fn of(path: &Path) -> Result<Chunks, SnapshotError> {
        let open = || {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            Ok(Chunks { file, path: path.to_owned(), bytes })
        };
        open().map_err(|error: std::io::Error| SnapshotError::of_file(path, &error))
    }

    pub(super) fn count(&self) -> u64 {
        self.bytes.div_ceil(CHUNK)
    }

    /// The chunk with this number, from 0.
    pub(super) fn read(&self, number: u64) -> Result<Vec<u8>, SnapshotError> {
        let begin = number * CHUNK;
        let mut bytes = vec![0; CHUNK.min(self.bytes - begin) as usize];
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(begin)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| SnapshotError::of_file(&self.path, &error))?;
        Ok(bytes)
    }
}
