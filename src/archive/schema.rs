//! What the file holds, how it is opened.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::{Trouble, index};
use crate::history::Mark;

/// Marks an SQLite file as an archive (`PRAGMA application_id`): "chah".
pub(super) const APPLICATION: i64 = 0x6368_6168;

/// The version of the tables (`PRAGMA user_version`), and of what counts as a word in them.
pub(super) const LAYOUT: i64 = 1;

/// Every row that is read back carries a checksum: SQLite notices little of what becomes of its
/// pages, and a damaged archive must say so instead of saying something else.
const TABLES: &str = "
CREATE TABLE messages (
    first INTEGER PRIMARY KEY,  -- the id of the first of up to 64 messages
    last INTEGER NOT NULL,      -- of the last
    messages TEXT NOT NULL,     -- one a line, as JSON, by id
    checksum INTEGER NOT NULL   -- CRC-32 of first, last, messages
) STRICT;
CREATE TABLE lines (
    number INTEGER PRIMARY KEY, -- 1, 2, 3, …
    line TEXT NOT NULL UNIQUE,  -- a room's id, or a user's number and which of its lines
    last INTEGER NOT NULL,      -- the id of its newest message; 0 if it has none
    count INTEGER NOT NULL,     -- how many messages it has
    checksum INTEGER NOT NULL   -- CRC-32 of the rest
) STRICT;
CREATE TABLE places (
    line INTEGER NOT NULL,      -- which
    first INTEGER NOT NULL,     -- the first of up to 512 message ids
    last INTEGER NOT NULL,      -- the last
    before INTEGER NOT NULL,    -- the last of the row before; 0 in a line's first row
    count INTEGER NOT NULL,     -- how many ids
    ids BLOB NOT NULL,          -- the differences from each to the next, LEB128
    checksum INTEGER NOT NULL,  -- CRC-32 of the rest
    PRIMARY KEY (line, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE progress (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,  -- of the last entry of the log that is in here
    sign TEXT NOT NULL,         -- what the log says of itself there
    checksum INTEGER NOT NULL   -- CRC-32 of the rest
) STRICT;
CREATE TABLE snapshot (
    position INTEGER PRIMARY KEY, -- of the last entry of the log that the state comes from
    sign TEXT NOT NULL,           -- what the log says of itself there
    state BLOB NOT NULL,          -- JSON with a version in front
    checksum INTEGER NOT NULL     -- CRC-32 of the rest
) STRICT;
";

/// The tables above.
pub(super) const NAMES: [&str; 5] = ["messages", "lines", "places", "progress", "snapshot"];

/// Opens the archive for writing, making it if there is none.
pub(super) fn open(path: &Path) -> Result<Connection, Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        db.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    db.pragma_update(None, "journal_mode", "wal")?;
    // What is lost with the power is taken over again: the log is not trimmed before a sync.
    db.pragma_update(None, "synchronous", "normal")?;
    db.pragma_update(None, "secure_delete", "on")?;
    plan_once(&db)?;
    if tables == 0 {
        db.execute_batch(&format!(
            "BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT}; \
             {TABLES} {} COMMIT;",
            index::TABLE
        ))?;
    }
    check(&db)?;
    index::check(&db)?;
    Ok(db)
}

/// Whether the database is an archive that this program knows.
pub(super) fn check(db: &Connection) -> Result<(), Trouble> {
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("application_id")? != APPLICATION {
        return Err(Trouble::Damage("it is the database of another program".to_owned()));
    }
    let layout = pragma("user_version")?;
    if layout != LAYOUT {
        return Err(Trouble::Damage(format!(
            "it has layout {layout}, this program knows layout {LAYOUT}"
        )));
    }
    Ok(())
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    // An empty transaction of the writer's, or a checkpoint: moments.
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    plan_once(&db)?;
    Ok(db)
}

/// Otherwise SQLite prepares a statement anew for each other bound of a range, in case the tables'
/// statistics, which it has none of, advise another plan for it.
fn plan_once(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// Up to where the archive has taken over the log; `None` for a new one.
pub(super) fn progress(db: &Connection) -> Result<Option<Mark>, Trouble> {
    let query = "SELECT position, sign, checksum FROM progress";
    let row = db.prepare_cached(query)?.query_row([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    });
    let Some((position, sign, checksum)) = row.optional()? else { return Ok(None) };
    if checksum_of(&[position], sign.as_bytes()) != checksum {
        return Err(Trouble::Damage("what it says of its own progress does not fit".to_owned()));
    }
    Ok(Some(Mark { position: position as u64, sign }))
}

pub(super) fn set_progress(db: &Connection, mark: &Mark) -> rusqlite::Result<()> {
    let checksum = checksum_of(&[mark.position as i64], mark.sign.as_bytes());
    db.prepare_cached("INSERT OR REPLACE INTO progress VALUES (1, ?1, ?2, ?3)")?
        .execute(params![mark.position as i64, mark.sign, checksum])
        .map(|_| ())
}

/// The newest snapshot.
pub(super) fn snapshot(db: &Connection) -> Result<Option<(Mark, Vec<u8>)>, Trouble> {
    let query = "SELECT position, sign, state, checksum FROM snapshot ORDER BY position DESC";
    let row = db.query_row(query, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get::<_, i64>(3)?))
    });
    let Some((position, sign, state, checksum)) = row.optional()? else { return Ok(None) };
    let state: Vec<u8> = state;
    if snapshot_checksum(position, &sign, &state) != checksum {
        return Err(Trouble::Damage("the checksum of its snapshot does not fit".to_owned()));
    }
    Ok(Some((Mark { position: position as u64, sign }, state)))
}

/// Puts a snapshot in the place of those before it.
pub(super) fn set_snapshot(db: &mut Connection, mark: &Mark, state: &[u8]) -> rusqlite::Result<()> {
    let position = mark.position as i64;
    let transaction = db.transaction()?;
    transaction.execute(
        "INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4)",
        params![position, mark.sign, state, snapshot_checksum(position, &mark.sign, state)],
    )?;
    transaction.execute("DELETE FROM snapshot WHERE position < ?1", [position])?;
    transaction.commit()
}

fn snapshot_checksum(position: i64, sign: &str, state: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&position.to_le_bytes());
    hasher.update(sign.as_bytes());
    hasher.update(state);
    i64::from(hasher.finalize())
}

/// CRC-32 of numbers and bytes behind one another.
pub(super) fn checksum_of(numbers: &[i64], bytes: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(bytes);
    i64::from(hasher.finalize())
}
