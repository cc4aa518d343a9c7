//! The log as it is read beside its writer.

use std::fs::File;
use std::path::PathBuf;

use rusqlite::Connection;

use super::super::stored::unreadable;
use super::super::{Damage, Tail};
use super::rows::{read, trimmed};
use crate::command::Entry;
use crate::database::beside;
use crate::history::Mark;

/// A connection of its own to the same file.
pub(super) struct SqliteTail {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
}

impl Tail for SqliteTail {
    fn mark(&mut self, position: u64) -> Result<Mark, Damage> {
        let failed = |what: &dyn std::fmt::Display| {
            Damage(format!(
                "The store {} has no entry {position} that can be read: {what}.",
                self.path.display()
            ))
        };
        // With little durability the entry may be in the system's hands alone. What is in the file
        // itself was synced when it came there from the write-ahead log. And that file must not be
        // opened beside SQLite: to close it gives up every lock that this process has on it
        // (<https://sqlite.org/howtocorrupt.html>, 2.2), and then whoever looks into the store with
        // another tool takes away the write-ahead log that the server goes on writing to.
        match File::open(beside(&self.path, "-wal")).and_then(|file| file.sync_data()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&error));
            }
            _ => {}
        }
        let (first, checksum) = trimmed(&self.db).map_err(|error| failed(&error))?;
        let checksum = if position as i64 == first {
            checksum
        } else {
            let query = "SELECT checksum FROM log WHERE seq = ?1";
            let row = self.db.prepare_cached(query).and_then(|mut statement| {
                statement.query_row([position as i64], |row| row.get::<_, u32>(0))
            });
            row.map_err(|error| failed(&error))?
        };
        Ok(Mark { position, sign: format!("{checksum:08x}") })
    }

    fn read(
        &mut self,
        after: u64,
        through: u64,
        each: &mut dyn FnMut(Entry),
    ) -> Result<(), Damage> {
        let Ok(moment) = self.db.unchecked_transaction() else {
            return Err(Damage(format!("The store {} cannot be read.", self.path.display())));
        };
        let first = trimmed(&moment).map_err(|error| unreadable(&self.path, &error))?;
        read(&moment, &self.path, first, through as i64, after as i64, each).map(|_| ())
    }
}
