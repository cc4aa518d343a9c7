//! Takes over what happened, a transaction at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::cache::{Cache, Changing};
use super::line::{Line, Places};
use super::message::{Archived, Filling, Rows};
use super::{Archive, ArchiveError, Trouble, index, schema};
use crate::fault;
use crate::history::{self, Mark, Record};
use crate::id::{MessageId, UserId};
use crate::message::Message;

/// Messages that are removed in one transaction: retention may remove millions, and the room that
/// the removal takes beside the file is bounded by this.
const REMOVED_AT_ONCE: i64 = 2_000;

/// Pages of the file that are given back at once.
const PAGES_AT_ONCE: i64 = 256;

/// The one writer of an archive.
#[derive(Debug)]
pub struct Keeper {
    pub(super) path: PathBuf,
    pub(super) db: Connection,
    mark: Option<Mark>,
    pub(super) cache: Arc<Cache>,
    /// Words of deleted messages may still be in the index.
    words_left: bool,
}

impl Keeper {
    /// Opens the archive in `path`, making it if there is no file.
    ///
    /// # Errors
    /// It cannot be opened, or is not what was written.
    pub fn open(path: &Path) -> Result<Keeper, ArchiveError> {
        let open = || {
            let db = schema::open(path)?;
            let mark = schema::progress(&db)?;
            let cache = Arc::default();
            Ok(Keeper { path: path.to_owned(), db, mark, cache, words_left: false })
        };
        open().map_err(|trouble: Trouble| trouble.of(path))
    }

    /// The same for readers, whom it tells what changes: there is to be no other.
    pub fn archive(&self) -> Archive {
        Archive::new(&self.path, self.cache.clone())
    }

    /// Up to where the log has been taken over; none for a new archive.
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// The position of the last entry that has been taken over; 0 for a new archive.
    pub fn position(&self) -> u64 {
        self.mark.as_ref().map_or(0, |mark| mark.position)
    }

    /// The newest snapshot of the state, with the place in the log that it is of.
    ///
    /// # Errors
    /// It cannot be read, or is not what was written.
    pub fn snapshot(&self) -> Result<Option<(Mark, Vec<u8>)>, ArchiveError> {
        schema::snapshot(&self.db).map_err(|trouble| trouble.of(&self.path))
    }

    /// Puts a snapshot in the place of the one before, and returns when it is on the disk.
    ///
    /// # Errors
    /// It cannot be written; the one before is still there.
    pub fn keep_snapshot(&mut self, mark: &Mark, state: &[u8]) -> Result<(), ArchiveError> {
        fault::point("snapshot.before");
        schema::set_snapshot(&mut self.db, mark, state)
            .inspect(|()| fault::point("snapshot.committed"))
            .and_then(|()| self.sync())
            .map_err(|error| ArchiveError::of(&self.path, &error))
    }

    /// Takes over what happened up to `mark`: all of it or, when this fails, nothing but the
    /// beginning of a removal, which may be taken over again.
    ///
    /// # Errors
    /// It cannot be written, or what is there is damaged.
    pub fn take(&mut self, records: &[Record], mark: Mark) -> Result<(), ArchiveError> {
        let path = &self.path;
        let mut rows = Changes { cache: &self.cache, changing: None };
        take(&mut self.db, &mut rows, records, &mark).map_err(|trouble| trouble.of(path))?;
        self.mark = Some(mark);
        self.words_left |= records.iter().any(|record| bulky(record).is_some());
        Ok(())
    }

