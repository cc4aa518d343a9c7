//! Archives in the servers that keep the log, so that a node need not begin with the first entry.
//!
//! A snapshot is the file of an archive, which has the state's snapshot in it, cut into chunks. A
//! chunk's name is its hash, so what did not change since the snapshot before is there already, and
//! what is read is what was written. A [`Manifest`] says which chunks make up which file; the newest
//! two stand in one message, the catalogue.
//!
//! All of it is in one stream beside the log's, and that is what makes it safe without a lock:
//!
//! 1. Whoever sends reads the catalogue, sends the chunks that it does not name, and then writes
//!    the catalogue anew, on the condition that nobody else has done so meanwhile. Who comes second
//!    has sent in vain.
//! 2. Whoever has written the catalogue removes the chunks that it does not name, up to the place
//!    of the catalogue in the stream: what is being sent on top of that catalogue is behind it.
//! 3. The log is trimmed only behind manifests that were read back: behind the older of the two.
//!
//! So a node that dies in the middle leaves chunks that nobody names, and the next one sweeps.
//!
//! The client's object store is not used: it reads with ordered consumers, which come back late
//! after a leader is lost, it cannot replace an object on a condition, and what is deleted leaves a
//! message behind for good.
//!
//! Reading order: `manifest` is what is written, `chunks` cuts files, `bucket` is the stream, `send`
//! and `load` are the two directions.

mod bucket;
mod chunks;
mod load;
mod manifest;
mod send;

use std::path::Path;
use std::sync::Arc;

use async_nats::jetstream::Context;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use bucket::Bucket;
pub use bucket::name_of;
pub use manifest::{Catalogue, Manifest, Of};
pub use send::Sent;

/// Why a snapshot was not sent or loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The servers did not answer, or refused. The next attempt may succeed.
    #[error("The snapshots {bucket} cannot be used: {what}.")]
    Unavailable {
        /// The stream they are in.
        bucket: String,
        /// Why, in a phrase.
        what: String,
    },
    /// What is there is not what was written.
    #[error("The snapshots {bucket} are damaged: {what}.")]
    Damaged {
        /// The stream they are in.
        bucket: String,
        /// What, in a phrase.
        what: String,
    },
    /// The log that they are of is gone, and another has its name.
    #[error(
        "The snapshots {bucket} are of another log than the one that is there now: was it deleted, \
         and made anew? Remove the stream {bucket} to begin without what was said, or put the log \
         back in its place."
    )]
    Foreign {
        /// The stream they are in.
        bucket: String,
    },
    /// Another node has sent one meanwhile.
    #[error("Another node has sent a snapshot meanwhile.")]
    Overtaken,
    /// The node is told to stop.
    #[error("There was no time left to send the snapshot.")]
    Stopped,
    /// The file cannot be read or written.
    #[error("{file} cannot be used: {what}.")]
    File {
        /// Which.
        file: String,
        /// Why, in a phrase.
        what: String,
    },
}

impl SnapshotError {
    fn of_file(path: &Path, error: &dyn std::fmt::Display) -> SnapshotError {
        SnapshotError::File { file: path.display().to_string(), what: error.to_string() }
    }
}

/// The snapshots of one log.
///
/// Every method blocks its thread, which must not be one of the runtime's.
#[derive(Clone, Debug)]
pub struct Snapshots {
    bucket: Arc<Bucket>,
    runtime: Handle,
    stop: CancellationToken,
}

impl Snapshots {
    /// Finds the snapshots of the log `stream`, making the stream they are in if there is none.
    ///
    /// # Errors
    /// The servers do not answer, or refuse.
    pub fn open(
        context: Context,
        stream: &str,
        replicas: usize,
        runtime: Handle,
    ) -> Result<Snapshots, SnapshotError> {
        let bucket = runtime.block_on(Bucket::open(context, stream, replicas))?;
        Ok(Snapshots { bucket: Arc::new(bucket), runtime, stop: CancellationToken::new() })
    }

    /// The manifests that there are of the log of this incarnation, the newest first.
    ///
    /// # Errors
    /// They cannot be read, or are of another log.
    pub fn manifests(&self, incarnation: &str) -> Result<Vec<Manifest>, SnapshotError> {
        let catalogue = self.runtime.block_on(self.bucket.catalogue())?;
        let Some((catalogue, _)) = catalogue else { return Ok(Vec::new()) };
        self.bucket.check(&catalogue, incarnation)?;
        Ok(catalogue.manifests)
    }

    /// Sends a file that nobody changes, which is the archive of `of`, and takes away what no
    /// manifest names any more.
    ///
    /// # Errors
    /// It was not sent, and does not count.
    pub fn send(&self, file: &Path, of: &Of) -> Result<Sent, SnapshotError> {
        let sending = send::send(&self.bucket, file, of);
        let sent = self.runtime.block_on(self.stop.run_until_cancelled(sending));
        sent.unwrap_or(Err(SnapshotError::Stopped))
    }

    /// Ends what is being sent, and sends nothing any more.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether every chunk of a manifest is there as it was written.
    ///
    /// # Errors
    /// One is not, or cannot be read.
    pub fn verify(&self, manifest: &Manifest) -> Result<(), SnapshotError> {
        self.runtime.block_on(load::verify(&self.bucket, manifest))
    }

    /// Writes the file of a manifest to `path`, where there is none, and has it on the disk.
    ///
    /// # Errors
    /// It cannot be read as it was written, or not be written; a part of it may be there.
    pub fn load(&self, manifest: &Manifest, path: &Path) -> Result<(), SnapshotError> {
        self.runtime.block_on(load::load(&self.bucket, manifest, path))
    }
}
