//! Rows that were read lately, with what was taken out of them.
//!
//! Many read the same old pages, and taking a message out of its line costs more than all else. A row
//! that is asked for again keeps its messages; of most of those that somebody passes who reads through
//! everything, only the text is here.
//!
//! What was deleted is not kept either: whoever changes rows empties it before and behind the change,
//! and who began to read before that neither finds nor leaves anything. Rows that only grow may stay:
//! a message that one does not have yet is looked up in the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;

use super::Trouble;
use super::message::Rows;

/// What rows may take in memory: bytes, about. Some 80,000 messages of usual length.
const ROOM: usize = 32 << 20;

/// The rows, shared by all readers.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// By the id of the first message.
    rows: BTreeMap<i64, Entry>,
    bytes: usize,
    /// Where the search for rows that nobody uses goes on.
    hand: i64,
    /// How often rows were changed.
    changes: u64,
    /// Rows are being changed.
    changing: bool,
}

#[derive(Debug)]
struct Entry {
    row: Arc<Rows>,
    /// Somebody has asked for it since the hand was here.
    used: bool,
}

/// While it lives, rows are changed, and none is kept.
#[derive(Debug)]
pub(super) struct Changing<'c>(&'c Cache);

/// The rows as of one moment.
#[derive(Debug)]
pub(super) struct View<'c> {
    cache: &'c Cache,
    changes: u64,
}

impl Cache {
    /// To be called before the transaction in which is read.
    pub(super) fn view(&self) -> View<'_> {
        View { cache: self, changes: self.0.lock().changes }
    }

    fn empty(&self, changing: bool) {
        let mut kept = self.0.lock();
        let changes = kept.changes + 1;
        let before = std::mem::replace(&mut *kept, Kept { changes, changing, ..Kept::default() });
        // Nobody waits while all that is given back.
        drop(kept);
        drop(before);
    }

    /// To be called before, and kept until behind, the transactions that change or remove messages.
    pub(super) fn changing(&self) -> Changing<'_> {
        self.empty(true);
        Changing(self)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.empty(false);
    }
}

impl View<'_> {
    /// The row that message `id` is in, if it is archived, and whether it was here already.
    pub(super) fn row(
        &self,
        db: &Connection,
        id: i64,
    ) -> Result<Option<(Arc<Rows>, bool)>, Trouble> {
        if let Some(row) = self.cache.0.lock().find(id, self.changes) {
            return Ok(Some((row, true)));
        }
        let row = Rows::with(db, id)?.map(Arc::new);
        if let Some(row) = &row {
            self.cache.0.lock().keep(row, self.changes);
        }
        Ok(row.map(|row| (row, false)))
    }
}

impl Kept {
    fn find(&mut self, id: i64, changes: u64) -> Option<Arc<Rows>> {
        let (_, entry) = self.rows.range_mut(..=id).next_back()?;
        if entry.row.last < id || changes != self.changes {
            return None;
        }
        entry.used = true;
        Some(entry.row.clone())
    }

    fn keep(&mut self, row: &Arc<Rows>, changes: u64) {
        // One that is very large would put out all others.
        if self.changing || changes != self.changes || row.bytes() > ROOM / 8 {
            return;
        }
        self.bytes += row.bytes();
        let entry = Entry { row: row.clone(), used: false };
        if let Some(before) = self.rows.insert(row.first, entry) {
            self.bytes -= before.row.bytes();
        }
        // Rows that were used get a second chance: who reads through everything once does not put
        // out what others come back to.
        while self.bytes > ROOM {
            let place = self.rows.range(self.hand..).next().or_else(|| self.rows.iter().next());
            let Some(first) = place.map(|(first, _)| *first) else { return };
            self.hand = first + 1;
            match self.rows.get_mut(&first) {
                Some(entry) if entry.used => entry.used = false,
                _ => {
                    let removed = self.rows.remove(&first);
                    self.bytes -= removed.map_or(0, |entry| entry.row.bytes());
                }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;
    use crate::archive::{Keeper, message, schema};
    use crate::history::{Mark, Record};
    use crate::id::UserId;

    /// An archive of `count` rows, of one message each, of the ids 10, 20, …
    fn rows(count: i64, text: &str) -> Result<Connection, Trouble> {
        let db = schema::open(std::path::Path::new(":memory:"))?;
        for id in (1..=count).map(|number| 10 * number) {
            message::put(&db, id, id, text)?;
        }
        Ok(db)
    }

    fn kept(cache: &Cache) -> usize {
        cache.0.lock().rows.len()
    }

    #[test]
    fn who_began_before_a_change_neither_finds_nor_leaves_anything() {
        let (db, cache) = (rows(3, "{}\n").unwrap(), Cache::default());
        let read = |view: &View<'_>, id| {
            let (row, again) = view.row(&db, id).unwrap().unwrap();
            (row.first, again)
        };
        let before = cache.view();
        assert_eq!([read(&before, 10), read(&before, 10)], [(10, false), (10, true)]);
        let changing = cache.changing();
        let during = cache.view();
        for view in [&before, &during] {
            assert_eq!([read(view, 10), read(view, 10)], [(10, false); 2]);
        }
        drop(changing);
        let after = cache.view();
        for view in [&before, &during] {
            assert_eq!([read(view, 20), read(view, 20)], [(20, false); 2]);
        }
        assert_eq!([read(&after, 20), read(&after, 20)], [(20, false), (20, true)]);
        assert_eq!([read(&before, 20), read(&during, 20)], [(20, false); 2]);
        assert!(after.row(&db, 15).unwrap().is_none());
    }

    #[test]
    fn a_removal_empties_it() {
        let home = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::open(&home.path().join("archive")).unwrap();
        let mut take = |position, records: &[Record]| {
            let cache = keeper.cache.clone();
            cache.view().row(&rows(1, "{}\n").unwrap(), 10).unwrap();
            keeper.take(records, Mark { position, sign: String::new() }).unwrap();
            kept(&cache)
        };
        assert_eq!(take(1, &[]), 1);
        assert_eq!(take(2, &[Record::Forgotten(UserId(1))]), 0);
    }

    #[test]
    fn what_is_read_again_outlives_what_is_read_once() {
        let text = "x".repeat(ROOM / 64);
        let (db, cache) = (rows(200, &text).unwrap(), Cache::default());
        let view = cache.view();
        let mut again = 0;
        for number in 1..=200 {
            view.row(&db, 10 * number).unwrap();
            again += usize::from(view.row(&db, 10).unwrap().unwrap().1);
            assert!(cache.0.lock().bytes <= ROOM);
        }
        assert_eq!((again, kept(&cache)), (200, 31));
        let bytes: usize = cache.0.lock().rows.values().map(|entry| entry.row.bytes()).sum();
        assert_eq!(cache.0.lock().bytes, bytes);
    }
}
