//! The log as an SQLite file.
//!
//! One table, one row an entry, its text readable with any SQLite tool while the server runs.
//! Every row carries a checksum over itself and the checksum before it, so that a row that is
//! damaged, missing, moved or foreign is noticed when the log is read.
//!
//! `schema` makes the tables, `file` knows what is beside them, `rows` reads and writes their rows,
//! `trimming` deletes them; `tail` reads while the writer goes on.

mod file;
mod rows;
mod schema;
mod tail;
mod trimming;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::ffi;
use rusqlite::{Connection, OpenFlags};

use super::{AppendError, Damage, Log, Tail, codec, moved};
use crate::command::Entry;
use crate::config::Durability;
use crate::database::beside;
use crate::fault;
use crate::metrics::LogFigures;
pub(super) use file::{check_length, is_new};
pub use file::{half_made, lengths, lock};
pub(super) use rows::{chained, insert_row, read, trimmed};
pub(super) use schema::{APPLICATION, LAYOUT, TABLES, TRIMMED};
use schema::{configure, create, migrate};
use tail::SqliteTail;
use trimming::{PAGES_AT_ONCE, TRIMMED_AT_ONCE, give_back, trim};

/// How much space there must be for more than another failure: bytes.
const SPARE: usize = 64 << 10;

/// A store that cannot be opened, in a sentence for whoever starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A server runs on it.
    #[error(
        "The store {store} is in use by another chatroom (process {holder}). Stop that one, or \
         name another file with --store."
    )]
    InUse {
        /// The store, as it was named.
        store: String,
        /// The number of the server's process.
        holder: String,
    },
    /// Anything else.
    #[error("{0}")]
    Unfit(String),
}

/// An open log, locked against every other process.
#[derive(Debug)]
pub struct SqliteLog {
    db: Connection,
    path: PathBuf,
    /// Number and checksum of the last row that was trimmed, and of the last row.
    first: (i64, u32),
    last: (i64, u32),
    /// Why nothing may be appended any more.
    broken: Option<String>,
    buffer: Vec<u8>,
    /// Told how long each commit takes.
    figures: Option<LogFigures>,
    /// Held for its lock, which ends with the process however that ends.
    _lock: File,
}

impl SqliteLog {
    /// Opens the log in `path`, making it if there is no file.
    ///
    /// # Errors
    /// The file is in use, is no chatroom store, is damaged, or cannot be read and written. It
    /// has not been changed then.
    pub fn open(path: &Path, durability: Durability) -> Result<SqliteLog, OpenError> {
        let shown = path.display();
        let failed = |error: &dyn std::fmt::Display| {
            OpenError::Unfit(format!("The store {shown} cannot be opened: {error}."))
        };
        // By a link it is the same store, so it has the same lock.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let lock = lock(path)?;
        let half = half_made(path);
        if is_new(path)? {
            if half.exists() {
                return Err(OpenError::Unfit(format!(
                    "The store {shown} is half made: chatroom restore, import or move was ended \
                     in the middle. Run it again; or, to begin with an empty store, delete {} and \
                     {shown}-archive.",
                    half.display()
                )));
            }
            create(path).map_err(|error| failed(&error))?;
        } else {
            check_length(path)?;
            // It got its last name, and whoever made it was ended then.
            let _ = std::fs::remove_file(half);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
        let layout: i64 = db
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| failed(&error))?;
        if layout == 1 {
            migrate(&mut db).map_err(|error| failed(&error))?;
        } else if layout != LAYOUT {
            return Err(OpenError::Unfit(format!(
                "The store {shown} has layout {layout}, this program knows layout {LAYOUT}: \
                 it was written by another version of chatroom."
            )));
        }
        if let Some(place) = moved::moved_to(&db).map_err(|error| failed(&error))? {
            return Err(OpenError::Unfit(moved::sentence(path, &place)));
        }
        configure(&db, durability).map_err(|error| failed(&error))?;
        db.prepare_cached("SELECT seq, entry, checksum FROM log LIMIT 1")
            .map_err(|error| failed(&error))?;
        let first = trimmed(&db).map_err(|error| failed(&error))?;
        let (path, last, buffer) = (path.to_owned(), first, Vec::new());
        let (broken, figures) = (None, None);
        Ok(SqliteLog { db, path, first, last, broken, buffer, figures, _lock: lock })
    }

    /// Has `figures` told how long each commit takes.
    #[must_use]
    pub fn telling(self, figures: LogFigures) -> SqliteLog {
        SqliteLog { figures: Some(figures), ..self }
    }