    /// Rewrites what deleted messages have left, gives free pages back to the file system: a few
    /// at once. Whether there may be more.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn give_back(&mut self) -> Result<bool, ArchiveError> {
        let mut give = || {
            let pages = |db: &Connection| {
                db.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0))
            };
            if self.words_left {
                self.words_left = index::merge(&self.db)?;
                return Ok(true);
            }
            let free = pages(&self.db)?;
            if free == 0 {
                return Ok(false);
            }
            // It gives a page back for every row that it is asked for.
            let mut vacuum =
                self.db.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
            let mut rows = vacuum.query([])?;
            while rows.next()?.is_some() {}
            fault::point("archive.vacuumed");
            Ok(free > PAGES_AT_ONCE)
        };
        give().map_err(|error: rusqlite::Error| ArchiveError::of(&self.path, &error))
    }

    /// Writes everything to the file itself: what was deleted is in no side file any more, either.
    fn sync(&self) -> rusqlite::Result<()> {
        // Readers may keep it from being emptied; the next one empties it.
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

/// Tells the cache, once, that rows are going to change: until all of it is committed.
struct Changes<'c> {
    cache: &'c Cache,
    changing: Option<Changing<'c>>,
}

impl Changes<'_> {
    fn begin(&mut self) {
        self.changing.get_or_insert_with(|| self.cache.changing());
    }
}

fn take(
    db: &mut Connection,
    rows: &mut Changes<'_>,
    records: &[Record],
    mark: &Mark,
) -> Result<(), Trouble> {
    let mut records = records;
    while let Some(place) = records.iter().position(|record| bulky(record).is_some()) {
        // What is removed a part at a time comes in transactions of its own, behind what was
        // before it. The mark stands still meanwhile: a message is not taken over twice, and a
        // removal that is begun again finds less to remove.
        let (before, rest) = records.split_at(place);
        write(db, rows, before, None)?;
        if let Some(below) = rest.first().and_then(bulky) {
            rows.begin();
            trim(db, below)?;
        }
        records = &rest[1..];
    }
    write(db, rows, records, Some(mark))
}

/// The lowest id that stays, of a removal that may concern everything.
fn bulky(record: &Record) -> Option<MessageId> {
    match record {
        Record::Trimmed { room: None, below } => Some(*below),
        _ => None,
    }
}

fn write(
    db: &mut Connection,
    rows: &mut Changes<'_>,
    records: &[Record],
    mark: Option<&Mark>,
) -> Result<(), Trouble> {
    let transaction = db.transaction()?;
    let mut taking = Taking::resume(&transaction)?;
    for record in records {
        match record {
            Record::Posted { message, route } => {
                let lines = route.lines().map(|line| line.to_string());
                taking.post(&transaction, message, lines)?;
            }
            other => {
                taking.finish(&transaction)?;
                match other {
                    Record::Posted { .. } => {}
                    Record::Closed(line) => {
                        if let Some(line) = Line::find(&transaction, &line.to_string())? {
                            rows.begin();
                            close(&transaction, vec![line])?;
                        }
                    }
                    Record::Retired(user) => {
                        let lines = Line::starting(&transaction, &format!("{} ", user.0))?;
                        if !lines.is_empty() {
                            rows.begin();
                            close(&transaction, lines)?;
                        }
                    }
                    Record::Forgotten(author) => {
                        rows.begin();
                        forget(&transaction, *author)?;
                    }
                    Record::Trimmed { room, below } => {
                        let line = room.clone().map(history::Line::Room);
                        let line = line.map(|line| Line::find(&transaction, &line.to_string()));
                        if let Some(line) = line.transpose()?.flatten() {
                            rows.begin();
                            trim_line(&transaction, &line, below.0 as i64)?;
                        }
                    }
                }
                taking = Taking::resume(&transaction)?;
            }
        }
    }
    taking.finish(&transaction)?;
    if let Some(mark) = mark {
        schema::set_progress(&transaction, mark)?;
    }
    fault::point("archive.before_commit");
    transaction.commit()?;
    fault::point("archive.committed");
    Ok(())
}

/// The rows that are being filled.
pub(super) struct Taking {
    filling: Filling,
    lines: HashMap<String, Open>,
    /// The newest message that is archived.
    last: i64,
}

