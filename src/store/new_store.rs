//! A store that is being made.

use rusqlite::Connection;

use super::error::StoreError;
use super::line::Files;
use super::new_file::{NewFile, with};
use crate::command::{Command, Entry};
use crate::id::Epoch;
use crate::log::stored::{self, Extent};
use crate::timestamp::Timestamp;

/// The two files of a store, both under other names until it is whole.
pub(super) struct NewStore {
    log: NewFile,
    archive: NewFile,
}

impl NewStore {
    /// Begins a store where there is none.
    pub(super) fn begin(files: &Files) -> Result<NewStore, StoreError> {
        for path in [&files.log, &files.archive] {
            for path in [path.clone(), with(path, "-wal")] {
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
        Ok(NewStore { log, archive })
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
        self.archive.finish()?;
        self.log.finish()
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| {
        StoreError::Impossible(format!("The system provides no randomness: {error}."))
    })?;
    Ok(random)
}
