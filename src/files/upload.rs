//! A file on its way in.

use bytes::Bytes;
use object_store::{MultipartUpload, PutPayload};
use tokio::sync::OwnedSemaphorePermit;

use super::FilesError;
use crate::file::{ContentHash, FileKey, Hasher};

/// A file that is being written. No more of it is in memory than one part; until it is finished
/// nobody can see it, and dropping it removes what was written.
#[derive(Debug)]
pub struct Upload {
    key: FileKey,
    parts: Option<Box<dyn MultipartUpload>>,
    part: Vec<u8>,
    part_bytes: usize,
    hasher: Hasher,
    size: u64,
    _turn: OwnedSemaphorePermit,
}

/// A file that was written to its end. It is not listed yet.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Where it is.
    pub key: FileKey,
    /// How many bytes it has.
    pub size: u64,
    /// What they hash to.
    pub hash: ContentHash,
}

impl Upload {
    pub(super) fn new(
        key: FileKey,
        parts: Box<dyn MultipartUpload>,
        part_bytes: usize,
        turn: OwnedSemaphorePermit,
    ) -> Upload {
        let part = Vec::with_capacity(part_bytes);
        let hasher = Hasher::default();
        Upload { key, parts: Some(parts), part, part_bytes, hasher, size: 0, _turn: turn }
    }

    /// How many bytes have come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Goes on with these bytes.
    ///
    /// # Errors
    /// The place does not take them.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), FilesError> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = self.part_bytes - self.part.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == self.part_bytes {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Stores what has come as a whole.
    ///
    /// # Errors
    /// The place does not take it; then nothing is left of it.
    pub async fn finish(mut self) -> Result<Stored, FilesError> {
        if !self.part.is_empty() || self.size == 0 {
            self.flush().await?;
        }
        if let Some(parts) = &mut self.parts {
            parts.complete().await?;
        }
        self.parts = None;
        let hash = std::mem::take(&mut self.hasher).finish();
        Ok(Stored { key: self.key.clone(), size: self.size, hash })
    }

    async fn flush(&mut self) -> Result<(), FilesError> {
        let next = Vec::with_capacity(self.part_bytes);
        let part = Bytes::from(std::mem::replace(&mut self.part, next));
        if let Some(parts) = &mut self.parts {
            parts.put_part(PutPayload::from(part)).await?;
        }
        Ok(())
    }
}

impl Drop for Upload {
    /// A folder forgets by itself; a bucket has to be told.
    fn drop(&mut self) {
        let Some(mut parts) = self.parts.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::warn!("an upload that broke off could not be cleared away: {error}");
                }
            });
        }
    }
}
