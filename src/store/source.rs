//! What is read: a store or a backup, as of one moment.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::line::Files;
use crate::archive::{self, ArchiveError};
use crate::database::{self, beside};
use crate::log::moved;
use crate::log::sqlite;
use crate::log::stored;

/// Marks an SQLite file as a backup (`PRAGMA application_id`): "chab".
pub(super) const BACKUP: u32 = 0x6368_6162;

/// The version of a backup (`PRAGMA user_version`).
pub(super) const BACKUP_LAYOUT: i64 = 1;

/// How often the log may be trimmed between a look at the archive and one at the log.
const TRIES: usize = 100;

/// How long a lock of SQLite's is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A log and its archive. Both connections are inside a transaction, so what is read belongs
/// together however long it takes.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) log: Connection,
    pub(super) archive: Connection,
    pub(super) files: Files,
    /// Keeps a server from starting meanwhile.
    _lock: Option<File>,
}

impl Source {
    /// Opens a store that a server may be running on.
    pub(super) fn running(files: &Files) -> Result<Source, StoreError> {
        exists(files)?;
        for _ in 0..TRIES {
            let archive = match open_archive(files, false)? {
                Some(archive) => archive,
                None => empty_archive(files)?,
            };
            // The archive first: what it has taken over, the log has already.
            begin(&archive, &files.archive)?;
            let log = open(&files.log, false)?;
            stored::check_layout(&log, &files.log)?;
            begin(&log, &files.log)?;
            let snapshot = archive::snapshot(&files.archive, &archive)?;
            let trimmed = stored::trimmed_through(&log, &files.log)?.position;
            if trimmed <= snapshot.map_or(0, |(mark, _)| mark.position) {
                return Ok(Source { log, archive, files: files.clone(), _lock: None });
            }
            // Between the two there was another snapshot, and the log was trimmed behind it.
            if !files.archive.exists() {
                break;
            }
        }
        Err(missing(files))
    }

    /// Opens a store that no server runs on.
    pub(super) fn stopped(files: &Files) -> Result<Source, StoreError> {
        exists(files)?;
        let lock = sqlite::lock(&files.log);
        let lock = lock.map_err(|error| StoreError::Impossible(error.to_string()))?;
        stored::check_file(&files.log)?;
        check_length(&files.archive)?;
        let mut source = Source::alone(files, true)?;
        source._lock = Some(lock);
        Ok(source)
    }

    /// Refuses a store that was moved away.
    pub(super) fn is_not_left(&self) -> Result<(), StoreError> {
        let path = &self.files.log;
        match moved::moved_to(&self.log).map_err(|error| unreadable(path, &error))? {
            Some(place) => Err(StoreError::Impossible(moved::sentence(path, &place))),
            None => Ok(()),
        }
    }

    /// Writes on the store that it goes on at `place`.
    pub(super) fn leave(self, place: &str) -> Result<(), StoreError> {
        let Source { log, archive, files, _lock } = self;
        // What is being read could not be written.
        drop((log, archive));
        moved::mark_moved(&files.log, place)
            .map_err(|error| StoreError::unwritten(&files.log, &error))
    }

    /// Has the archive be its one file, so that another can be put in its place: what is in its
    /// write-ahead log belongs to no other. Gives what keeps a server from starting meanwhile.
    pub(super) fn close(self) -> Result<Option<File>, StoreError> {
        let Source { log, archive, files, _lock } = self;
        drop((log, archive));
        let close = || {
            let db = Connection::open(&files.archive)?;
            db.pragma_update(None, "journal_mode", "delete")?;
            db.close().map_err(|(_, error)| error)
        };
        close().map_err(|error| StoreError::unwritten(&files.archive, &error))?;
        Ok(_lock)
    }

    /// Opens two files that nobody else has.
    pub(super) fn alone(files: &Files, still: bool) -> Result<Source, StoreError> {
        let log = open(&files.log, still)?;
        stored::check_layout(&log, &files.log)?;
        begin(&log, &files.log)?;
        let archive = match open_archive(files, still)? {
            Some(archive) => archive,
            None if stored::trimmed_through(&log, &files.log)?.position == 0 => {
                empty_archive(files)?
            }
            None => return Err(missing(files)),
        };
        begin(&archive, &files.archive)?;
        Ok(Source { log, archive, files: files.clone(), _lock: None })
    }

