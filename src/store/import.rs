//! A store from lines of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use super::check;
use super::error::StoreError;
use super::format::{self, Part, Tail};
use super::line::ImportLine;
use super::new_store::NewStore;
use super::source::Source;
use crate::archive::Keeper;
use crate::message::Message;
use crate::state::State;

/// The position that an imported state has: entries were there that nobody has any more, so a log
/// without its history is noticed.
const POSITION: u64 = 1;

/// Messages in one transaction.
const AT_ONCE: usize = 4096;

pub(super) fn run(line: &ImportLine) -> Result<String, StoreError> {
    let files = line.place.files()?;
    let store = NewStore::begin(&files)?;
    let name = line.file.display().to_string();
    if line.file == Path::new("-") {
        fill(&store, Input::new(name, std::io::stdin().lock()))?;
    } else {
        let file = File::open(&line.file);
        let file = file
            .map_err(|error| StoreError::Impossible(format!("{name} cannot be read: {error}.")))?;
        fill(&store, Input::new(name, BufReader::new(file)))?;
    }
    let found = check::look_through(&Source::alone(&store.files(), true)?)?;
    let found = found.of(&files.log);
    store.finish()?;
    Ok(format!("{} is a store now.\n{found}", files.log.display()))
}

/// Lines with their numbers.
struct Input<R> {
    name: String,
    read: R,
    number: usize,
    line: String,
}

impl<R: BufRead> Input<R> {
    fn new(name: String, read: R) -> Input<R> {
        Input { name, read, number: 0, line: String::new() }
    }

    /// Goes to the next line, which there must be.
    fn advance(&mut self) -> Result<&str, StoreError> {
        if self.next()? { Ok(&self.line) } else { Err(self.refuse("it ends before its last line")) }
    }

    /// Goes to the next line. Whether there is one.
    fn next(&mut self) -> Result<bool, StoreError> {
        self.line.clear();
        self.number += 1;
        let read = self.read.read_line(&mut self.line);
        let read = read.map_err(|error| self.refuse(&error.to_string()))?;
        Ok(read > 0)
    }

    fn refuse(&self, what: &str) -> StoreError {
        self.refuse_line(self.number, what)
    }

    fn refuse_line(&self, number: usize, what: &str) -> StoreError {
        StoreError::Damaged(format!("{} is refused at line {number}: {what}.", self.name))
    }

    /// The line as an object with one field: its name and its value.
    fn field(&self) -> Result<(String, Value), StoreError> {
        let map: Map<String, Value> = serde_json::from_str(&self.line)
            .map_err(|error| self.refuse(&format!("it cannot be read ({error})")))?;
        let mut fields = map.into_iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => Ok(field),
            _ => Err(self.refuse("it is none of the lines of an export")),
        }
    }
}

/// Fills both files of a store.
fn fill(store: &NewStore, mut input: Input<impl BufRead>) -> Result<(), StoreError> {
    check_header(&mut input)?;
    let state = read_state(&mut input)?;
    let files = store.files();
    let mut keeper = Keeper::open(&files.archive)?;
    read_messages(&mut input, &state, &mut keeper)?;
    if input.next()? {
        return Err(input.refuse("it stands behind the last line"));
    }
    let snapshot = state.to_snapshot().map_err(|what| input.refuse(&what))?;
    let mut mark = None;
    store.write_log(|db| {
        let extent = store.begin_behind(db, POSITION)?;
        mark = Some(extent.trimmed());
        store.begin_life(db, extent, state.at())
    })?;
    if let Some(mark) = mark {
        keeper.arrive(&mark, &snapshot)?;
    }
    Ok(())
}

fn check_header(input: &mut Input<impl BufRead>) -> Result<(), StoreError> {
    let header = format::header();
    let line: Option<Value> = serde_json::from_str(input.advance()?).ok();
    match line {
        Some(line) if line == header => Ok(()),
        Some(line) if line.get("chatroom") == header.get("chatroom") => {
            Err(input.refuse(&format!(
                "its version is {}, and this program knows version {}",
                line.get("version").unwrap_or(&Value::Null),
                format::VERSION
            )))
        }
        _ => Err(input.refuse("it is no export of a chatroom store")),
    }
}

/// Reads the lines of the state. The line behind them is read then, too.
fn read_state(input: &mut Input<impl BufRead>) -> Result<State, StoreError> {
    input.advance()?;
    let once = match input.field()? {
        (name, value) if name == "state" => (input.number, value),
        _ => return Err(input.refuse("it is not the line of the state, which comes second")),
    };
    let mut parts = Vec::new();
    loop {
        if input.advance()?.starts_with("{\"message\":") {
            break;
        }
        match input.field()? {
            (name, _) if name == "end" => break,
            (name, value) if format::is_part(&name) => {
                parts.push(Part { number: input.number, name, value });
            }
            (name, _) => return Err(input.refuse(&format!("{name:?} is not known"))),
        }
    }
    format::state_of(&once, &parts, POSITION)
        .map_err(|(number, what)| input.refuse_line(number, &what))
}

/// Reads the lines of messages, the first of which is read already, and the last line.
fn read_messages(
    input: &mut Input<impl BufRead>,
    state: &State,
    keeper: &mut Keeper,
) -> Result<(), StoreError> {
    let mut batch: Vec<(Message, Vec<String>)> = Vec::new();
    let (mut count, mut last) = (0, None);
    loop {
        let line = serde_json::from_str(&input.line)
            .map_err(|error| input.refuse(&format!("it cannot be read ({error})")))?;
        match line {
            Tail::Message(said) => {
                let (message, lines) = said.message().map_err(|what| input.refuse(&what))?;
                let this = (message.id, message.at);
                if last.is_some_and(|(id, at)| this.0 <= id || this.1 < at) {
                    return Err(input.refuse("its message is older than the one before"));
                }
                if message.id.0 == 0 || message.id > state.head() {
                    return Err(input.refuse("its message is newer than the state"));
                }
                last = Some(this);
                count += 1;
                batch.push((message, lines));
            }
            Tail::End { messages } if messages == count => break,
            Tail::End { messages } => {
                let what = format!("it counts {messages} messages, and there are {count}");
                return Err(input.refuse(&what));
            }
        }
        if batch.len() >= AT_ONCE {
            keeper.receive(&batch)?;
            batch.clear();
        }
        input.advance()?;
    }
    keeper.receive(&batch)?;
    Ok(())
}
