//! Whether the index has the words of the messages: all of them, where they stand, nothing else.
//!
//! An index without texts cannot be compared with what it was made of by SQLite: that looks at the
//! pages alone. So every place of every word becomes a number, once as the messages have it, once as
//! the index has it, and the numbers are added up for some messages at a time: what differs is known
//! to within those, and not all words need be in memory for it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::Connection;

use super::index;
use super::message::Archived;

/// Beginnings of so many characters have postings of their own, see [`index::TABLE`].
const BEGINNINGS: [usize; 2] = [2, 3];

/// Ids that are added up together.
const TOGETHER: i64 = 1024;

/// Where words stand, for some messages at a time.
#[derive(Debug, Default)]
pub(super) struct Words {
    whole: Sums,
    beginnings: Sums,
    /// How many words, those that stand twice counted twice.
    pub(super) count: u64,
}

type Sums = BTreeMap<i64, u64>;

impl Words {
    /// Adds those that a message should have.
    pub(super) fn expect(&mut self, archived: &Archived) {
        let id = archived.message.id.0 as i64;
        let document = index::document(&archived.message, &archived.lines);
        let mut beginnings = BTreeSet::new();
        for (place, word) in document.split(' ').filter(|word| !word.is_empty()).enumerate() {
            add(&mut self.whole, id, (word, place as i64));
            beginnings.extend(BEGINNINGS.iter().filter_map(|length| beginning(word, *length)));
            self.count += 1;
        }
        for beginning in beginnings {
            add(&mut self.beginnings, id, beginning);
        }
    }

    /// What of the index is otherwise; none when all is as it should be.
    pub(super) fn compare(&self, db: &Connection) -> rusqlite::Result<Option<String>> {
        db.execute_batch(
            "CREATE VIRTUAL TABLE temp.standing USING fts5vocab('main', 'words', 'instance')",
        )?;
        let compared = self.compare_with(db);
        db.execute_batch("DROP TABLE temp.standing")?;
        compared
    }

    fn compare_with(&self, db: &Connection) -> rusqlite::Result<Option<String>> {
        let (mut whole, mut begin) = (Sums::new(), Sums::new());
        let mut before = [const { String::new() }; BEGINNINGS.len()];
        let mut standing = db.prepare("SELECT term, doc, offset FROM temp.standing")?;
        let mut found = standing.query([])?;
        // The words come in their order, so all with one beginning come together.
        while let Some(row) = found.next()? {
            let Ok(word) = row.get_ref(0)?.as_str() else {
                return Ok(Some("it has words that are no text".to_owned()));
            };
            let id = row.get(1)?;
            add(&mut whole, id, (word, row.get::<_, i64>(2)?));
            for (before, length) in before.iter_mut().zip(BEGINNINGS) {
                if let Some(beginning) = beginning(word, length)
                    && beginning != before
                {
                    beginning.clone_into(before);
                    begin_with(db, beginning, &mut begin)?;
                }
            }
        }
        let differ = differing(&self.whole, &whole);
        Ok(differ.or_else(|| differing(&self.beginnings, &begin)).map(|first| {
            let last = first + TOGETHER - 1;
            format!("of messages {first} to {last} it has other words than they have")
        }))
    }
}

/// Adds the messages that the index finds by the beginning of a word.
fn begin_with(db: &Connection, beginning: &str, sums: &mut Sums) -> rusqlite::Result<()> {
    let expression = format!("\"{}\"*", beginning.replace('"', "\"\""));
    let mut statement = db.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1")?;
    let mut found = statement.query([expression])?;
    while let Some(row) = found.next()? {
        add(sums, row.get(0)?, beginning);
    }
    Ok(())
}

/// The first characters of a word that has so many.
fn beginning(word: &str, length: usize) -> Option<&str> {
    let (last, _) = word.char_indices().nth(length - 1)?;
    let end = word[last..].chars().next().map_or(last, |c| last + c.len_utf8());
    Some(&word[..end])
}

fn add(sums: &mut Sums, id: i64, what: impl Hash) {
    // Without a seed of its own, so both sides have the same numbers.
    let mut hasher = DefaultHasher::new();
    (id, what).hash(&mut hasher);
    let sum = sums.entry(id.div_euclid(TOGETHER)).or_default();
    *sum = sum.wrapping_add(hasher.finish());
}

/// The first id of the first group that has another sum on one side.
fn differing(expected: &Sums, found: &Sums) -> Option<i64> {
    let differs = |group: &&i64| expected.get(group) != found.get(group);
    let groups = expected.keys().chain(found.keys());
    groups.filter(differs).min().map(|group| group * TOGETHER)
}