struct Open {
    line: Line,
    places: Places,
}

impl Taking {
    pub(super) fn resume(db: &Connection) -> Result<Taking, Trouble> {
        let query = "SELECT ifnull(max(last), 0) FROM (
                         SELECT last FROM messages ORDER BY first DESC LIMIT 1)";
        let last = db.prepare_cached(query)?.query_row([], |row| row.get(0))?;
        Ok(Taking { filling: Filling::resume(db)?, lines: HashMap::new(), last })
    }

    pub(super) fn post(
        &mut self,
        db: &Connection,
        message: &Message,
        lines: impl Iterator<Item = String>,
    ) -> Result<(), Trouble> {
        let id = message.id.0 as i64;
        if id <= self.last {
            return Ok(());
        }
        let mut numbers = Vec::with_capacity(4);
        for line in lines {
            let open = self.open(db, line)?;
            open.places.ids.push(id);
            (open.line.last, open.line.count) = (id, open.line.count + 1);
            numbers.push(open.line.number);
            if open.places.is_full() {
                open.places.write(db, open.line.number)?;
                open.places = Places { before: id, ids: Vec::new() };
            }
        }
        self.filling.push(db, message, &numbers)?;
        self.last = id;
        Ok(())
    }

    fn open(&mut self, db: &Connection, text: String) -> Result<&mut Open, Trouble> {
        use std::collections::hash_map::Entry;
        match self.lines.entry(text) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let found = Line::find(db, entry.key())?;
                let line = found.map_or_else(|| Line::create(db, entry.key()), Ok)?;
                let last = Places::around(db, line.number, i64::MAX)?.unwrap_or_default();
                let places = match last.is_full() {
                    true => Places { before: last.last(), ids: Vec::new() },
                    false => last,
                };
                Ok(entry.insert(Open { line, places }))
            }
        }
    }

    pub(super) fn finish(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.filling.flush(db)?;
        for open in self.lines.values() {
            if !open.places.ids.is_empty() {
                open.places.write(db, open.line.number)?;
            }
            open.line.write(db)?;
        }
        self.lines.clear();
        Ok(())
    }
}

/// Removes lines that nobody reads any more, with the messages that stand in no other line.
fn close(db: &Connection, lines: Vec<Line>) -> Result<(), Trouble> {
    let closed: BTreeSet<i64> = lines.iter().map(|line| line.number).collect();
    for line in &lines {
        let mut places = Places::behind(db, line.number, 0)?;
        while let Some(row) = places {
            change(db, &row.ids, |archived| {
                archived.lines.retain(|line| !closed.contains(line));
                !archived.lines.is_empty()
            })?;
            places = Places::behind(db, line.number, row.last())?;
        }
        line.delete(db)?;
    }
    Ok(())
}

/// Changes the messages of these ids, which ascend; one that `keep` says no to is removed.
fn change(
    db: &Connection,
    ids: &[i64],
    mut keep: impl FnMut(&mut Archived) -> bool,
) -> Result<(), Trouble> {
    let mut ids = ids;
    while let Some(first) = ids.first() {
        let Some(row) = Rows::with(db, *first)? else {
            ids = &ids[1..];
            continue;
        };
        let (here, rest) = ids.split_at(ids.partition_point(|id| *id <= row.last));
        let mut messages = row.all()?;
        messages.retain_mut(|archived| {
            here.binary_search(&(archived.message.id.0 as i64)).is_err() || keep(archived)
        });
        row.replace(db, &messages)?;
        ids = rest;
    }
    Ok(())
}