    fn insert(&mut self, entries: &[Entry]) -> rusqlite::Result<(i64, u32)> {
        let transaction = self.db.transaction()?;
        let (mut seq, mut checksum) = self.last;
        {
            let mut statement = transaction
                .prepare_cached("INSERT INTO log (seq, entry, checksum) VALUES (?1, ?2, ?3)")?;
            for entry in entries {
                self.buffer.clear();
                codec::encode(entry, &mut self.buffer);
                seq += 1;
                checksum = chained(checksum, seq, &self.buffer);
                insert_row(&mut statement, seq, &self.buffer, checksum)?;
            }
        }
        let started = Instant::now();
        transaction.commit()?;
        if let Some(figures) = &self.figures {
            figures.sync.observe(started.elapsed().as_secs_f64());
        }
        Ok((seq, checksum))
    }
}

impl Log for SqliteLog {
    fn replay(&mut self, after: u64, each: &mut dyn FnMut(Entry)) -> Result<(), Damage> {
        let last = read(&self.db, &self.path, self.first, i64::MAX, after as i64, each)?;
        if (last.0 as u64) < after {
            return Err(Damage(format!(
                "The store {} ends at entry {}, and the history beside it goes to entry {after}: \
                 they do not belong together. Nothing was changed; put a backup of both in their \
                 place.",
                self.path.display(),
                last.0,
            )));
        }
        self.last = last;
        Ok(())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        if let Some(why) = &self.broken {
            return Err(AppendError::Broken(why.clone()));
        }
        match self.insert(entries) {
            Ok(last) => {
                self.last = last;
                Ok(())
            }
            Err(error) => {
                let error = classify(error);
                if let AppendError::Broken(why) = &error {
                    self.broken = Some(why.clone());
                }
                Err(error)
            }
        }
    }

    /// A commit would be the better trial, but the checkpoint that may come with it takes the
    /// space that has just become free.
    fn probe(&mut self) -> Result<(), AppendError> {
        if let Some(why) = &self.broken {
            return Err(AppendError::Broken(why.clone()));
        }
        let path = beside(&self.path, ".probe");
        let written = std::fs::write(&path, vec![0; SPARE]);
        let _ = std::fs::remove_file(&path);
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::StorageFull => AppendError::Full,
            _ => AppendError::Failed(error.to_string()),
        })
    }

    fn trim(&mut self, through: u64) -> Result<bool, AppendError> {
        if let Some(why) = &self.broken {
            return Err(AppendError::Broken(why.clone()));
        }
        // The last entry stays, so that the file is never without one.
        let through = (through as i64).min(self.last.0 - 1);
        let upto = through.min(self.first.0 + TRIMMED_AT_ONCE);
        if upto > self.first.0 {
            self.first = trim(&mut self.db, upto).map_err(classify)?;
            // What was deleted is nowhere in the file; here it leaves the side file too.
            if upto == through {
                let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
                self.db.query_row(checkpoint, [], |_| Ok(())).map_err(classify)?;
            }
            return Ok(true);
        }
        let pages = |db: &Connection| {
            db.pragma_query_value(None, "freelist_count", |row| row.get::<_, u32>(0))
        };
        let free = pages(&self.db).map_err(classify)?;
        if free > 0 {
            give_back(&self.db).map_err(classify)?;
            fault::point("log.vacuumed");
        }
        Ok(free > PAGES_AT_ONCE)
    }

    fn tail(&self) -> Result<Option<Box<dyn Tail>>, Damage> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags).and_then(|db| {
            db.busy_timeout(std::time::Duration::from_secs(5))?;
            Ok(db)
        });
        match db {
            Ok(db) => Ok(Some(Box::new(SqliteTail { db, path: self.path.clone() }))),
            Err(error) => Err(Damage(format!(
                "The store {} cannot be opened once more: {error}.",
                self.path.display()
            ))),
        }
    }
}

/// What a failed transaction means for the next one.
fn classify(error: rusqlite::Error) -> AppendError {
    let text = error.to_string();
    match error.sqlite_error().map(|error| error.extended_code) {
        Some(ffi::SQLITE_FULL) => AppendError::Full,
        // A full disk also shows as a shared-memory file that cannot grow.
        Some(ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_WRITE) => AppendError::Failed(text),
        Some(ffi::SQLITE_BUSY) => AppendError::Failed(text),
        _ => AppendError::Broken(text),
    }
}