    /// Opens a database that has both a log and an archive, and that nobody else has.
    pub(super) fn in_one(path: &Path) -> Result<Source, StoreError> {
        let (log, archive) = (open(path, true)?, open(path, true)?);
        begin(&log, path)?;
        begin(&archive, path)?;
        let files = Files { log: path.to_owned(), archive: path.to_owned() };
        Ok(Source { log, archive, files, _lock: None })
    }

    /// Opens a backup.
    pub(super) fn backup(path: &Path) -> Result<Source, StoreError> {
        if !path.exists() {
            return Err(StoreError::Impossible(format!("There is no file {}.", path.display())));
        }
        check_length(path)?;
        let log = open(path, true)?;
        let pragma = |name| {
            let value = log.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            value.map_err(|error| unreadable(path, &error))
        };
        if pragma("application_id")? != i64::from(BACKUP) {
            let shown = path.display();
            return Err(StoreError::Damaged(format!("{shown} is no backup of a chatroom store.")));
        }
        let layout = pragma("user_version")?;
        let archive = "SELECT archive FROM backup WHERE one = 1";
        let archive = log.query_row(archive, [], |row| row.get::<_, i64>(0));
        let archive = archive.map_err(|error| unreadable(path, &error))?;
        if (layout, archive) != (BACKUP_LAYOUT, archive::LAYOUT) {
            return Err(StoreError::Impossible(format!(
                "The backup {} has layout {layout}.{archive}, this program knows layout \
                 {BACKUP_LAYOUT}.{}: it was written by another version of chatroom.",
                path.display(),
                archive::LAYOUT
            )));
        }
        Source::in_one(path)
    }
}

fn exists(files: &Files) -> Result<(), StoreError> {
    if files.log.exists() {
        return Ok(());
    }
    let shown = files.log.display();
    Err(StoreError::Impossible(format!("There is no store {shown}. Name it with --store.")))
}

fn missing(files: &Files) -> StoreError {
    StoreError::Damaged(format!(
        "The history {} is missing or older than its store {}.",
        files.archive.display(),
        files.log.display()
    ))
}

/// What the archive is before there is one.
fn empty_archive(files: &Files) -> Result<Connection, StoreError> {
    archive::empty().map_err(|error: ArchiveError| {
        StoreError::Impossible(format!("{}: {error}", files.archive.display()))
    })
}

fn open_archive(files: &Files, still: bool) -> Result<Option<Connection>, StoreError> {
    let path = &files.archive;
    if !path.exists() {
        return Ok(None);
    }
    let db = open(path, still)?;
    archive::check_reader(path, &db)?;
    Ok(Some(db))
}

/// Opens a database to read. `still`: nobody writes it, so where it has no write-ahead log none is
/// made for it.
fn open(path: &Path, still: bool) -> Result<Connection, StoreError> {
    let failed = |error: &rusqlite::Error| unreadable(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let wal = std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    let uri = uri(path, still && !wal);
    let db = Connection::open_with_flags(uri, flags).map_err(|error| failed(&error))?;
    db.busy_timeout(PATIENCE).map_err(|error| failed(&error))?;
    Ok(db)
}

/// The file as SQLite takes it with options: https://sqlite.org/uri.html
fn uri(path: &Path, immutable: bool) -> PathBuf {
    let mut uri = std::ffi::OsString::from("file:");
    let text = path.to_string_lossy();
    uri.push(text.replace('%', "%25").replace('?', "%3f").replace('#', "%23"));
    if immutable {
        uri.push("?immutable=1");
    }
    uri.into()
}

/// Begins to read as of now.
fn begin(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let begin = || {
        db.execute_batch("BEGIN")?;
        // SQLite begins with the first look.
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    };
    begin().map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let says = format!("{} cannot be read: {}.", path.display(), database::phrase(error));
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged(says),
        _ => StoreError::Impossible(says),
    }
}

/// Notices a database that ends before its last page does.
fn check_length(path: &Path) -> Result<(), StoreError> {
    let wal = std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    if wal || !path.exists() {
        return Ok(());
    }
    match sqlite::lengths(path) {
        Ok((expected, found)) if found < expected => Err(StoreError::Damaged(format!(
            "{} is damaged: it has {found} of {expected} bytes.",
            path.display()
        ))),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(StoreError::Damaged(format!("{} is no database.", path.display())))
        }
        Err(error) => {
            Err(StoreError::Impossible(format!("{} cannot be read: {error}.", path.display())))
        }
    }
}
