//! The bytes of uploaded files: written as they come, under names made here, read in ranges.
//!
//! The log says which files there are; this says what is in them. So a file is stored first and
//! listed then, and taken off the list first and removed then: what is listed can be read. What
//! is stored and not listed belongs to nobody, and the next start of a single server clears it away.

mod place;
mod sweep;
mod upload;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use tokio::sync::Semaphore;

use crate::config::{Durability, Uploads};
use crate::file::FileKey;
use crate::id::Epoch;
use place::Place;
pub use upload::{Stored, Upload};

/// Files that are received at once; others wait their turn. It bounds what they take of memory,
/// and of disk before any quota knows of them.
const AT_ONCE: usize = 16;

/// Where files are.
#[derive(Debug)]
pub struct Files {
    place: Place,
    epoch: Epoch,
    turns: Arc<Semaphore>,
}

/// Why a file could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// It is not there.
    #[error("there is no such file in the store of files")]
    Gone,
    /// The place cannot be reached, or does not do what it should.
    #[error("the store of files does not work: {0}")]
    Failed(String),
}

impl Files {
    /// The place that the settings name; nothing is made or asked there yet.
    ///
    /// # Errors
    /// The place is described in a way that it cannot be.
    pub fn new(
        uploads: &Uploads,
        durability: Durability,
        epoch: Epoch,
    ) -> Result<Files, FilesError> {
        let place = Place::of(uploads, durability == Durability::Full)?;
        Ok(Files { place, epoch, turns: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Begins a file, when it is its turn. Dropped before it is finished, it leaves nothing.
    ///
    /// # Errors
    /// The place does not take it.
    pub async fn upload(&self, random: [u8; 16]) -> Result<Upload, FilesError> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| FilesError::Failed("it is closed".to_owned()))?;
        let key = FileKey::from_random(&self.epoch, random);
        let store = self.place.store()?;
        let parts = store.put_multipart(&path(&key)).await?;
        Ok(Upload::new(key, parts, self.place.part_bytes(), turn))
    }

    /// The bytes of a file from one place in it to another, as they are read.
    ///
    /// # Errors
    /// The file is not there, or the place does not give it.
    pub async fn read(
        &self,
        key: &FileKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, FilesError> {
        if range.is_empty() {
            return Ok(Box::pin(futures_util::stream::empty()));
        }
        let range = Some(GetRange::Bounded(range));
        let options = GetOptions { range, ..GetOptions::default() };
        let found = self.place.store()?.get_opts(&path(key), options).await?;
        Ok(Box::pin(futures_util::StreamExt::map(found.into_stream(), |piece| {
            piece.map_err(io::Error::other)
        })))
    }

    /// Removes a file that is no longer listed. What cannot be removed now is cleared away at
    /// the next start.
    pub async fn remove(&self, key: &FileKey) {
        let removed = match self.place.store() {
            Ok(store) => store.delete(&path(key)).await.map_err(FilesError::from),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!("the removed file {key:?} is still stored: {error}");
        }
    }
}

fn path(key: &FileKey) -> Path {
    Path::from(key.as_str())
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> FilesError {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return FilesError::Gone;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
            if error.downcast_ref::<io::Error>().is_some_and(|error| full.contains(&error.kind())) {
                return FilesError::Full;
            }
            cause = error.source();
        }
        FilesError::Failed(error.to_string())
    }
}
