//! The rows of the log, each chained to the one before by its checksum.

use std::path::Path;

use rusqlite::{Connection, Statement, ToSql};

use super::super::{Damage, codec};
use crate::command::Entry;

/// Reads the rows behind `first` up to row `through`; gives the entries behind row `after` to
/// `each`. Number and checksum of the last row.
pub(in crate::log) fn read(
    db: &Connection,
    path: &Path,
    first: (i64, u32),
    through: i64,
    after: i64,
    each: &mut dyn FnMut(Entry),
) -> Result<(i64, u32), Damage> {
    if first.0 > after {
        return Err(Damage(format!(
            "The store {0} begins behind entry {1}: what was before is in the history beside it, \
             {0}-archive, which is missing or older. Nothing was changed; put a backup of both in \
             their place.",
            path.display(),
            first.0,
        )));
    }
    let (mut last, mut sum) = first;
    let read = rows(db, through, |seq, text, checksum| {
        if seq != last + 1 {
            return Err("it is missing".to_owned());
        }
        let chained = chained(sum, seq, text);
        if i64::from(chained) != checksum {
            return Err("its checksum does not fit".to_owned());
        }
        if seq > after {
            let text = std::str::from_utf8(text).map_err(|_| "it is no text".to_owned())?;
            each(codec::decode(text)?);
        }
        (last, sum) = (seq, chained);
        Ok(())
    });
    match read {
        Ok(()) => Ok((last, sum)),
        Err(what) => Err(Damage(format!(
            "The store {} is damaged at entry {}: {what}. Nothing was changed; put a backup \
             in its place, or name another file with --store.",
            path.display(),
            last + 1,
        ))),
    }
}

/// Gives number, text and checksum of the rows up to `through` to `each`.
fn rows(
    db: &Connection,
    through: i64,
    mut each: impl FnMut(i64, &[u8], i64) -> Result<(), String>,
) -> Result<(), String> {
    let unreadable = |error: rusqlite::Error| format!("it cannot be read ({error})");
    let query = "SELECT seq, CAST(entry AS BLOB), checksum FROM log
                 WHERE seq <= ?1 ORDER BY seq";
    let mut statement = db.prepare_cached(query).map_err(unreadable)?;
    let mut rows = statement.query([through]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let seq = row.get(0).map_err(unreadable)?;
        let text = row.get_ref(1).map_err(unreadable)?;
        let text = text.as_blob().map_err(|error| unreadable(error.into()))?;
        each(seq, text, row.get(2).map_err(unreadable)?)?;
    }
    Ok(())
}

/// Number and checksum of the last row that is gone; (0, 0) if none is.
pub(in crate::log) fn trimmed(db: &Connection) -> rusqlite::Result<(i64, u32)> {
    let query = "SELECT seq, checksum FROM trimmed WHERE one = 1";
    db.prepare_cached(query)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(in crate::log) fn insert_row(
    statement: &mut Statement<'_>,
    seq: i64,
    entry: &[u8],
    checksum: u32,
) -> rusqlite::Result<()> {
    // The codec writes UTF-8, so the text needs no second check.
    let entry = rusqlite::types::ToSqlOutput::Borrowed(rusqlite::types::ValueRef::Text(entry));
    statement.execute([&seq as &dyn ToSql, &entry, &checksum])?;
    Ok(())
}

pub(in crate::log) fn chained(before: u32, seq: i64, entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&before.to_le_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(entry);
    hasher.finalize()
}
