//! The tables, made in a new file or brought to their newest layout in an old one.

use std::fs::File;
use std::path::Path;

use rusqlite::Connection;

use crate::config::Durability;
use crate::database::beside;
use crate::fault;

/// Marks an SQLite file as ours (`PRAGMA application_id`): "chat".
pub(in crate::log) const APPLICATION: u32 = 0x6368_6174;

/// The version of the tables (`PRAGMA user_version`).
pub(in crate::log) const LAYOUT: i64 = 2;

pub(in crate::log) const TABLES: &str = "CREATE TABLE log (
    seq INTEGER PRIMARY KEY,   -- 1, 2, 3, …
    entry TEXT NOT NULL,       -- JSON, see the codec
    checksum INTEGER NOT NULL  -- CRC-32 of the row before's checksum, seq and entry
) STRICT;";

/// New with layout 2: a log that begins behind its first entries.
pub(in crate::log) const TRIMMED: &str = "CREATE TABLE trimmed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,      -- the last entry that is gone; 0 if none is
    checksum INTEGER NOT NULL  -- its row's
) STRICT;
INSERT INTO trimmed VALUES (1, 0, 0);";

/// Makes an empty store under another name first, so that a half-made one is never found.
pub(super) fn create(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let making = beside(path, ".new");
    let _ = std::fs::remove_file(&making);
    let db = Connection::open(&making)?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "auto_vacuum", "incremental")?;
    db.pragma_update(None, "user_version", LAYOUT)?;
    db.execute_batch(TABLES)?;
    db.execute_batch(TRIMMED)?;
    db.close().map_err(|(_, error)| error)?;
    std::fs::rename(&making, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// Takes a store of layout 1 to this one: it can be trimmed, and gives its space back.
pub(super) fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    // The file is written anew, under a journal of its own: it is of either layout whenever this
    // ends, and of layout 1 until the tables are there.
    db.pragma_update(None, "journal_mode", "delete")?;
    db.pragma_update(None, "auto_vacuum", "incremental")?;
    db.execute_batch("VACUUM")?;
    fault::point("migration.vacuumed");
    let transaction = db.transaction()?;
    transaction.execute_batch(TRIMMED)?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    fault::point("migration.before_commit");
    transaction.commit()?;
    fault::point("migration.committed");
    Ok(())
}

pub(super) fn configure(db: &Connection, durability: Durability) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "secure_delete", "on")?;
    let synchronous = match durability {
        // A commit returns when the write-ahead log is synced.
        Durability::Full => "full",
        // A commit returns when the system has it; syncs come with the checkpoints.
        Durability::Fast => "normal",
    };
    db.pragma_update(None, "synchronous", synchronous)
}
