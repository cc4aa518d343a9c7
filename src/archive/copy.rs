//! The file of an archive as of one moment, while its keeper goes on.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{ArchiveError, Trouble, schema};
use crate::history::Mark;

/// Pages that are copied at once.
const PAGES: i32 = 1024;

/// Copies the archive `from` to `to`, where there is nothing, page by page: a page that did not
/// change stands where it stood. Neither the keeper nor readers wait. Gives the place in the log
/// that the snapshot in the copy is of; none if it has no snapshot.
///
/// # Errors
/// It cannot be read or not be written; a part of the copy may be there.
pub fn copy(from: &Path, to: &Path) -> Result<Option<Mark>, ArchiveError> {
    let unwritten = |error: rusqlite::Error| ArchiveError::of(to, &error);
    let source = begin(from).map_err(|trouble| trouble.of(from))?;
    let mut made = Connection::open(to).map_err(unwritten)?;
    // Whoever uses it syncs it, and nobody finds half of it.
    made.pragma_update(None, "journal_mode", "off").map_err(unwritten)?;
    made.pragma_update(None, "synchronous", "off").map_err(unwritten)?;
    let copying = Backup::new(&source, &mut made).map_err(unwritten)?;
    while copying.step(PAGES).map_err(unwritten)? != StepResult::Done {}
    drop(copying);
    made.close().map_err(|(_, error)| unwritten(error))?;
    let snapshot = schema::snapshot(&source).map_err(|trouble| trouble.of(from))?;
    Ok(snapshot.map(|(mark, _)| mark))
}

/// What the archive `path`, which nobody has open, is up to: the place of its snapshot, none if it
/// has none.
///
/// # Errors
/// It cannot be read, or is no archive that this program knows.
pub fn snapshot_of(path: &Path) -> Result<Option<Mark>, ArchiveError> {
    let look = || Ok(schema::snapshot(&begin(path)?)?.map(|(mark, _)| mark));
    look().map_err(|trouble: Trouble| trouble.of(path))
}

/// Begins to read as of now.
fn begin(path: &Path) -> Result<Connection, Trouble> {
    let db = schema::open_reader(path)?;
    db.execute_batch("BEGIN")?;
    schema::check(&db)?;
    Ok(db)
}
