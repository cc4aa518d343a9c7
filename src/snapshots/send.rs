//! A file on its way to the servers.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::bucket::Bucket;
use super::chunks::{CHUNK, Chunks, NAME, Name};
use super::load::names_of;
use super::manifest::{Catalogue, Manifest, Of};
use super::{SnapshotError, load};
use crate::archive;
use crate::fault;

/// Bytes in a second at most: the log goes over the same wires, to the same disks.
const RATE: u64 = 32 << 20;

/// What was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What counts now.
    pub manifest: Manifest,
    /// Up to which position the log need not be kept ([`Catalogue::spares`]).
    pub spares: u64,
    /// How long the chunks were that were not there yet: bytes.
    pub bytes: u64,
    /// How many chunks nobody named any more.
    pub removed: usize,
}

/// See [`super::Snapshots::send`].
pub(super) async fn send(bucket: &Bucket, file: &Path, of: &Of) -> Result<Sent, SnapshotError> {
    let (catalogue, place) = bucket.catalogue().await?.unwrap_or_default();
    bucket.check(&catalogue, &of.incarnation)?;
    if let Some(newest) = catalogue.manifests.first()
        && newest.of.position >= of.position
    {
        let (manifest, spares) = (newest.clone(), catalogue.spares());
        return Ok(Sent { manifest, spares, bytes: 0, removed: 0 });
    }
    // What the catalogue names stays there as long as the catalogue stays as it is.
    let mut there = HashSet::new();
    for manifest in &catalogue.manifests {
        there.extend(load::named_by(bucket, manifest).await.unwrap_or_default());
    }
    let here = bucket.names().await?;
    there.retain(|name| here.contains(name));
    let mut sending = Sending { bucket, there, begun: Instant::now(), bytes: 0 };
    let manifest = sending.file(file, of).await?;
    let there = bucket.names().await?;
    if !sending.there.is_subset(&there) {
        // Whoever has written the catalogue meanwhile has removed what it does not name.
        let (_, now) = bucket.catalogue().await?.unwrap_or_default();
        return Err(match now == place {
            true => bucket.damaged("chunks that were sent are missing"),
            false => SnapshotError::Overtaken,
        });
    }
    let catalogue = catalogue.with(manifest.clone());
    fault::point("snapshot.sent");
    let published = bucket.publish(&catalogue, place).await;
    fault::point("snapshot.published");
    // What cannot be read back has not been written; what was not acknowledged may have been.
    let place = match (bucket.catalogue().await?, published) {
        (Some((read, place)), _) if read == catalogue => place,
        (_, Err(error)) => return Err(error),
        // Another was written on top of it, after its chunks were found there.
        (Some((read, place)), Ok(before)) if place > before && read.has(&manifest) => before,
        (_, Ok(_)) => return Err(bucket.damaged("the catalogue is not what was written")),
    };
    let bytes = sending.bytes;
    let removed = sweep(bucket, &catalogue, &there, place).await.unwrap_or_else(|error| {
        // The next to send sweeps again.
        tracing::warn!("what no snapshot needs any more is still there: {error}");
        0
    });
    Ok(Sent { manifest, spares: catalogue.spares(), bytes, removed })
}

struct Sending<'b> {
    bucket: &'b Bucket,
    /// The chunks that need not be sent.
    there: HashSet<Name>,
    begun: Instant,
    bytes: u64,
}

impl Sending<'_> {
    async fn file(&mut self, path: &Path, of: &Of) -> Result<Manifest, SnapshotError> {
        let chunks = Chunks::of(path)?;
        let mut names = Vec::with_capacity(chunks.count() as usize * NAME);
        for number in 0..chunks.count() {
            let bytes = chunks.read(number)?;
            let name = Name::of(&bytes);
            names.extend_from_slice(name.bytes());
            self.chunk(name, bytes.into()).await?;
            fault::point("snapshot.chunk");
        }
        let mut lists = Vec::new();
        for list in names.chunks(CHUNK as usize) {
            let name = Name::of(list);
            lists.push(name);
            self.chunk(name, Bytes::copy_from_slice(list)).await?;
        }
        Ok(Manifest {
            of: of.clone(),
            layout: archive::LAYOUT,
            bytes: chunks.bytes,
            chunk_bytes: CHUNK,
            names: lists,
        })
    }

    /// Sends a chunk, unless it is there.
    async fn chunk(&mut self, name: Name, bytes: Bytes) -> Result<(), SnapshotError> {
        if !self.there.insert(name) {
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        self.bucket.put(&name, bytes).await?;
        let due = Duration::from_secs_f64(self.bytes as f64 / RATE as f64);
        tokio::time::sleep_until(self.begun + due).await;
        Ok(())
    }
}

/// Removes the chunks that the catalogue at `place` does not name. How many there were.
async fn sweep(
    bucket: &Bucket,
    catalogue: &Catalogue,
    there: &HashSet<Name>,
    place: u64,
) -> Result<usize, SnapshotError> {
    let mut named = HashSet::new();
    for manifest in &catalogue.manifests {
        named.extend(names_of(bucket, manifest).await?);
        named.extend(&manifest.names);
    }
    let mut removed = 0;
    for name in there.difference(&named) {
        bucket.remove(name, place).await?;
        removed += 1;
    }
    Ok(removed)
}
