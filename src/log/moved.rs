//! What is written on a log that was moved away, so that nobody goes on with it by mistake; the
//! same on one that is still being filled.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::Damage;

/// In the metadata of a stream: where it is being filled from. It is not whole.
pub const FILLING: &str = "chatroom-filling-from";

/// In the metadata of a stream: where it was moved to.
pub const MOVED: &str = "chatroom-moved-to";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS moved (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    place TEXT NOT NULL        -- where the log goes on
) STRICT;";

/// Refuses a stream that is not whole, or was moved away.
///
/// # Errors
/// A sentence for whoever starts a node on it.
pub fn check_stream(stream: &str, metadata: &HashMap<String, String>) -> Result<(), Damage> {
    if let Some(from) = metadata.get(FILLING) {
        return Err(Damage(format!(
            "The stream {stream} is not whole: it is being filled from {from}. When that does not \
             go on, run the same chatroom move again."
        )));
    }
    match metadata.get(MOVED) {
        Some(to) => Err(Damage(format!(
            "The stream {stream} was moved to {to}: start that one. To go on with the stream all \
             the same, remove {MOVED} from its metadata."
        ))),
        None => Ok(()),
    }
}

/// Where a log in an SQLite database was moved to; none if it was not.
///
/// # Errors
/// The database cannot be read.
pub fn moved_to(db: &Connection) -> rusqlite::Result<Option<String>> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'moved'";
    if db.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    db.query_row("SELECT place FROM moved", [], |row| row.get(0)).optional()
}

/// What to tell whoever opens a store that was moved to `place`.
pub fn sentence(store: &Path, place: &str) -> String {
    format!(
        "The store {0} was moved to {place}: start that one. To go on with the store all the same, \
         drop its table: sqlite3 {0} 'DROP TABLE moved'.",
        store.display()
    )
}

/// Writes on the store in `path`, which no server has, where it was moved to.
///
/// # Errors
/// It cannot be written.
pub fn mark_moved(path: &Path, place: &str) -> rusqlite::Result<()> {
    let mut db = Connection::open(path)?;
    db.pragma_update(None, "synchronous", "full")?;
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLE)?;
    transaction.execute("INSERT OR REPLACE INTO moved VALUES (1, ?1)", [place])?;
    transaction.commit()?;
    db.close().map_err(|(_, error)| error)
}
