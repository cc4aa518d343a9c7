//! A store from a backup.

use std::path::Path;

use rusqlite::Connection;

use super::backup::copy_pages;
use super::check::{self, Found};
use super::error::StoreError;
use super::line::RestoreLine;
use super::new_store::NewStore;
use super::source::Source;
use crate::archive;
use crate::log::stored;

pub(super) fn run(line: &RestoreLine) -> Result<String, StoreError> {
    let files = line.place.files()?;
    let store = NewStore::begin(&files)?;
    let source = Source::backup(&line.file)?;
    let Found { at, .. } = check::look_through(&source)?;
    let made = store.files();
    write_archive(&source, &made.archive)?;
    store.write_log(|db| {
        let extent = stored::copy(&source.log, &line.file, db);
        store.begin_life(db, extent.map_err(StoreError::copying(&made.log))?, at)
    })?;
    // What was made is what was looked through, and the beginning of another life.
    let found = check::look_through(&Source::alone(&made, true)?)?;
    let found = found.of(&files.log);
    store.finish()?;
    Ok(format!("{} is a store again.\n{found}", files.log.display()))
}

/// Copies the archive out of a backup: everything but the log.
fn write_archive(source: &Source, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::unwritten(path, &error);
    let mut db = Connection::open(path).map_err(failed)?;
    copy_pages(&source.archive, &mut db, path)?;
    let finish = || {
        db.pragma_update(None, "journal_mode", "off")?;
        db.pragma_update(None, "synchronous", "off")?;
        let layout: i64 =
            db.query_row("SELECT archive FROM backup WHERE one = 1", [], |row| row.get(0))?;
        db.execute_batch("DROP TABLE log; DROP TABLE trimmed; DROP TABLE backup;")?;
        db.pragma_update(None, "application_id", archive::APPLICATION)?;
        db.pragma_update(None, "user_version", layout)?;
        // What the log took is given back, a page for every row that is asked for.
        let mut vacuum = db.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    };
    finish().map_err(failed)?;
    db.close().map_err(|(_, error)| failed(error))
}
