//! The log as an SQLite file.
//!
//! One table, one row an entry, its text readable with any SQLite tool while the server runs.
//! Every row carries a checksum over itself and the checksum before it, so that a row that is
//! damaged, missing, moved or foreign is noticed when the log is read.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::ffi;
use rusqlite::{Connection, OpenFlags, Statement, ToSql};

use super::{AppendError, Damage, Log, Tail, codec, moved};
use crate::command::Entry;
use crate::config::Durability;
use crate::fault;
use crate::history::Mark;
use crate::metrics::LogFigures;

/// Marks an SQLite file as ours (`PRAGMA application_id`): "chat".
pub(super) const APPLICATION: u32 = 0x6368_6174;

/// The version of the tables (`PRAGMA user_version`).
pub(super) const LAYOUT: i64 = 2;

/// How much space there must be for more than another failure: bytes.
const SPARE: usize = 64 << 10;

pub(super) const TABLES: &str = "CREATE TABLE log (
    seq INTEGER PRIMARY KEY,   -- 1, 2, 3, …
    entry TEXT NOT NULL,       -- JSON, see the codec
    checksum INTEGER NOT NULL  -- CRC-32 of the row before's checksum, seq and entry
) STRICT;";

/// New with layout 2: a log that begins behind its first entries.
pub(super) const TRIMMED: &str = "CREATE TABLE trimmed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,      -- the last entry that is gone; 0 if none is
    checksum INTEGER NOT NULL  -- its row's
) STRICT;
INSERT INTO trimmed VALUES (1, 0, 0);";

/// Entries that are deleted in one transaction: others wait for it.
const TRIMMED_AT_ONCE: i64 = 500;

/// Pages of the file that are given back with them.
const PAGES_AT_ONCE: u32 = 64;

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

/// The log as it is read beside its writer.
struct SqliteTail {
    db: Connection,
    path: PathBuf,
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
        let first = trimmed(&moment).map_err(|error| {
            Damage(format!("The store {} cannot be read: {error}.", self.path.display()))
        })?;
        read(&moment, &self.path, first, through as i64, after as i64, each).map(|_| ())
    }
}

/// Reads the rows behind `first` up to row `through`; gives the entries behind row `after` to
/// `each`. Number and checksum of the last row.
pub(super) fn read(
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
pub(super) fn trimmed(db: &Connection) -> rusqlite::Result<(i64, u32)> {
    let query = "SELECT seq, checksum FROM trimmed WHERE one = 1";
    db.prepare_cached(query)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Deletes the rows up to `through`. Its number and checksum.
fn trim(db: &mut Connection, through: i64) -> rusqlite::Result<(i64, u32)> {
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
fn give_back(db: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = db.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
    // It gives a page back for every row that it is asked for.
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Takes a store of layout 1 to this one: it can be trimmed, and gives its space back.
fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
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

pub(super) fn insert_row(
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

pub(super) fn chained(before: u32, seq: i64, entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&before.to_le_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(entry);
    hasher.finalize()
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

/// Locks the file beside the store, so that a second process is told instead of waiting.
///
/// SQLite's own locks are taken and given back with every transaction, and would let two servers
/// number their entries in turns.
///
/// # Errors
/// Another process holds it, or the file cannot be made.
pub fn lock(path: &Path) -> Result<File, OpenError> {
    let name = beside(path, ".lock");
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name);
    let mut file = open.map_err(|error| {
        OpenError::Unfit(format!("The store {} cannot be opened: {error}.", path.display()))
    })?;
    match file.try_lock() {
        Ok(()) => {
            let _ = file.set_len(0);
            let _ = write!(file, "{}", std::process::id());
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.rewind();
            let _ = file.read_to_string(&mut holder);
            Err(OpenError::InUse {
                store: path.display().to_string(),
                holder: holder.trim().to_owned(),
            })
        }
        Err(TryLockError::Error(error)) => Err(OpenError::Unfit(format!(
            "The store {} cannot be locked: {error}.",
            path.display()
        ))),
    }
}

/// The file that is there while a store is made and not all of it has its name.
pub fn half_made(path: &Path) -> PathBuf {
    beside(path, ".half")
}

/// Whether there is no store yet.
///
/// The header is read without SQLite, which would tidy up a foreign database on the way.
pub(super) fn is_new(path: &Path) -> Result<bool, OpenError> {
    let shown = path.display();
    let mut header = Vec::with_capacity(100);
    match File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => {
            return Err(OpenError::Unfit(format!("The store {shown} cannot be read: {error}.")));
        }
        Ok(0) => return Ok(true),
        Ok(_) => {}
    }
    let foreign = |what: &str| {
        Err(OpenError::Unfit(format!(
            "{shown} is {what}, not a chatroom store. Nothing was changed; name another file \
             with --store."
        )))
    };
    // The layout of the header: https://sqlite.org/fileformat.html#the_database_header
    if !header.starts_with(b"SQLite format 3\0") || header.len() < 100 {
        return foreign("no SQLite database");
    }
    if header[68..72] != APPLICATION.to_be_bytes() {
        return foreign("the database of another program");
    }
    Ok(false)
}

/// Refuses a file that ends before its last page does.
///
/// SQLite rounds the length up to whole pages and takes what is missing for zeros: a checksum
/// over the entries cannot tell that from zeros that were always there.
pub(super) fn check_length(path: &Path) -> Result<(), OpenError> {
    // After a crash the log beside it has the pages that the file may lack.
    if std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        return Ok(());
    }
    let shown = path.display();
    let (expected, found) = lengths(path)
        .map_err(|error| OpenError::Unfit(format!("The store {shown} cannot be read: {error}.")))?;
    if found < expected {
        return Err(OpenError::Unfit(format!(
            "The store {shown} is damaged: it ends after {found} of {expected} bytes. Nothing was \
             changed; put a backup in its place, or name another file with --store."
        )));
    }
    Ok(())
}

/// How many bytes a database says that it has, and how many it has.
///
/// # Errors
/// It cannot be read, or is too short to say so.
pub fn lengths(path: &Path) -> std::io::Result<(u64, u64)> {
    let mut file = File::open(path)?;
    // The layout of the header: https://sqlite.org/fileformat.html#the_database_header
    let mut header = [0; 100];
    file.read_exact(&mut header)?;
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    Ok((u64::from(pages) * page, file.metadata()?.len()))
}

/// Makes an empty store under another name first, so that a half-made one is never found.
fn create(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
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

fn configure(db: &Connection, durability: Durability) -> rusqlite::Result<()> {
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

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
