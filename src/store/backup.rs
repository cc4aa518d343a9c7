//! A store in one file, made while the server runs.
//!
//! The file is the archive's, page by page as it was at one moment, and the log's tables with it:
//! with SQLite's own tools it reads as the store itself does.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::error::StoreError;
use super::line::BackupLine;
use super::new_file::NewFile;
use super::source::{BACKUP, BACKUP_LAYOUT, Source};
use crate::clock;
use crate::fault;
use crate::log::stored::{self, Extent};

/// Pages that are copied from one look at the time to the next.
const PAGES: i32 = 1024;

/// How often whoever waits is told how far it is.
const TELL: Duration = Duration::from_secs(1);

/// What a backup says of itself.
const TABLE: &str = "CREATE TABLE backup (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    made INTEGER NOT NULL,    -- when: milliseconds since 1970
    archive INTEGER NOT NULL  -- the version of the archive's tables
) STRICT;";

pub(super) fn run(line: &BackupLine) -> Result<String, StoreError> {
    let file = NewFile::begin(&line.file, line.force)?;
    let source = Source::running(&line.place.files()?)?;
    let extent = copy(&source, file.making())?;
    seal(file.making()).map_err(|error| StoreError::unwritten(&line.file, &error))?;
    file.finish()?;
    let bytes = std::fs::metadata(&line.file).map_or(0, |file| file.len());
    Ok(format!(
        "{} has the store up to entry {}: {bytes} bytes.\n",
        line.file.display(),
        extent.last().position
    ))
}

/// Copies the archive to `path`, and the tables of the log behind it.
pub(super) fn copy(source: &Source, path: &Path) -> Result<Extent, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::unwritten(path, &error);
    let mut db = Connection::open(path).map_err(failed)?;
    copy_pages(&source.archive, &mut db, path)?;
    fault::point("archive.copied");
    // The file is synced as a whole, and is not found before that.
    db.pragma_update(None, "journal_mode", "off").map_err(failed)?;
    db.pragma_update(None, "synchronous", "off").map_err(failed)?;
    let transaction = db.transaction().map_err(failed)?;
    let extent = stored::copy(&source.log, &source.files.log, &transaction)
        .map_err(StoreError::copying(path))?;
    transaction.commit().map_err(failed)?;
    db.close().map_err(|(_, error)| failed(error))?;
    Ok(extent)
}

/// Copies a database page by page, and says how far it is when it takes long.
pub(super) fn copy_pages(
    from: &Connection,
    to: &mut Connection,
    path: &Path,
) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::unwritten(path, &error);
    let copying = Backup::new(from, to).map_err(failed)?;
    let mut told = Instant::now();
    loop {
        let done = copying.step(PAGES).map_err(failed)? == StepResult::Done;
        fault::point("pages.copied");
        if done {
            return Ok(());
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            let progress = copying.progress();
            let done = progress.pagecount - progress.remaining;
            eprintln!("chatroom: {done} of {} pages are copied", progress.pagecount);
        }
    }
}

/// Makes a copy a backup.
fn seal(path: &Path) -> rusqlite::Result<()> {
    let db = Connection::open(path)?;
    let archive: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    db.execute_batch(TABLE)?;
    db.execute("INSERT INTO backup VALUES (1, ?1, ?2)", (clock::now().0 as i64, archive))?;
    db.pragma_update(None, "application_id", BACKUP)?;
    db.pragma_update(None, "user_version", BACKUP_LAYOUT)?;
    db.close().map_err(|(_, error)| error)
}
