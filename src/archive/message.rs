//! Messages in rows of up to 64, one a line, by id.
//!
//! Rows of many cost a reader of a page a few look-ups instead of hundreds, and each row one
//! checksum. A line is JSON, so that the file can be read with any SQLite tool.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::plain::{Names, Plain};
use super::schema::checksum_of;
use super::{Trouble, index};
use crate::id::{MessageId, UserId};
use crate::message::{Kind, Message};
use crate::text::Text;
use crate::timestamp::Timestamp;

/// Messages in one row.
const PER_ROW: usize = 64;

/// A message as its line holds it.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    id: MessageId,
    at: Timestamp,
    /// Who said it; none for notices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    /// Whether it went to one user, not to a room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    direct: bool,
    #[serde(borrow, default, rename = "as", skip_serializing_if = "Option::is_none")]
    shown: Option<Cow<'a, str>>,
    /// The numbers of the lines it stands in.
    lines: Cow<'a, [i64]>,
    text: Cow<'a, Text>,
}

/// A message, and the numbers of the lines it stands in.
#[derive(Debug)]
pub(super) struct Archived {
    pub(super) message: Message,
    pub(super) lines: Vec<i64>,
}

/// A row, its lines not taken apart.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) first: i64,
    pub(super) last: i64,
    text: String,
    /// Where the lines begin in the text, and where the last ends, once somebody looks for one.
    starts: OnceLock<Vec<u32>>,
    /// The messages that are kept.
    messages: OnceLock<Box<[OnceLock<Arc<Message>>]>>,
}

/// A row that is being filled.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// The id of the first message; 0 while it is empty.
    first: i64,
    last: i64,
    count: usize,
    text: String,
}

impl Filling {
    /// Goes on with the last row, unless it is full.
    pub(super) fn resume(db: &Connection) -> Result<Filling, Trouble> {
        let query = "SELECT first, last, messages, checksum FROM messages ORDER BY first DESC";
        let last = db.prepare_cached(query)?.query_row([], read).optional()?;
        let Some(row) = last.transpose()? else { return Ok(Filling::default()) };
        let count = row.text.lines().count();
        if count >= PER_ROW {
            return Ok(Filling::default());
        }
        Ok(Filling { first: row.first, last: row.last, count, text: row.text })
    }

    /// Adds a message; a full row is written.
    pub(super) fn push(
        &mut self,
        db: &Connection,
        message: &Message,
        lines: &[i64],
    ) -> rusqlite::Result<()> {
        let id = message.id.0 as i64;
        if self.count == 0 {
            self.first = id;
        }
        self.last = id;
        self.count += 1;
        write(&mut self.text, message, lines);
        index::add(db, message, lines)?;
        if self.count == PER_ROW {
            self.flush(db)?;
        }
        Ok(())
    }

    /// Writes what there is.
    pub(super) fn flush(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if self.count > 0 {
            put(db, self.first, self.last, &self.text)?;
        }
        if self.count >= PER_ROW {
            *self = Filling::default();
        }
        Ok(())
    }
}

impl Rows {
    /// The row that message `id` is in, if it is archived.
    pub(super) fn with(db: &Connection, id: i64) -> Result<Option<Rows>, Trouble> {
        let query = "SELECT first, last, messages, checksum FROM messages
                     WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
        let row = db.prepare_cached(query)?.query_row([id], read).optional()?;
        Ok(row.transpose()?.filter(|row| row.last >= id))
    }

    /// The first row that begins at `id` or behind it.
    pub(super) fn from(db: &Connection, id: i64) -> Result<Option<Rows>, Trouble> {
        let query = "SELECT first, last, messages, checksum FROM messages
                     WHERE first >= ?1 ORDER BY first LIMIT 1";
        db.prepare_cached(query)?.query_row([id], read).optional()?.transpose()
    }

    /// Takes message `id` out of the text, with the numbers of its lines.
    pub(super) fn get(&self, id: i64, names: &mut Names) -> Result<Option<Archived>, Trouble> {
        self.place(id).map(|place| parse(self.line(place), names)).transpose()
    }

    /// Message `id`, taken out of the text.
    pub(super) fn message(
        &self,
        id: i64,
        names: &mut Names,
    ) -> Result<Option<Arc<Message>>, Trouble> {
        self.place(id).map(|place| self.take_out(place, names)).transpose()
    }

    /// The same, taken out only once.
    pub(super) fn kept_message(
        &self,
        id: i64,
        names: &mut Names,
    ) -> Result<Option<Arc<Message>>, Trouble> {
        let Some(place) = self.place(id) else { return Ok(None) };
        let messages = self.messages.get_or_init(|| vec![OnceLock::new(); self.lines()].into());
        if let Some(message) = messages[place].get() {
            return Ok(Some(message.clone()));
        }
        let message = self.take_out(place, names)?;
        Ok(Some(messages[place].get_or_init(|| message).clone()))
    }

    fn take_out(&self, place: usize, names: &mut Names) -> Result<Arc<Message>, Trouble> {
        let line = self.line(place);
        let message = match Plain::read(line).and_then(|plain| plain.message(names)) {
            Some(message) => message,
            None => parse_any(line)?.message,
        };
        Ok(Arc::new(message))
    }

