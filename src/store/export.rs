//! What a store holds, as lines of JSON.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Serialize;

use super::error::StoreError;
use super::format::{self, Said, Tail};
use super::line::ExportLine;
use super::new_file::NewFile;
use super::settled::Settling;
use super::source::Source;
use super::{backup, check};
use crate::archive;
use crate::state::State;

pub(super) fn run(line: &ExportLine) -> Result<String, StoreError> {
    let source = Source::running(&line.place.files()?)?;
    if line.file == Path::new("-") {
        // Standard output has no place beside it.
        let beside = std::env::temp_dir().join("chatroom-export");
        write(&source, &beside, &line.file, std::io::stdout().lock())?;
        return Ok(String::new());
    }
    let file = NewFile::begin(&line.file, line.force)?;
    let out = std::fs::File::create(file.making())
        .map_err(|error| StoreError::unwritable(&line.file, &error))?;
    let messages = write(&source, &line.file, &line.file, out)?;
    file.finish()?;
    Ok(format!("{} has everything, with {messages} messages.\n", line.file.display()))
}

/// Writes all lines to `out`, which is `name`. The copy that it takes is made beside `beside`.
fn write(source: &Source, beside: &Path, name: &Path, out: impl Write) -> Result<u64, StoreError> {
    let copy = NewFile::scratch(beside)?;
    backup::copy(source, copy.making())?;
    // What is damaged is not written down as if it were well.
    check::look_through(&Source::in_one(copy.making())?)?;
    let state = settle(copy.making())?;
    let mut out = Lines { out: BufWriter::new(out), name: name.to_owned() };
    out.write(&format::header())?;
    let damaged = |what| StoreError::Damaged(format!("The state cannot be written: {what}."));
    for line in format::lines_of(&state).map_err(damaged)? {
        out.write(&line)?;
    }
    let mut messages = 0;
    let db = Connection::open(copy.making())
        .map_err(|error| StoreError::unwritten(copy.making(), &error))?;
    archive::each_message(copy.making(), &db, |message, lines| {
        messages += 1;
        out.write(&Tail::Message(Said::new(message, lines)))
    })?;
    out.write(&Tail::End { messages })?;
    out.out.flush().map_err(|error| StoreError::unwritable(name, &error))?;
    Ok(messages)
}

struct Lines<W: Write> {
    out: BufWriter<W>,
    name: PathBuf,
}

impl<W: Write> Lines<W> {
    fn write(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        let written = serde_json::to_writer(&mut self.out, line).map_err(std::io::Error::from);
        written
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(|error| StoreError::unwritable(&self.name, &error))
    }
}

/// Has the archive of a copy take over all that its log has; gives the state at the end.
fn settle(path: &Path) -> Result<State, StoreError> {
    let log = Connection::open(path).map_err(|error| StoreError::unwritten(path, &error))?;
    let mut settling = Settling::begin(path)?;
    settling.replay(&log, path)?;
    Ok(settling.into_state())
}
