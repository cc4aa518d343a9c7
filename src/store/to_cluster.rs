//! A store in an SQLite file becomes the beginning of a stream.
//!
//! No entry is sent: the stream begins empty behind a snapshot of everything. It says that it is
//! being filled until that snapshot was read back, and no node starts on it before.

use std::path::Path;

use super::check;
use super::error::StoreError;
use super::line::{Files, MoveLine};
use super::new_file::NewFile;
use super::settled::Settling;
use super::source::Source;
use super::stream::{Servers, Stream};
use super::backup::copy_pages;
use crate::config::Nats;
use crate::log::moved;
use crate::snapshots::Of;
use crate::state::State;

pub(super) fn run(line: &MoveLine, from: &Path, to: &Nats) -> Result<String, StoreError> {
    let servers = Servers::of(line)?;
    let files = Files::of(from, &servers.settings.history);
    let source = Source::stopped(&files)?;
    let already = moved::moved_to(&source.log);
    if let Some(place) = already.map_err(|error| StoreError::unreadable(&files.log, &error))? {
        return Err(StoreError::Impossible(moved::sentence(&files.log, &place)));
    }
    check::look_through(&source)?;
    let stream = Stream::begin(&servers, to, &line.from.to_string())?;
    let copy = NewFile::scratch(&files.archive)?;
    let state = settle(&source, copy.making(), &stream.sign(0))?;
    let of = Of {
        incarnation: stream.incarnation().to_owned(),
        position: state.position(),
        seq: 0,
        epoch: state.epoch().map(ToString::to_string).unwrap_or_default(),
        digest: None,
    };
    let sent = stream.snapshots.send(copy.making(), &of)?;
    stream.snapshots.verify(&sent.manifest)?;
    stream.is_whole()?;
    if !line.keep {
        // Its readers would keep the mark from the file itself.
        let lock = source.close();
        moved::mark_moved(&files.log, &line.to.to_string())
            .map_err(|error| StoreError::unwritten(&files.log, &error))?;
        drop(lock);
    }
    Ok(format!(
        "{} goes on in {}, behind entry {}, with {} bytes of history.\n",
        files.log.display(),
        line.to,
        state.position(),
        sent.manifest.bytes
    ))
}

/// Makes the archive of a store with everything in it, which begins a log of this sign.
fn settle(source: &Source, path: &Path, sign: &str) -> Result<State, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::unwritten(path, &error);
    let mut db = rusqlite::Connection::open(path).map_err(failed)?;
    copy_pages(&source.archive, &mut db, path)?;
    db.close().map_err(|(_, error)| failed(error))?;
    let mut settling = Settling::begin(path)?;
    settling.replay(&source.log, &source.files.log)?;
    settling.arrive(sign.to_owned())
}
