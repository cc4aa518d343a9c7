//! The archive: what was said, once memory has let it go.
//!
//! An SQLite file beside the log, so that neither waits for the other's transactions: the log is
//! appended to in steps that everybody waits for, the archive in steps that nobody does. It is a
//! function of the log: whatever is in here can be told by the position of the last entry it comes
//! from ([`crate::history::Mark`]), and a snapshot of the state stands beside it, so that a start needs only the
//! entries behind that.
//!
//! - [`Keeper`] takes over what happened, in the order of the log, a transaction at a time.
//! - [`Archive`] answers readers, on connections of their own.
//!
//! Reading order: `schema` is what the file holds, `message` (`plain` reads one) and `line` are its
//! two kinds of rows, `index` finds messages by their words; `keeper` writes, `reader` reads
//! (`cache`: what was read lately), `audit` looks through everything (`words`: through the index),
//! `mend` makes an index anew, `transfer` moves messages to another archive, `copy` makes one more of
//! the whole file.

mod audit;
mod cache;
mod copy;
mod index;
mod keeper;
mod line;
mod mend;
mod message;
mod plain;
mod pool;
mod reader;
mod schema;
mod transfer;
mod words;

use std::path::Path;

use crate::database::phrase;
pub use audit::{Audit, audit};
pub use copy::{copy, snapshot_of};
pub use index::Sought;
pub use keeper::Keeper;
pub use mend::{is_sound_beside_index, mend};
pub use pool::Archive;
pub use reader::Part;
pub use transfer::{APPLICATION, LAYOUT, check_reader, each_message, empty, snapshot};

/// Why an archive cannot be opened, read or written: a sentence for whoever runs the server.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Something is not as it was written.
    #[error("The history {file} is damaged: {what}. Put a backup in its place.")]
    Damaged {
        /// The file.
        file: String,
        /// What, in a phrase.
        what: String,
    },
    /// The messages are as they were written, what finds them by their words is not.
    #[error(
        "The search index of the history {file} is damaged: {what}. No message is lost: stop \
         the server, chatroom check --repair makes it anew."
    )]
    Index {
        /// The file.
        file: String,
        /// What, in a phrase.
        what: String,
    },
    /// The file cannot be read or written at the moment.
    #[error("The history {file} cannot be used: {what}.")]
    Unavailable {
        /// The file.
        file: String,
        /// Why, in a phrase.
        what: String,
    },
}

impl ArchiveError {
    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> ArchiveError {
        ArchiveError::Damaged { file: path.display().to_string(), what: what.into() }
    }

    pub(crate) fn index(path: &Path, what: impl Into<String>) -> ArchiveError {
        ArchiveError::Index { file: path.display().to_string(), what: what.into() }
    }

    pub(crate) fn unavailable(path: &Path, what: &dyn std::fmt::Display) -> ArchiveError {
        ArchiveError::Unavailable { file: path.display().to_string(), what: what.to_string() }
    }

    /// What SQLite could not do with the file.
    fn of(path: &Path, error: &rusqlite::Error) -> ArchiveError {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        if index::is_at_fault(error) {
            return ArchiveError::index(path, phrase(error));
        }
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => ArchiveError::damaged(path, phrase(error)),
            _ => ArchiveError::unavailable(path, error),
        }
    }
}

/// What goes wrong inside, before it is known in which file.
#[derive(Debug)]
enum Trouble {
    /// What is read is not what was written; a phrase.
    Damage(String),
    /// The same of the index; a phrase about it.
    Index(String),
    /// SQLite says so.
    Sqlite(rusqlite::Error),
}

impl Trouble {
    /// What SQLite could not do while it looked at nothing but the index.
    fn of_index(error: rusqlite::Error) -> Trouble {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Trouble::Index(phrase(&error)),
            _ => error.into(),
        }
    }

    fn of(self, path: &Path) -> ArchiveError {
        match self {
            Trouble::Damage(what) => ArchiveError::damaged(path, what),
            Trouble::Index(what) => ArchiveError::index(path, what),
            Trouble::Sqlite(error) => ArchiveError::of(path, &error),
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sqlite(error)
    }
}
