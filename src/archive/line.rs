//! Lines: which messages some reader reads, by their ids alone.
//!
//! A line's ids stand in rows of up to 512, each of which names the last id before it, and the
//! line itself names its last: a row that is lost is noticed by whoever reads past it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Trouble;
use super::schema::checksum_of;

/// Ids in one row.
const PER_ROW: usize = 512;

/// A line's own row.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: i64,
    pub(super) line: String,
    /// The id of its newest message; 0 if it has none.
    pub(super) last: i64,
    /// How many messages it has.
    pub(super) count: i64,
}

impl Line {
    /// The line of this text.
    pub(super) fn find(db: &Connection, line: &str) -> Result<Option<Line>, Trouble> {
        let query = "SELECT number, line, last, count, checksum FROM lines WHERE line = ?1";
        db.prepare_cached(query)?.query_row([line], Line::read).optional()?.transpose()
    }

    /// The line of this number.
    pub(super) fn numbered(db: &Connection, number: i64) -> Result<Option<Line>, Trouble> {
        let query = "SELECT number, line, last, count, checksum FROM lines WHERE number = ?1";
        db.prepare_cached(query)?.query_row([number], Line::read).optional()?.transpose()
    }

    /// The lines whose texts begin with `start`.
    pub(super) fn starting(db: &Connection, start: &str) -> Result<Vec<Line>, Trouble> {
        let query = "SELECT number, line, last, count, checksum FROM lines
                     WHERE line >= ?1 AND substr(line, 1, length(?1)) = ?1 ORDER BY line";
        let mut statement = db.prepare_cached(query)?;
        let lines: Vec<_> = statement.query_map([start], Line::read)?.collect::<Result<_, _>>()?;
        lines.into_iter().collect()
    }

    /// Makes a line that has no messages yet.
    pub(super) fn create(db: &Connection, line: &str) -> Result<Line, Trouble> {
        let query = "SELECT ifnull(max(number), 0) + 1 FROM lines";
        let number = db.prepare_cached(query)?.query_row([], |row| row.get(0))?;
        let line = Line { number, line: line.to_owned(), last: 0, count: 0 };
        line.write(db)?;
        Ok(line)
    }

    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        // Its text, which has an index, stays.
        let query = "INSERT INTO lines VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (number)
                     DO UPDATE SET last = ?3, count = ?4, checksum = ?5";
        db.prepare_cached(query)?
            .execute(params![self.number, self.line, self.last, self.count, self.checksum()])
            .map(|_| ())
    }

    /// Removes the line and its ids.
    pub(super) fn delete(&self, db: &Connection) -> rusqlite::Result<()> {
        db.prepare_cached("DELETE FROM places WHERE line = ?1")?.execute([self.number])?;
        db.prepare_cached("DELETE FROM lines WHERE number = ?1")?.execute([self.number])?;
        Ok(())
    }

    fn checksum(&self) -> i64 {
        checksum_of(&[self.number, self.last, self.count], self.line.as_bytes())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Result<Line, Trouble>> {
        let line =
            Line { number: row.get(0)?, line: row.get(1)?, last: row.get(2)?, count: row.get(3)? };
        if line.checksum() != row.get::<_, i64>(4)? {
            let what = format!("the checksum of line {} does not fit", line.number);
            return Ok(Err(Trouble::Damage(what)));
        }
        Ok(Ok(line))
    }
}

/// A row of ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The last id of the row before; 0 in a line's first row.
    pub(super) before: i64,
    /// Ascending, never empty when written.
    pub(super) ids: Vec<i64>,
}

impl Places {
    /// The first id; 0 if there is none.
    pub(super) fn first(&self) -> i64 {
        self.ids.first().copied().unwrap_or_default()
    }

    /// The last id; 0 if there is none.
    pub(super) fn last(&self) -> i64 {
        self.ids.last().copied().unwrap_or_default()
    }

    /// Whether no further id fits.
    pub(super) fn is_full(&self) -> bool {
        self.ids.len() >= PER_ROW
    }

    /// The row of a line that `id` is or would be in: the last that begins at or before it.
    pub(super) fn around(db: &Connection, line: i64, id: i64) -> Result<Option<Places>, Trouble> {
        let query = "SELECT line, first, last, before, count, ids, checksum FROM places
                     WHERE line = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";
        db.prepare_cached(query)?.query_row([line, id], Places::read).optional()?.transpose()
    }

    /// The first row of a line that begins behind `id`.
    pub(super) fn behind(db: &Connection, line: i64, id: i64) -> Result<Option<Places>, Trouble> {
        let query = "SELECT line, first, last, before, count, ids, checksum FROM places
                     WHERE line = ?1 AND first > ?2 ORDER BY first LIMIT 1";
        db.prepare_cached(query)?.query_row([line, id], Places::read).optional()?.transpose()
    }

    pub(super) fn write(&self, db: &Connection, line: i64) -> rusqlite::Result<()> {
        let (first, last, count) = (self.first(), self.last(), self.ids.len() as i64);
        let mut ids = Vec::with_capacity(2 * self.ids.len());
        for pair in self.ids.windows(2) {
            leb128(&mut ids, (pair[1] - pair[0]) as u64);
        }
        let checksum = checksum_of(&[line, first, last, self.before, count], &ids);
        db.prepare_cached("INSERT OR REPLACE INTO places VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![line, first, last, self.before, count, ids, checksum])
            .map(|_| ())
    }

    /// Removes the row that begins with `first`.
    pub(super) fn delete(db: &Connection, line: i64, first: i64) -> rusqlite::Result<()> {
        db.prepare_cached("DELETE FROM places WHERE line = ?1 AND first = ?2")?
            .execute([line, first])
            .map(|_| ())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Result<Places, Trouble>> {
        let (line, first, last): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (before, count): (i64, i64) = (row.get(3)?, row.get(4)?);
        let bytes = row.get_ref(5)?.as_blob()?;
        let fits =
            checksum_of(&[line, first, last, before, count], bytes) == row.get::<_, i64>(6)?;
        let mut ids = vec![first];
        let mut rest = bytes;
        while let (true, Some(step)) = (fits, take_leb128(&mut rest)) {
            ids.push(ids[ids.len() - 1] + step as i64);
        }
        if !fits {
            let what = format!("the checksum of what stands in line {line} does not fit");
            return Ok(Err(Trouble::Damage(what)));
        }
        Ok(Ok(Places { before, ids }))
    }
}

/// Writes a number seven bits a byte, the lowest first, all but the last with the highest bit set.
fn leb128(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number back; `None` at the end.
fn take_leb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 16_383, 16_384, 1 << 40, u64::MAX];
        let mut bytes = Vec::new();
        numbers.iter().for_each(|number| leb128(&mut bytes, *number));
        let mut rest = &*bytes;
        let read: Vec<_> = std::iter::from_fn(|| take_leb128(&mut rest)).collect();
        assert_eq!(read, numbers);
    }
}
