//! A store in an SQLite file becomes the beginning of a stream.
//!
//! No entry is sent: the stream begins empty, at the next position, behind a snapshot of everything.
//! It says that it is being filled until that snapshot was read back, and no node starts on it before.

use std::path::Path;

use super::backup::copy_pages;
use super::check;
use super::error::StoreError;
use super::line::{Files, MoveLine};
use super::new_file::NewFile;
use super::settled::Settling;
use super::source::Source;
use super::stream::{Servers, Stream};
use crate::config::Nats;
use crate::snapshots::Of;

pub(super) fn run(line: &MoveLine, from: &Path, to: &Nats) -> Result<String, StoreError> {
    let servers = Servers::of(line)?;
    let files = Files::of(from, &servers.settings.history);
    let source = Source::stopped(&files)?;
    source.is_not_left()?;
    check::look_through(&source)?;
    let copy = NewFile::scratch(&files.archive)?;
    let settled = settle(&source, copy.making())?;
    let position = settled.state().position();
    let stream = Stream::begin(&servers, to, position, &line.from.to_string())?;
    let state = settled.arrive(stream.sign(position))?;
    let of = Of {
        incarnation: stream.incarnation().to_owned(),
        position,
        seq: position,
        epoch: state.epoch().map(ToString::to_string).unwrap_or_default(),
        digest: None,
    };
    let sent = stream.snapshots.send(copy.making(), &of)?;
    stream.snapshots.verify(&sent.manifest)?;
    stream.is_whole()?;
    if !line.keep {
        source.leave(&line.to.to_string())?;
    }
    Ok(format!(
        "{} goes on in {}, behind entry {}, with {} bytes of history.\n",
        files.log.display(),
        line.to,
        position,
        sent.manifest.bytes
    ))
}

/// Makes the archive of a store with everything in it.
fn settle(source: &Source, path: &Path) -> Result<Settling, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::unwritten(path, &error);
    let mut db = rusqlite::Connection::open(path).map_err(failed)?;
    copy_pages(&source.archive, &mut db, path)?;
    db.close().map_err(|(_, error)| failed(error))?;
    let mut settling = Settling::begin(path)?;
    settling.replay(&source.log, &source.files.log)?;
    Ok(settling)
}