/// Removes what a user said, wherever it was said.
fn forget(db: &Connection, author: UserId) -> Result<(), Trouble> {
    let mut removed: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let mut next = Rows::from(db, 0)?;
    while let Some(row) = next {
        let (gone, left): (Vec<_>, Vec<_>) =
            row.all()?.into_iter().partition(|archived| archived.message.author == Some(author));
        if !gone.is_empty() {
            row.replace(db, &left)?;
        }
        for archived in gone {
            for line in archived.lines {
                removed.entry(line).or_default().insert(archived.message.id.0 as i64);
            }
        }
        next = Rows::from(db, row.last + 1)?;
    }
    for (number, ids) in removed {
        if let Some(line) = Line::numbered(db, number)? {
            take_out(db, line, &ids)?;
        }
    }
    Ok(())
}

/// Takes ids out of a line.
fn take_out(db: &Connection, mut line: Line, ids: &BTreeSet<i64>) -> Result<(), Trouble> {
    let Some(lowest) = ids.first() else { return Ok(()) };
    let start = Places::around(db, line.number, *lowest)?;
    let mut before = start.as_ref().map_or(0, |row| row.before);
    let mut next = start;
    while let Some(row) = next {
        let first = row.first();
        next = Places::behind(db, line.number, row.last())?;
        let left: Vec<_> = row.ids.iter().copied().filter(|id| !ids.contains(id)).collect();
        line.count -= (row.ids.len() - left.len()) as i64;
        Places::delete(db, line.number, first)?;
        if !left.is_empty() {
            let row = Places { before, ids: left };
            row.write(db, line.number)?;
            before = row.last();
        }
    }
    line.last = before;
    line.write(db)?;
    Ok(())
}

/// Removes the messages below an id, so many in each transaction.
fn trim(db: &mut Connection, below: MessageId) -> Result<(), Trouble> {
    loop {
        let transaction = db.transaction()?;
        let oldest = Rows::from(&transaction, 0)?.map(|row| row.first);
        let Some(oldest) = oldest.filter(|oldest| *oldest < below.0 as i64) else { return Ok(()) };
        let below = (below.0 as i64).min(oldest.saturating_add(REMOVED_AT_ONCE));
        index::overwrite(&transaction, false)?;
        let mut lines = BTreeSet::new();
        while let Some(row) = Rows::from(&transaction, 0)?.filter(|row| row.first < below) {
            let (gone, left): (Vec<_>, Vec<_>) =
                row.all()?.into_iter().partition(|archived| (archived.message.id.0 as i64) < below);
            lines.extend(gone.into_iter().flat_map(|archived| archived.lines));
            row.replace(&transaction, &left)?;
        }
        for number in lines {
            if let Some(line) = Line::numbered(&transaction, number)? {
                cut(&transaction, line, below)?;
            }
        }
        index::overwrite(&transaction, true)?;
        fault::point("retention.before_commit");
        transaction.commit()?;
        fault::point("retention.committed");
    }
}

/// Removes the messages of one line below an id.
fn trim_line(db: &Connection, line: &Line, below: i64) -> Result<(), Trouble> {
    let mut next = Places::behind(db, line.number, 0)?;
    while let Some(row) = next.filter(|row| row.first() < below) {
        let gone = &row.ids[..row.ids.partition_point(|id| *id < below)];
        change(db, gone, |archived| {
            archived.lines.retain(|number| *number != line.number);
            !archived.lines.is_empty()
        })?;
        next = Places::behind(db, line.number, row.last())?;
    }
    cut(db, line.clone(), below)
}

/// Takes the ids below `below` out of a line.
fn cut(db: &Connection, mut line: Line, below: i64) -> Result<(), Trouble> {
    while let Some(mut row) = Places::behind(db, line.number, 0)? {
        let first = row.first();
        if first >= below && row.before == 0 {
            break;
        }
        let gone = row.ids.partition_point(|id| *id < below);
        row.ids.drain(..gone);
        line.count -= gone as i64;
        Places::delete(db, line.number, first)?;
        if !row.ids.is_empty() {
            row.before = 0;
            row.write(db, line.number)?;
            break;
        }
        if line.count == 0 {
            line.last = 0;
        }
    }
    line.write(db)?;
    Ok(())
}
