//! What is written about a snapshot: a promised format, like the log's.

use serde::{Deserialize, Serialize};

use super::chunks::Name;

/// The version written. A changed format gets the next number, and the old one stays readable.
const VERSION: u8 = 1;

/// How many manifests are kept: somebody may be loading the one before the newest.
const KEPT: usize = 2;

/// What an archive is the archive of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Of {
    /// The log that it belongs to: what its stream was named when it was made.
    pub incarnation: String,
    /// The last entry that the state in it comes from.
    pub position: u64,
    /// The message of the stream that this entry is in; 0 is before the first.
    pub seq: u64,
    /// The life of the history: clients see it.
    pub epoch: String,
    /// What the state was digested to, where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Which chunks make up the file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What it is of.
    #[serde(flatten)]
    pub of: Of,
    /// The version of the archive's tables.
    pub layout: i64,
    /// How long the file is.
    pub bytes: u64,
    /// How long each of its chunks is but the last: bytes.
    pub chunk_bytes: u64,
    /// The chunks that hold, one behind the other, the names of the file's chunks.
    pub names: Vec<Name>,
}

/// The manifests that count, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// At most two.
    pub manifests: Vec<Manifest>,
}

#[derive(Serialize)]
struct Writing<'a> {
    v: u8,
    manifests: &'a [Manifest],
}

#[derive(Deserialize)]
struct Reading {
    v: u8,
    manifests: Vec<Manifest>,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

impl Catalogue {
    /// The catalogue with a newer manifest in it, the oldest gone.
    #[must_use]
    pub fn with(&self, newest: Manifest) -> Catalogue {
        let older = self.manifests.iter().take(KEPT - 1).cloned();
        Catalogue { manifests: std::iter::once(newest).chain(older).collect() }
    }

    /// Up to which position the log need not be kept: that of the oldest manifest, once there are as
    /// many as are kept. Whoever lags behind the newest by less than a whole snapshot finds what it
    /// lacks in the log still.
    pub fn spares(&self) -> u64 {
        self.manifests.get(KEPT - 1).map_or(0, |oldest| oldest.of.position)
    }

    /// Whether this manifest counts.
    pub fn has(&self, manifest: &Manifest) -> bool {
        self.manifests.contains(manifest)
    }

    /// As JSON with a version in front.
    pub fn encode(&self) -> Vec<u8> {
        let writing = Writing { v: VERSION, manifests: &self.manifests };
        // Numbers and text always serialise.
        serde_json::to_vec(&writing).unwrap_or_default()
    }

    /// Reads a catalogue back.
    ///
    /// # Errors
    /// A phrase that says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Catalogue, String> {
        let error = match serde_json::from_slice(bytes) {
            Ok(Reading { v: VERSION, manifests }) => return Ok(Catalogue { manifests }),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        match (serde_json::from_slice(bytes), error) {
            (Ok(Version { v }), _) if v != u64::from(VERSION) => Err(format!(
                "the catalogue has version {v}, and this program knows version {VERSION}"
            )),
            (_, Some(error)) => Err(format!("the catalogue cannot be read: {error}")),
            (_, None) => Err("the catalogue cannot be read".to_owned()),
        }
    }
}
