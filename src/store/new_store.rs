//! A store that is being made.

use std::fs::File;

use rusqlite::Connection;

use super::error::StoreError;
use super::line::Files;
use super::new_file::{NewFile, sync_folder};
use crate::command::{Command, Entry};
use crate::database::beside;
use crate::id::Epoch;
use crate::log::sqlite;
use crate::log::stored::{self, Extent};
use crate::timestamp::Timestamp;

/// The two files of a store, both under other names until it is whole.
///
/// They get their names one after the other. Meanwhile a third file says that a store is half made
/// ([`sqlite::half_made`]): what is there without its log then is no rest of a store, and goes.
pub(super) struct NewStore {
    files: Files,
    log: NewFile,
    archive: NewFile,
}

impl NewStore {
    /// Begins a store where there is none.
    pub(super) fn begin(files: &Files) -> Result<NewStore, StoreError> {
        undo(files).map_err(|error| StoreError::unwritable(&files.log, &error))?;
        for path in [&files.log, &files.archive] {
            for path in [path.clone(), beside(path, "-wal")] {
                if path.exists() {
                    return Err(StoreError::Impossible(format!(
                        "{} is there already. Name a store that is not there with --store.",
                        path.display()
                    )));
                }
            }
        }
        let (log, archive) =
            (NewFile::begin(&files.log, false)?, NewFile::begin(&files.archive, false)?);
        Ok(NewStore { files: files.clone(), log, archive })
    }

    /// Where the files are made.
    pub(super) fn files(&self) -> Files {
        Files { log: self.log.making().to_owned(), archive: self.archive.making().to_owned() }
    }

    /// Writes the log: what `fill` puts into it.
    pub(super) fn write_log(
        &self,
        fill: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = self.log.making();
        let failed = |error: rusqlite::Error| StoreError::unwritten(path, &error);
        let mut db = Connection::open(path).map_err(failed)?;
        db.pragma_update(None, "journal_mode", "off").map_err(failed)?;
        db.pragma_update(None, "synchronous", "off").map_err(failed)?;
        stored::dress(&db).map_err(failed)?;
        let transaction = db.transaction().map_err(failed)?;
        fill(&transaction)?;
        transaction.commit().map_err(failed)?;
        db.close().map_err(|(_, error)| failed(error))
    }

    /// Appends the beginning of a new life.
    pub(super) fn begin_life(
        &self,
        db: &Connection,
        mut extent: Extent,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let command = Command::Begin { epoch: Epoch::from_random(random()?) };
        stored::append(db, &mut extent, &Entry::new(at, command))
            .map_err(|error| StoreError::unwritten(self.log.making(), &error))
    }

    /// Begins a log behind `position`, with nothing in it yet.
    pub(super) fn begin_behind(
        &self,
        db: &Connection,
        position: u64,
    ) -> Result<Extent, StoreError> {
        stored::begin_behind(db, position, u32::from_le_bytes(random()?))
            .map_err(|error| StoreError::unwritten(self.log.making(), &error))
    }

    /// Puts both files in their places. The log comes last: without it there is no store.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        let NewStore { files, log, archive } = self;
        let half = sqlite::half_made(&files.log);
        let begun = File::create(&half).and_then(|_| sync_folder(&half));
        let named = begun
            .map_err(|error| StoreError::unwritable(&files.log, &error))
            .and_then(|()| archive.finish())
            .and_then(|()| log.finish());
        // Where the log has no name, nothing of the store has.
        let ended = undo(&files).map_err(|error| StoreError::unwritable(&files.log, &error));
        named.and(ended)
    }
}

/// Takes away what a store that was not finished has left.
fn undo(files: &Files) -> std::io::Result<()> {
    let half = sqlite::half_made(&files.log);
    if !half.exists() {
        return Ok(());
    }
    if !files.log.exists() && files.archive.exists() {
        std::fs::remove_file(&files.archive)?;
        sync_folder(&files.archive)?;
    }
    std::fs::remove_file(&half)
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| {
        StoreError::Impossible(format!("The system provides no randomness: {error}."))
    })?;
    Ok(random)
}
