//! Looks through a whole archive: is everything there as it was written?

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::line::{Line, Places};
use super::message::Rows;
use super::words::Words;
use super::{ArchiveError, Trouble, schema};
use crate::history::Mark;
use crate::id::MessageId;
use crate::timestamp::Timestamp;

/// What an archive holds.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// How many messages.
    pub messages: u64,
    /// How many lines, those without messages included.
    pub lines: u64,
    /// The oldest message, and when it was sent.
    pub oldest: Option<(MessageId, Timestamp)>,
    /// The newest.
    pub newest: Option<(MessageId, Timestamp)>,
    /// How many words the index has, one that stands twice counted twice.
    pub words: u64,
    /// Up to where the log has been taken over.
    pub progress: Option<Mark>,
}

/// Which ids stand in a line, as a number that hardly two different sets have in common: all of a
/// line's ids need not be in memory for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Content {
    count: i64,
    sum: u64,
}

impl Content {
    fn add(&mut self, id: i64) {
        // The finaliser of SplitMix64: https://prng.di.unimi.it/splitmix64.c
        let mut mixed = id as u64;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.sum = self.sum.wrapping_add(mixed ^ (mixed >> 31));
        self.count += 1;
    }
}

/// Looks through the archive in `db`, which came from the file `path`.
///
/// # Errors
/// The first thing that is not as it was written.
pub fn audit(path: &Path, db: &Connection) -> Result<Audit, ArchiveError> {
    let look = || {
        let mut audit = Audit { progress: schema::progress(db)?, ..Audit::default() };
        let mut words = Words::default();
        let contents = messages(db, &mut audit, &mut words)?;
        lines(db, contents, &mut audit)?;
        audit.words = words.count;
        // The index last: where only that is damaged, it can be made anew.
        match words.compare(db).map_err(Trouble::of_index)? {
            None => Ok(audit),
            Some(what) => Err(Trouble::Index(what)),
        }
    };
    look().map_err(|trouble: Trouble| trouble.of(path))
}

/// The messages, row by row; which of them say that they stand in which line.
fn messages(
    db: &Connection,
    audit: &mut Audit,
    words: &mut Words,
) -> Result<BTreeMap<i64, Content>, Trouble> {
    let mut contents: BTreeMap<i64, Content> = BTreeMap::new();
    let (mut rows, mut before, mut at) = (0, 0, Timestamp(0));
    let mut next = Rows::from(db, 0)?;
    while let Some(row) = next {
        let messages = row.all()?;
        let ends = messages.first().zip(messages.last());
        let ends = ends.map(|(first, last)| (first.message.id.0 as i64, last.message.id.0 as i64));
        if ends != Some((row.first, row.last)) {
            return Err(damage(format!("the row of message {} has other messages", row.first)));
        }
        for archived in messages {
            let id = archived.message.id.0 as i64;
            if id <= before || archived.message.at < at {
                return Err(damage(format!("message {id} comes after one that is newer")));
            }
            if archived.lines.is_empty() {
                return Err(damage(format!("message {id} stands in no line")));
            }
            (before, at) = (id, archived.message.at);
            words.expect(&archived);
            for line in archived.lines {
                contents.entry(line).or_default().add(id);
            }
            let this = (archived.message.id, at);
            audit.oldest.get_or_insert(this);
            audit.newest = Some(this);
            audit.messages += 1;
        }
        rows += 1;
        next = Rows::from(db, row.first + 1)?;
    }
    if rows != count(db, "SELECT count(*) FROM messages")? {
        return Err(damage("there are messages out of their order"));
    }
    Ok(contents)
}

/// The lines with their ids, compared with what the messages say.
fn lines(
    db: &Connection,
    mut contents: BTreeMap<i64, Content>,
    audit: &mut Audit,
) -> Result<(), Trouble> {
    let mut rows = 0;
    for line in Line::starting(db, "")? {
        let name = &line.line;
        let mut content = Content::default();
        let mut last = 0;
        let mut next = Places::behind(db, line.number, 0)?;
        while let Some(row) = next {
            let ascend = row.ids.windows(2).all(|pair| pair[0] < pair[1]);
            if row.before != last || row.first() <= last || !ascend {
                return Err(damage(format!("line {name}: what stands behind {last} is missing")));
            }
            row.ids.iter().for_each(|id| content.add(*id));
            last = row.last();
            rows += 1;
            next = Places::behind(db, line.number, last)?;
        }
        if (line.last, line.count) != (last, content.count) {
            return Err(damage(format!(
                "line {name}: it has {} messages up to {last}, and should have {} up to {}",
                content.count, line.count, line.last
            )));
        }
        if contents.remove(&line.number).unwrap_or_default() != content {
            return Err(damage(format!("line {name}: others stand in it than say so")));
        }
        audit.lines += 1;
    }
    if let Some(number) = contents.keys().next() {
        return Err(damage(format!("messages stand in line {number}, which is missing")));
    }
    if audit.lines as i64 != count(db, "SELECT count(*) FROM lines")?
        || rows != count(db, "SELECT count(*) FROM places")?
    {
        return Err(damage("there are parts of lines that belong to none"));
    }
    Ok(())
}

fn count(db: &Connection, query: &str) -> Result<i64, Trouble> {
    Ok(db.query_row(query, [], |row| row.get(0))?)
}

fn damage(what: impl Into<String>) -> Trouble {
    Trouble::Damage(what.into())
}
