//! The files of a store as the system knows them: what they are before SQLite opens them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::OpenError;
use super::schema::APPLICATION;
use crate::database::beside;

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
pub(in crate::log) fn is_new(path: &Path) -> Result<bool, OpenError> {
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
pub(in crate::log) fn check_length(path: &Path) -> Result<(), OpenError> {
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
