//! Where the log is kept.

use std::fmt;
use std::path::PathBuf;

use super::value::Parse;

/// Where the log is kept. Written as `sqlite:PATH` or `memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In an SQLite database at this path, relative to the working directory.
    Sqlite(PathBuf),
    /// In memory: gone when the process is.
    Memory,
}

impl Store {
    /// What kind it is, without saying where.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Memory => "memory",
        }
    }
}

impl Parse for Store {
    const POSSIBLE: &str = "\"sqlite:\" and a path, such as \"sqlite:chatroom.db\", or \"memory:\"";

    /// Refuses `sqlite://…`, the URL of other programs: whether its path is relative depends on
    /// who reads it.
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("sqlite", path) if !path.is_empty() && !path.starts_with("//") => {
                Some(Self::Sqlite(path.into()))
            }
            ("memory", "") => Some(Self::Memory),
            _ => None,
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}
