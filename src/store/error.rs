//! Why nothing came of it.

use std::path::Path;

use serde_json::{Value, json};

use crate::archive::ArchiveError;
use crate::log::Damage;
use crate::log::stored::CopyError;

/// What was wrong, in a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// What is there is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// All messages are what was written, what finds them by their words is not.
    #[error("{0}")]
    Index(String),
    /// It cannot be done.
    #[error("{0}")]
    Impossible(String),
}

impl StoreError {
    /// A file that cannot be written.
    pub(super) fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
        let shown = path.display();
        StoreError::Impossible(format!("{shown} cannot be written: {error}. It was not made."))
    }

    /// A database that cannot be written.
    pub(super) fn unwritten(path: &Path, error: &rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => {
                StoreError::unwritable(path, &"the disk is full")
            }
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                StoreError::Damaged(format!("What was to be copied is damaged: {error}."))
            }
            _ => StoreError::unwritable(path, error),
        }
    }

    /// A copied log.
    pub(super) fn copying(path: &Path) -> impl FnOnce(CopyError) -> StoreError + '_ {
        move |error| match error {
            CopyError::Damage(damage) => damage.into(),
            CopyError::Unwritable(error) => StoreError::unwritten(path, &error),
        }
    }

    pub(super) fn exit(&self) -> u8 {
        match self {
            StoreError::Damaged(_) | StoreError::Index(_) => 1,
            StoreError::Impossible(_) => 2,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let code = match self {
            StoreError::Damaged(_) => "store_damaged",
            StoreError::Index(_) => "index_damaged",
            StoreError::Impossible(_) => "store_unavailable",
        };
        json!({ "status": "fail", "message": self.to_string(), "code": code })
    }
}

impl From<Damage> for StoreError {
    fn from(Damage(what): Damage) -> StoreError {
        StoreError::Damaged(what)
    }
}

impl From<ArchiveError> for StoreError {
    fn from(error: ArchiveError) -> StoreError {
        match error {
            ArchiveError::Damaged { .. } => StoreError::Damaged(error.to_string()),
            ArchiveError::Index { .. } => StoreError::Index(error.to_string()),
            ArchiveError::Unavailable { .. } => StoreError::Impossible(error.to_string()),
        }
    }
}
