//! A log as it lies in a database: looked through, copied, begun, without being run.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::sqlite::{
    APPLICATION, LAYOUT, TABLES, TRIMMED, chained, check_length, insert_row, is_new, read, trimmed,
};
use super::{Damage, codec};
use crate::command::Entry;
use crate::database::phrase;
use crate::history::Mark;

/// From where to where a log goes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    first: (i64, u32),
    last: (i64, u32),
}

impl Extent {
    /// The last entry that was trimmed; position 0 if none was.
    pub fn trimmed(&self) -> Mark {
        mark(self.first)
    }

    /// The last entry.
    pub fn last(&self) -> Mark {
        mark(self.last)
    }

    /// How many entries there are.
    pub fn entries(&self) -> u64 {
        (self.last.0 - self.first.0) as u64
    }
}

/// Why a log was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be read.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The copy cannot be written.
    #[error("{0}")]
    Unwritable(#[from] rusqlite::Error),
}

/// Says what is wrong with a file that no database could be opened in without changing it: another
/// program's, or one that ends too early.
///
/// # Errors
/// A sentence about that file.
pub fn check_file(path: &Path) -> Result<(), Damage> {
    match is_new(path) {
        Ok(false) => check_length(path).map_err(|error| Damage(error.to_string())),
        Ok(true) => Err(Damage(format!("The store {} is empty.", path.display()))),
        Err(error) => Err(Damage(error.to_string())),
    }
}

/// Whether this program knows the layout of a log.
///
/// # Errors
/// It does not, or the database cannot be read.
pub fn check_layout(db: &Connection, path: &Path) -> Result<(), Damage> {
    let shown = path.display();
    let layout = db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    match layout {
        Ok(LAYOUT) => Ok(()),
        Ok(1) => Err(Damage(format!(
            "The store {shown} was written by an older chatroom: start the server on it once."
        ))),
        Ok(layout) => Err(Damage(format!(
            "The store {shown} has layout {layout}, this program knows layout {LAYOUT}: it was \
             written by another version of chatroom."
        ))),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The last entry that was trimmed; position 0 if none was.
///
/// # Errors
/// The database cannot be read.
pub fn trimmed_through(db: &Connection, path: &Path) -> Result<Mark, Damage> {
    trimmed(db).map(mark).map_err(|error| unreadable(path, &error))
}

/// The place of an entry that is there, or of the last that was trimmed.
///
/// # Errors
/// The database cannot be read.
pub fn mark_at(db: &Connection, path: &Path, position: u64) -> Result<Option<Mark>, Damage> {
    let find = || {
        let first = trimmed(db)?;
        if first.0 as u64 == position {
            return Ok(Some(mark(first)));
        }
        let query = "SELECT seq, checksum FROM log WHERE seq = ?1";
        let mut statement = db.prepare_cached(query)?;
        let row = statement.query_row([position as i64], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?.map(mark))
    };
    find().map_err(|error: rusqlite::Error| unreadable(path, &error))
}

/// Gives every entry behind position `after` to `each`, with its position; all before them are
/// looked through too.
///
/// # Errors
/// An entry is not what was written, or the log begins behind `after`.
pub fn look_through(
    db: &Connection,
    path: &Path,
    after: u64,
    each: &mut dyn FnMut(u64, Entry),
) -> Result<Extent, Damage> {
    let first = trimmed(db).map_err(|error| unreadable(path, &error))?;
    let after = after.max(first.0 as u64);
    let mut position = after;
    let last = read(db, path, first, i64::MAX, after as i64, &mut |entry| {
        position += 1;
        each(position, entry);
    })?;
    Ok(Extent { first, last })
}

/// Makes the tables of a log in `to` and copies all entries to them, looking each one over.
///
/// # Errors
/// See [`CopyError`].
pub fn copy(from: &Connection, path: &Path, to: &Connection) -> Result<Extent, CopyError> {
    let first = trimmed(from).map_err(|error| unreadable(path, &error))?;
    begin(to, first)?;
    let mut last = first;
    let query = "SELECT seq, CAST(entry AS BLOB), checksum FROM log ORDER BY seq";
    let mut insert = to.prepare("INSERT INTO log (seq, entry, checksum) VALUES (?1, ?2, ?3)")?;
    let failed = |error: rusqlite::Error| unreadable(path, &error);
    let mut statement = from.prepare(query).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let seq: i64 = row.get(0).map_err(failed)?;
        let entry = row.get_ref(1).map_err(failed)?;
        let entry = entry.as_blob().map_err(|error| failed(error.into()))?;
        let checksum = chained(last.1, seq, entry);
        if seq != last.0 + 1 || i64::from(checksum) != row.get::<_, i64>(2).map_err(failed)? {
            return Err(Damage(format!(
                "The store {} is damaged at entry {}.",
                path.display(),
                last.0 + 1
            ))
            .into());
        }
        insert_row(&mut insert, seq, entry, checksum)?;
        last = (seq, checksum);
    }
    Ok(Extent { first, last })
}

/// Makes the tables of a log in `db` whose entries up to `position` were trimmed; `noise` tells it
/// from any other.
///
/// # Errors
/// The database cannot be written.
pub fn begin_behind(db: &Connection, position: u64, noise: u32) -> rusqlite::Result<Extent> {
    let first = (position as i64, noise);
    begin(db, first)?;
    Ok(Extent { first, last: first })
}

/// Appends one entry.
///
/// # Errors
/// The database cannot be written.
pub fn append(db: &Connection, extent: &mut Extent, entry: &Entry) -> rusqlite::Result<()> {
    let mut bytes = Vec::new();
    codec::encode(entry, &mut bytes);
    let seq = extent.last.0 + 1;
    let checksum = chained(extent.last.1, seq, &bytes);
    let mut insert = db.prepare("INSERT INTO log (seq, entry, checksum) VALUES (?1, ?2, ?3)")?;
    insert_row(&mut insert, seq, &bytes, checksum)?;
    extent.last = (seq, checksum);
    Ok(())
}

/// Makes a new, empty database the one of a log. [`copy`] or [`begin_behind`] fills it.
///
/// # Errors
/// It cannot be written.
pub fn dress(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "auto_vacuum", "incremental")?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", LAYOUT)
}

fn begin(db: &Connection, first: (i64, u32)) -> rusqlite::Result<()> {
    db.execute_batch(TABLES)?;
    db.execute_batch(TRIMMED)?;
    db.execute("UPDATE trimmed SET seq = ?1, checksum = ?2 WHERE one = 1", first).map(|_| ())
}

fn mark((position, checksum): (i64, u32)) -> Mark {
    Mark { position: position as u64, sign: format!("{checksum:08x}") }
}

pub(in crate::log) fn unreadable(path: &Path, error: &rusqlite::Error) -> Damage {
    Damage(format!("The store {} cannot be read: {}.", path.display(), phrase(error)))
}