    /// What it takes in memory, once all its messages were asked for: bytes, about.
    pub(super) fn bytes(&self) -> usize {
        // A text once more, and what a message has beside it.
        2 * self.text.len() + 96 * PER_ROW
    }

    fn starts(&self) -> &[u32] {
        self.starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|end| end as u32 + 1);
            let mut starts = Vec::with_capacity(PER_ROW + 1);
            starts.push(0);
            starts.extend(ends);
            starts
        })
    }

    fn lines(&self) -> usize {
        self.starts().len() - 1
    }

    fn line(&self, place: usize) -> &str {
        let starts = self.starts();
        // Without the line break.
        &self.text[starts[place] as usize..starts[place + 1] as usize - 1]
    }

    /// Which line message `id` is, counted from 0; none if it is not here.
    fn place(&self, id: i64) -> Option<usize> {
        let lines = self.lines();
        // As many as ids from the first to the last: none is missing, so its place is known.
        if self.last - self.first + 1 == lines as i64 {
            return usize::try_from(id - self.first).ok().filter(|place| *place < lines);
        }
        let (mut low, mut high) = (0, lines);
        while low < high {
            let middle = low.midpoint(high);
            match id_of(self.line(middle)).cmp(&Some(id)) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// All messages of the row.
    pub(super) fn all(&self) -> Result<Vec<Archived>, Trouble> {
        let mut names = Names::default();
        self.text.lines().map(|line| parse(line, &mut names)).collect()
    }

    /// Puts other messages in the place of this row's; no row if there are none.
    pub(super) fn replace(&self, db: &Connection, left: &[Archived]) -> Result<(), Trouble> {
        for before in self.all()? {
            let stays = left.iter().find(|archived| archived.message.id == before.message.id);
            if stays.is_none_or(|archived| archived.lines != before.lines) {
                index::remove(db, &before.message, &before.lines)?;
                if let Some(archived) = stays {
                    index::add(db, &archived.message, &archived.lines)?;
                }
            }
        }
        db.prepare_cached("DELETE FROM messages WHERE first = ?1")?.execute([self.first])?;
        let (Some(first), Some(last)) = (left.first(), left.last()) else { return Ok(()) };
        let mut text = String::new();
        for archived in left {
            write(&mut text, &archived.message, &archived.lines);
        }
        put(db, first.message.id.0 as i64, last.message.id.0 as i64, &text)?;
        Ok(())
    }
}

pub(super) fn put(db: &Connection, first: i64, last: i64, text: &str) -> rusqlite::Result<()> {
    let checksum = checksum_of(&[first, last], text.as_bytes());
    db.prepare_cached("INSERT OR REPLACE INTO messages VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![first, last, text, checksum])
        .map(|_| ())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<Rows, Trouble>> {
    let (first, last, checksum): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
    let text = row.get_ref(2)?.as_str()?;
    if checksum_of(&[first, last], text.as_bytes()) != checksum {
        let what = format!("the checksum of message {first} and those behind it does not fit");
        return Ok(Err(Trouble::Damage(what)));
    }
    let (text, starts, messages) = (text.to_owned(), OnceLock::new(), OnceLock::new());
    Ok(Ok(Rows { first, last, text, starts, messages }))
}

fn write(out: &mut String, message: &Message, lines: &[i64]) {
    let written = Written {
        id: message.id,
        at: message.at,
        by: message.author,
        from: (&*message.sender).into(),
        to: (&*message.recipient).into(),
        direct: message.kind == Kind::Direct,
        shown: message.shown.as_deref().map(Cow::Borrowed),
        lines: lines.into(),
        text: Cow::Borrowed(&message.text),
    };
    // Text in memory always serialises, and JSON has no line breaks.
    out.push_str(&serde_json::to_string(&written).unwrap_or_default());
    out.push('\n');
}

/// The id of the message that this line is.
fn id_of(line: &str) -> Option<i64> {
    let digits = line.strip_prefix("{\"id\":")?.split(',').next()?;
    digits.parse().ok()
}

fn parse(line: &str, names: &mut Names) -> Result<Archived, Trouble> {
    let plain = Plain::read(line);
    let plain = plain.and_then(|plain| Some((plain.message(names)?, plain.lines()?)));
    plain.map_or_else(|| parse_any(line), |(message, lines)| Ok(Archived { message, lines }))
}

/// The same of whatever JSON says it.
fn parse_any(line: &str) -> Result<Archived, Trouble> {
    let written: Written<'_> = serde_json::from_str(line)
        .map_err(|error| Trouble::Damage(format!("a message cannot be read ({error})")))?;
    let message = Message {
        id: written.id,
        at: written.at,
        author: written.by,
        sender: Arc::from(&*written.from),
        recipient: Arc::from(&*written.to),
        kind: if written.direct { Kind::Direct } else { Kind::Room },
        shown: written.shown.map(|name| Arc::from(&*name)),
        text: written.text.into_owned(),
    };
    Ok(Archived { message, lines: written.lines.into_owned() })
}
