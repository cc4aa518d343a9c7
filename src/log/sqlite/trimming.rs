//! Deletes rows that a snapshot stands for, a few at a time.

use rusqlite::Connection;

use crate::fault;

/// Entries that are deleted in one transaction: others wait for it.
pub(super) const TRIMMED_AT_ONCE: i64 = 500;

/// Pages of the file that are given back with them.
pub(super) const PAGES_AT_ONCE: u32 = 64;

/// Deletes the rows up to `through`. Its number and checksum.
pub(super) fn trim(db: &mut Connection, through: i64) -> rusqlite::Result<(i64, u32)> {
    let transaction = db.transaction()?;
    let query = "SELECT checksum FROM log WHERE seq = ?1";
    let checksum = transaction.query_row(query, [through], |row| row.get(0))?;
    transaction.execute("DELETE FROM log WHERE seq <= ?1", [through])?;
    transaction
        .execute("UPDATE trimmed SET seq = ?1, checksum = ?2 WHERE one = 1", (through, checksum))?;
    fault::point("trim.before_commit");
    transaction.commit()?;
    fault::point("trim.committed");
    Ok((through, checksum))
}

/// Gives a few free pages back to the file system.
pub(super) fn give_back(db: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = db.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
    // It gives a page back for every row that it is asked for.
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
