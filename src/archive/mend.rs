//! An archive with an index that is made anew.
//!
//! Everything but the index is copied row by row into a new file: so nothing of what may be damaged
//! has to be written, or deleted, to be rid of it.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use super::message::Rows;
use super::{ArchiveError, Trouble, index, schema};

/// Messages whose words are added in one transaction.
const AT_ONCE: usize = 10_000;

/// Makes the archive in `db`, which came from the file `from`, once more in `to`, where there is
/// nothing, with an index of its messages. Whoever uses it syncs it.
///
/// # Errors
/// It cannot be read or not be written; a part of the copy may be there.
pub fn mend(from: &Path, db: &Connection, to: &Path) -> Result<(), ArchiveError> {
    let unwritten = |error: rusqlite::Error| ArchiveError::of(to, &error);
    let mut made = schema::open(to).map_err(|trouble| trouble.of(to))?;
    made.pragma_update(None, "journal_mode", "off").map_err(unwritten)?;
    made.pragma_update(None, "synchronous", "off").map_err(unwritten)?;
    for table in schema::NAMES {
        copy(db, &mut made, table).map_err(|trouble| trouble.of(from))?;
    }
    add_words(&mut made).map_err(|trouble| trouble.of(to))?;
    made.close().map_err(|(_, error)| unwritten(error))
}

/// Whether SQLite finds nothing wrong with the tables that the index is made of.
///
/// # Errors
/// It cannot be read.
pub fn is_sound_beside_index(path: &Path, db: &Connection) -> Result<bool, ArchiveError> {
    for table in schema::NAMES {
        let query = format!("PRAGMA integrity_check({table})");
        let found = db.query_row(&query, [], |row| row.get::<_, String>(0));
        if found.map_err(|error| ArchiveError::of(path, &error))? != "ok" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn copy(from: &Connection, to: &mut Connection, table: &str) -> Result<(), Trouble> {
    let mut statement = from.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let places = vec!["?"; columns].join(", ");
    let transaction = to.transaction()?;
    {
        let mut insert = transaction.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.get_ref(column));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            let values = values.into_iter().map(rusqlite::types::ToSqlOutput::Borrowed);
            insert.execute(params_from_iter(values))?;
        }
    }
    Ok(transaction.commit()?)
}

fn add_words(db: &mut Connection) -> Result<(), Trouble> {
    let mut next = 0;
    loop {
        let transaction = db.transaction()?;
        let mut added = 0;
        while added < AT_ONCE {
            let Some(row) = Rows::from(&transaction, next)? else {
                return Ok(transaction.commit()?);
            };
            for archived in row.all()? {
                index::add(&transaction, &archived.message, &archived.lines)?;
                added += 1;
            }
            next = row.last + 1;
        }
        transaction.commit()?;
    }
}
