//! An archive that is good enough to begin with, before a node of a cluster starts.
//!
//! Its own, if the log still has everything behind it; else the newest snapshot's.

use std::path::Path;

use super::StartError;
use crate::archive::{self, ArchiveError};
use crate::database::beside;
use crate::history::Mark;
use crate::snapshots::{Manifest, Snapshots};

/// How often the log may be trimmed while a snapshot is loaded.
const TRIES: usize = 3;

/// Puts an archive in the place `file` from which the log of this incarnation can be gone on with,
/// unless there is one or none is needed. `first` is asked for the first message that the stream of
/// the log still has.
///
/// Blocks its thread, which must not be one of the runtime's.
///
/// # Errors
/// The archive is of another log; or there is none from which it could be gone on, here or there.
pub fn join(
    file: &Path,
    incarnation: &str,
    snapshots: &Snapshots,
    first: impl Fn() -> Result<u64, StartError>,
) -> Result<(), StartError> {
    clear(file);
    for _ in 0..TRIES {
        let needed = first()?;
        match seq_of(file, incarnation)? {
            // Message 0 is before the first.
            Some(seq) if seq + 1 >= needed => return Ok(()),
            _ => {}
        }
        let manifests = snapshots.manifests(incarnation)?;
        let mut fit = manifests.iter().filter(|manifest| manifest.of.seq + 1 >= needed).peekable();
        if fit.peek().is_none() {
            if needed <= 1 && manifests.is_empty() {
                return Ok(());
            }
            return Err(StartError::NoSnapshot { first: needed });
        }
        load_one(file, fit, snapshots)?;
    }
    // It has just been loaded, so little is missing: whoever starts the node again succeeds.
    Err(StartError::NoSnapshot { first: first()? })
}

/// The message of the log that the state in the archive comes up to; none without such a state.
fn seq_of(file: &Path, incarnation: &str) -> Result<Option<u64>, StartError> {
    if !file.exists() {
        return Ok(None);
    }
    let Some(mark) = archive::snapshot_of(file)? else { return Ok(None) };
    match mark.sign.split_once(':') {
        Some((of, seq)) if of == incarnation => Ok(seq.parse().ok()),
        _ => {
            let what = "it belongs to another log, or to one that was made anew under this name";
            Err(ArchiveError::damaged(file, what).into())
        }
    }
}

/// Loads the first of these snapshots that is whole.
fn load_one<'m>(
    file: &Path,
    manifests: impl Iterator<Item = &'m Manifest>,
    snapshots: &Snapshots,
) -> Result<(), StartError> {
    let making = beside(file, ".loading");
    let mut failed = None;
    for manifest in manifests {
        tracing::info!(
            "loading the snapshot of entry {}: {} bytes",
            manifest.of.position,
            manifest.bytes
        );
        match load(manifest, &making, snapshots) {
            Ok(()) => {
                let placed = place(&making, file);
                return placed.map_err(|error| ArchiveError::unavailable(file, &error).into());
            }
            Err(error) => {
                tracing::warn!("the snapshot of entry {}: {error}", manifest.of.position);
                failed = Some(error);
            }
        }
    }
    clear(file);
    failed.map_or(Ok(()), Err)
}

fn load(manifest: &Manifest, making: &Path, snapshots: &Snapshots) -> Result<(), StartError> {
    let _ = std::fs::remove_file(making);
    snapshots.load(manifest, making)?;
    let of = &manifest.of;
    let mark = Mark { position: of.position, sign: format!("{}:{}", of.incarnation, of.seq) };
    if archive::snapshot_of(making)? != Some(mark) {
        return Err(ArchiveError::damaged(making, "it is not what its manifest says").into());
    }
    Ok(())
}

/// Puts a file in the place of an archive that nobody has open.
///
/// The old one goes first, and its write-ahead log then: that belongs to no other file.
fn place(making: &Path, file: &Path) -> std::io::Result<()> {
    remove(file)?;
    for path in [file, making] {
        for ending in ["-wal", "-shm"] {
            remove(&beside(path, ending))?;
        }
    }
    std::fs::rename(making, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes away what a process that was killed has left.
fn clear(file: &Path) {
    for ending in [".loading", ".loading-wal", ".loading-shm", ".sending"] {
        let _ = std::fs::remove_file(beside(file, ending));
    }
}
