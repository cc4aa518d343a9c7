//! `chatroom backup`, `restore`, `export`, `import`, `move`, `check`: a store as files in somebody's hands.
//!
//! A store is two files, the log and its archive. `source` reads both as of one moment, also while
//! a server writes them; everything here begins with that. What is written comes under another
//! name first (`new_file`), so that a file is there whole or not at all.
//!
//! - `backup` copies a store into one file, `restore` makes a store of that.
//! - `export` writes what a store holds as lines of JSON (`format`), `import` makes a store of them.
//! - `move` has a store go on in a stream (`to_cluster`), or one of a stream in a file
//!   (`from_cluster`).
//! - `check` looks through everything; `restore` does too, with what it has made.
//!
//! A store that is made here begins a life of its own: it gets an epoch that no other store has.
//! What is moved keeps its own.

mod backup;
mod check;
mod error;
mod export;
mod format;
mod from_cluster;
mod import;
mod line;
mod moving;
mod new_file;
mod new_store;
mod restore;
mod settled;
mod source;
mod stream;
mod to_cluster;

use std::io::Write;

use error::StoreError;
pub use line::{BackupLine, CheckLine, ExportLine, ImportLine, MoveLine, RestoreLine};

/// Copies a store into one file; gives the exit code: 0 when it is done, 1 when the store is
/// damaged, 2 when it cannot be done.
pub fn backup(line: &BackupLine) -> u8 {
    tell(backup::run(line))
}

/// Makes a store of such a file; gives the exit code, as [`backup`] does.
pub fn restore(line: &RestoreLine) -> u8 {
    tell(restore::run(line))
}

/// Writes what a store holds as lines of JSON; gives the exit code, as [`backup`] does.
pub fn export(line: &ExportLine) -> u8 {
    tell(export::run(line))
}

/// Makes a store of such lines; gives the exit code: 1 when a line is refused.
pub fn import(line: &ImportLine) -> u8 {
    tell(import::run(line))
}

/// Has a store go on elsewhere; gives the exit code, as [`backup`] does.
pub fn r#move(line: &MoveLine) -> u8 {
    tell(moving::run(line))
}

/// Looks through a store or a backup; gives the exit code: 0 when it is sound, 1 when it is damaged,
/// 2 when it cannot be looked through.
pub fn check(line: &CheckLine) -> u8 {
    let found = check::run(line);
    if line.json {
        let answer = match &found {
            Ok(found) => found.to_json(),
            Err(error) => error.to_json(),
        };
        let _ = writeln!(std::io::stdout(), "{answer}");
        return found.map_or_else(|error| error.exit(), |_| 0);
    }
    tell(found.map(|found| found.to_string()))
}

/// Says what came of it.
fn tell(done: Result<String, StoreError>) -> u8 {
    match done {
        Ok(said) => {
            // Whoever reads no further does not have to be told.
            let _ = write!(std::io::stdout(), "{said}");
            0
        }
        Err(error) => {
            eprintln!("chatroom: {error}");
            error.exit()
        }
    }
}
