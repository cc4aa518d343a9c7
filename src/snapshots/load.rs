//! A snapshot on its way from the servers.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::SnapshotError;
use super::bucket::Bucket;
use super::chunks::Name;
use super::manifest::Manifest;

/// Chunks that are asked for at once.
const AT_ONCE: usize = 16;

/// The chunks of a manifest's file, in order.
pub(super) async fn names_of(
    bucket: &Bucket,
    manifest: &Manifest,
) -> Result<Vec<Name>, SnapshotError> {
    let mut names = Vec::new();
    for list in &manifest.names {
        let bytes = bucket.get(list).await?;
        let some = Name::all(&bytes);
        names.extend(some.ok_or_else(|| bucket.damaged(format!("the chunk {list} is no list")))?);
    }
    let expected = manifest.bytes.div_ceil(manifest.chunk_bytes.max(1));
    if names.len() as u64 != expected {
        let what = format!("a manifest names {} chunks of {expected}", names.len());
        return Err(bucket.damaged(what));
    }
    Ok(names)
}

/// All chunks that a manifest needs.
pub(super) async fn named_by(
    bucket: &Bucket,
    manifest: &Manifest,
) -> Result<Vec<Name>, SnapshotError> {
    let mut names = names_of(bucket, manifest).await?;
    names.extend(&manifest.names);
    Ok(names)
}

/// See [`super::Snapshots::verify`].
pub(super) async fn verify(bucket: &Bucket, manifest: &Manifest) -> Result<(), SnapshotError> {
    each_chunk(bucket, manifest, |_| Ok(())).await
}

/// See [`super::Snapshots::load`].
pub(super) async fn load(
    bucket: &Bucket,
    manifest: &Manifest,
    path: &Path,
) -> Result<(), SnapshotError> {
    let failed = |error: std::io::Error| SnapshotError::of_file(path, &error);
    let file = File::create_new(path).map_err(failed)?;
    let mut out = BufWriter::new(file);
    each_chunk(bucket, manifest, |bytes| out.write_all(bytes).map_err(failed)).await?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)
}

/// Gives the chunks of a manifest's file to `each`, in order, each as its name says.
async fn each_chunk(
    bucket: &Bucket,
    manifest: &Manifest,
    mut each: impl FnMut(&[u8]) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    let names = names_of(bucket, manifest).await?;
    let mut read = 0;
    let mut chunks =
        stream::iter(&names).map(|name| bucket.get(name)).buffered(AT_ONCE).into_stream();
    while let Some(bytes) = chunks.try_next().await? {
        read += Bytes::len(&bytes) as u64;
        each(&bytes)?;
    }
    if read != manifest.bytes {
        let what = format!("a manifest has {read} bytes of {}", manifest.bytes);
        return Err(bucket.damaged(what));
    }
    Ok(())
}
