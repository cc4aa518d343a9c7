//! What everything that keeps an SQLite file needs of its name, of its errors.

use std::path::{Path, PathBuf};

/// The path with something behind its last letter.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What SQLite says, in one line: of a damaged schema it quotes all the rest.
pub(crate) fn phrase(error: &rusqlite::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
