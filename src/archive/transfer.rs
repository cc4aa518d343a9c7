//! Moves messages from one archive to another, each with the names of its lines.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::Connection;

use super::keeper::{Keeper, Taking};
use super::line::Line;
use super::message::Rows;
use super::{ArchiveError, Trouble, schema};
use crate::history::Mark;
use crate::message::Message;

/// Marks an SQLite file as an archive (`PRAGMA application_id`).
pub const APPLICATION: i64 = schema::APPLICATION;

/// The version of its tables (`PRAGMA user_version`).
pub const LAYOUT: i64 = schema::LAYOUT;

/// Whether `db`, opened from the file `path`, is an archive that this program knows.
///
/// # Errors
/// It is not, or cannot be read.
pub fn check_reader(path: &Path, db: &Connection) -> Result<(), ArchiveError> {
    schema::check(db).map_err(|trouble| trouble.of(path))
}

/// An archive in memory that has nothing in it.
///
/// # Errors
/// There is no memory for it.
pub fn empty() -> Result<Connection, ArchiveError> {
    let path = Path::new(":memory:");
    schema::open(path).map_err(|trouble| trouble.of(path))
}

/// The newest snapshot of the state, with the place in the log that it is of.
///
/// # Errors
/// It cannot be read, or is not what was written.
pub fn snapshot(path: &Path, db: &Connection) -> Result<Option<(Mark, Vec<u8>)>, ArchiveError> {
    schema::snapshot(db).map_err(|trouble| trouble.of(path))
}

/// Gives every message to `each`, by id, with the names of the lines that it stands in.
///
/// # Errors
/// The archive is not what was written, or what `each` says.
pub fn each_message<E: From<ArchiveError>>(
    path: &Path,
    db: &Connection,
    mut each: impl FnMut(Message, Vec<String>) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |trouble: Trouble| E::from(trouble.of(path));
    let lines = Line::starting(db, "").map_err(failed)?;
    let names: HashMap<i64, String> =
        lines.into_iter().map(|line| (line.number, line.line)).collect();
    let mut next = Rows::from(db, 0).map_err(failed)?;
    while let Some(row) = next {
        for archived in row.all().map_err(failed)? {
            let lines = archived.lines.iter().map(|number| names.get(number).cloned());
            let lines = lines.collect::<Option<_>>().ok_or_else(|| {
                let what = format!("a line of message {} is missing", archived.message.id.0);
                failed(Trouble::Damage(what))
            })?;
            each(archived.message, lines)?;
        }
        next = Rows::from(db, row.last + 1).map_err(failed)?;
    }
    Ok(())
}

impl Keeper {
    /// Takes over messages behind those that are there, by id, each with the names of its lines:
    /// all of them or none.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn receive(&mut self, messages: &[(Message, Vec<String>)]) -> Result<(), ArchiveError> {
        let path = self.path.clone();
        let mut receive = || {
            let transaction = self.db.transaction()?;
            let mut taking = Taking::resume(&transaction)?;
            for (message, lines) in messages {
                taking.post(&transaction, message, lines.iter().cloned())?;
            }
            taking.finish(&transaction)?;
            transaction.commit()?;
            Ok(())
        };
        receive().map_err(|trouble: Trouble| trouble.of(&path))
    }

    /// Says up to where the log has been taken over, and what the state is there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn arrive(&mut self, mark: &Mark, state: &[u8]) -> Result<(), ArchiveError> {
        self.take(&[], mark.clone())?;
        self.keep_snapshot(mark, state)
    }
}
