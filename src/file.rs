//! An uploaded file, as the log holds it: everything but its bytes.

mod hash;
mod key;
mod media;
mod name;

use serde::{Deserialize, Serialize};

pub use hash::{ContentHash, Hasher};
pub use key::FileKey;
pub use media::MediaType;
pub use name::FileName;

/// A file whose bytes are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where they are stored: nothing of it comes from a client.
    pub key: FileKey,
    /// What its uploader calls it.
    pub name: FileName,
    /// What its uploader says it holds.
    pub media: MediaType,
    /// How many bytes it has.
    pub size: u64,
    /// What its bytes hash to.
    pub hash: ContentHash,
}
