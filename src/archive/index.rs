//! Which archived messages have which words in them.
//!
//! An FTS5 table without texts: a row for each message, by its id. SQLite splits at spaces and at
//! nothing else, so [`Tokens`] decides what a word is. Beside its words a message has a token for
//! each line it stands in, and one for the name it was said under: so what somebody may read is a
//! part of the expression, and a word that everybody uses is not looked up in what others said.
//!
//! A row changes with its message, in the same transaction. Deleted words are overwritten at once
//! (`secure-delete`) or, where retention deletes many, soon after; for that they are computed anew,
//! so what [`Tokens`] makes of a text changes only together with the layout of the file.

use std::ops::ControlFlow;
use std::sync::Arc;

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::Trouble;
use super::message::Rows;
use super::plain::Names;
use super::reader::within;
use crate::history::Scope;
use crate::id::MessageId;
use crate::message::Message;
use crate::name::NameKey;
use crate::search::{Terms, Tokens};

/// Without `columnsize` no length is kept, which nothing asks for. Beginnings of two and three
/// characters have postings of their own, because they stand for thousands of words; more would
/// make every message that comes or goes cost more. Parts of the index are put together when there
/// are 16 of one size: with 4, as SQLite has it, each message is rewritten twice as often.
pub(super) const TABLE: &str = "
CREATE VIRTUAL TABLE words USING fts5(
    tokens, content = '', columnsize = 0, tokenize = 'ascii', prefix = '2 3'
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
INSERT INTO words (words, rank) VALUES ('automerge', 16);
";

/// Pages of the index that are rewritten at once.
const PAGES_AT_ONCE: i64 = 128;

/// What the token of a line begins with: of private use, so no word has it.
const LINE: char = '\u{e000}';

/// What the token of a name begins with.
const NAME: char = '\u{e001}';

/// What is looked for in the archive.
#[derive(Debug)]
pub struct Sought<'s> {
    /// What must be in the text.
    pub terms: &'s Terms,
    /// Only what was said under the name with this key.
    pub from: Option<&'s str>,
    /// Only messages with ids above this.
    pub above: MessageId,
    /// Only messages with ids below this.
    pub below: MessageId,
}

/// Whether there is an index. Nothing of it is read: where a part is damaged, the rest of the
/// archive goes on.
pub(super) fn check(db: &Connection) -> Result<(), Trouble> {
    db.prepare("SELECT rowid FROM words").map(|_| ()).map_err(Trouble::of_index)
}

/// Adds a message that stands in the lines of these numbers.
pub(super) fn add(db: &Connection, message: &Message, lines: &[i64]) -> rusqlite::Result<()> {
    let row = params![message.id.0 as i64, document(message, lines)];
    db.prepare_cached("INSERT INTO words (rowid, tokens) VALUES (?1, ?2)")?.execute(row)?;
    Ok(())
}

/// Takes out a message that was added with the same lines.
pub(super) fn remove(db: &Connection, message: &Message, lines: &[i64]) -> rusqlite::Result<()> {
    let query = "INSERT INTO words (words, rowid, tokens) VALUES ('delete', ?1, ?2)";
    let row = params![message.id.0 as i64, document(message, lines)];
    db.prepare_cached(query)?.execute(row)?;
    Ok(())
}

/// Whether deleted words are overwritten at once, which takes a millisecond and more for each
/// message, or by [`merge`] later.
pub(super) fn overwrite(db: &Connection, at_once: bool) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO words (words, rank) VALUES ('secure-delete', ?1)")?
        .execute([at_once])
        .map(|_| ())
}

/// Rewrites a part of the index without what was deleted. Whether there is more to rewrite.
pub(super) fn merge(db: &Connection) -> rusqlite::Result<bool> {
    let before = db.total_changes();
    // Below zero: all of it is put together, however little each part has become.
    db.prepare_cached("INSERT INTO words (words, rank) VALUES ('merge', ?1)")?
        .execute([-PAGES_AT_ONCE])?;
    // From the manual of FTS5: a change of one row is its own.
    Ok(db.total_changes() - before >= 2)
}

/// Gives what is found of a scope to `take`, the newest first, until that breaks off.
pub(super) fn find(
    db: &Connection,
    scope: &Scope,
    sought: &Sought<'_>,
    take: &mut dyn FnMut(&Arc<Message>) -> ControlFlow<()>,
) -> Result<(), Trouble> {
    let lines = within(db, scope)?;
    if lines.is_empty() {
        return Ok(());
    }
    let numbers = lines.iter().map(|within| format!("\"{LINE}{}\"", within.line.number));
    let mut expression = format!("({})", numbers.collect::<Vec<_>>().join(" OR "));
    if let Some(from) = sought.from {
        expression += &format!(" AND \"{}\"", of_name(from));
    }
    expression += &format!(" AND {}", sought.terms.to_match());
    let query = "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid > ?2 AND rowid < ?3
                 ORDER BY rowid DESC";
    let mut statement = db.prepare_cached(query)?;
    let bound = |id: MessageId| i64::try_from(id.0).unwrap_or(i64::MAX);
    let mut ids = statement.query(params![expression, bound(sought.above), bound(sought.below)])?;
    let mut names = Names::default();
    let mut row: Option<Rows> = None;
    while let Some(found) = ids.next()? {
        let id: i64 = found.get(0)?;
        if row.as_ref().is_none_or(|row| id < row.first) {
            row = Rows::with(db, id)?;
        }
        let archived = row.as_ref().map(|row| row.get(id, &mut names)).transpose()?.flatten();
        let archived = archived
            .ok_or_else(|| Trouble::Index(format!("it has message {id}, which is not there")))?;
        let author = archived.message.author;
        let is_left = author.is_none_or(|author| !scope.forgotten.contains(&author))
            && lines
                .iter()
                .any(|within| within.gone < id && archived.lines.contains(&within.line.number));
        if is_left && take(&Arc::new(archived.message)).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether it is the index that SQLite could not do something with.
pub(super) fn is_at_fault(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let says = error.to_string();
    code == Some(rusqlite::ffi::SQLITE_CORRUPT_VTAB)
        || ["no such table: words", "no such table: main.words", "no such fts5 table", "fts5: "]
            .iter()
            .chain(&["invalid fts5 file format", "vtable constructor failed: words"])
            .any(|part| says.contains(part))
}

/// All tokens of a message.
pub(super) fn document(message: &Message, lines: &[i64]) -> String {
    let key = match message.author {
        Some(_) => NameKey::lookup(&message.sender),
        None => NameKey::server(),
    };
    let mut document = of_name(key.as_str());
    for line in lines {
        document += &format!(" {LINE}{line}");
    }
    document.push(' ');
    document + Tokens::of(&message.text.decode()).as_index()
}

/// The token of a name: a key may have spaces in it, so it is a part of its hash.
fn of_name(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    format!("{NAME}{}", data_encoding::HEXLOWER.encode(&hash[..8]))
}
