//! Reads lines back, whole or not at all.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::Trouble;
use super::cache::View;
use super::line::{Line, Places};
use super::message::Rows;
use super::plain::Names;
use crate::history::Scope;
use crate::id::MessageId;
use crate::message::Message;

/// A part of the archive's messages.
#[derive(Debug, Default)]
pub struct Part {
    /// Ascending by id.
    pub messages: Vec<Arc<Message>>,
    /// Whether there are more, in the direction that was asked for.
    pub more: bool,
}

/// One line of a scope, with what of it may be read.
pub(super) struct Within {
    pub(super) line: Line,
    /// Ids up to this one are gone.
    pub(super) gone: i64,
}

/// The oldest messages of a scope above `cursor`.
pub(super) fn after(
    db: &Connection,
    rows: &View<'_>,
    scope: &Scope,
    cursor: MessageId,
    limit: usize,
) -> Result<Part, Trouble> {
    let lines = within(db, scope)?;
    let through = scope.through.0 as i64;
    let mut cursor = cursor.0 as i64;
    let mut messages = Vec::new();
    loop {
        let wanted = limit + 1 - messages.len();
        let mut ids = Vec::new();
        for Within { line, gone } in &lines {
            ids_after(db, line, cursor.max(*gone), through, wanted, &mut ids)?;
        }
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(wanted);
        let Some(last) = ids.last() else { return Ok(Part { messages, more: false }) };
        cursor = *last;
        fetch(db, rows, &ids, scope, &mut messages)?;
        if messages.len() > limit {
            messages.truncate(limit);
            return Ok(Part { messages, more: true });
        }
        if ids.len() < wanted {
            return Ok(Part { messages, more: false });
        }
    }
}

/// The newest messages of a scope below `end`.
pub(super) fn before(
    db: &Connection,
    rows: &View<'_>,
    scope: &Scope,
    end: MessageId,
    limit: usize,
) -> Result<Part, Trouble> {
    let lines = within(db, scope)?;
    let mut end = end.0.min(scope.through.0.saturating_add(1)) as i64;
    let mut parts = Vec::new();
    let mut found = 0;
    let more = loop {
        let wanted = limit + 1 - found;
        let mut ids = Vec::new();
        for Within { line, gone } in &lines {
            ids_before(db, line, end, *gone, wanted, &mut ids)?;
        }
        ids.sort_unstable();
        ids.dedup();
        let ids = &ids[ids.len().saturating_sub(wanted)..];
        let Some(first) = ids.first() else { break false };
        end = *first;
        let mut messages = Vec::new();
        fetch(db, rows, ids, scope, &mut messages)?;
        found += messages.len();
        parts.push(messages);
        if found > limit {
            break true;
        }
        if ids.len() < wanted {
            break false;
        }
    };
    let mut messages: Vec<_> = parts.into_iter().rev().flatten().collect();
    messages.drain(..messages.len().saturating_sub(limit));
    Ok(Part { messages, more })
}

/// How many messages of a scope there are.
pub(super) fn count(db: &Connection, rows: &View<'_>, scope: &Scope) -> Result<usize, Trouble> {
    if !scope.forgotten.is_empty() {
        // Some are removed and still here, for a moment: which, only the messages say.
        return Ok(before(db, rows, scope, MessageId(u64::MAX - 1), usize::MAX / 2)?
            .messages
            .len());
    }
    let through = scope.through.0 as i64;
    let mut count = 0;
    for Within { line, gone } in within(db, scope)? {
        let mut total = line.count;
        // Those that memory still has, or that are gone: whole rows are counted unread.
        let mut next = Places::around(db, line.number, i64::MAX)?;
        while let Some(row) = next.filter(|row| row.last() > through) {
            total -= row.ids.iter().filter(|id| **id > through).count() as i64;
            next = previous(db, &line, &row)?;
        }
        let mut next = Places::behind(db, line.number, 0)?;
        while let Some(row) = next.filter(|row| row.first() <= gone) {
            total -= row.ids.iter().filter(|id| **id <= gone && **id <= through).count() as i64;
            next = Places::behind(db, line.number, row.last())?;
        }
        count += total.max(0) as usize;
    }
    Ok(count)
}

/// The id of the `count`th newest message, counted from 1, of a scope of one line.
pub(super) fn nth_newest(
    db: &Connection,
    scope: &Scope,
    count: usize,
) -> Result<Option<MessageId>, Trouble> {
    let mut ids = Vec::new();
    for Within { line, gone } in within(db, scope)? {
        ids_before(db, &line, scope.through.0 as i64 + 1, gone, count, &mut ids)?;
    }
    Ok(count.checked_sub(1).and_then(|place| ids.get(place)).map(|id| MessageId(*id as u64)))
}

/// The id of the newest message; 0 if there is none.
pub(super) fn newest(db: &Connection) -> Result<MessageId, Trouble> {
    let query = "SELECT last FROM messages ORDER BY first DESC LIMIT 1";
    let last = db.prepare_cached(query)?.query_row([], |row| row.get::<_, i64>(0)).optional()?;
    Ok(MessageId(last.unwrap_or_default() as u64))
}

/// The id of the first message at or behind a moment; none if all are before it.
pub(super) fn first_since(
    db: &Connection,
    at: crate::timestamp::Timestamp,
) -> Result<Option<MessageId>, Trouble> {
    // Moments ascend with ids, so the rows are searched by halves.
    let bounds = "SELECT ifnull(min(first), 0), ifnull(max(first), -1) FROM messages";
    let (mut low, mut high): (i64, i64) =
        db.prepare_cached(bounds)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        let Some(row) = Rows::from(db, middle)? else {
            high = middle - 1;
            continue;
        };
        let messages = row.all()?;
        match messages.iter().find(|archived| archived.message.at >= at) {
            Some(archived) => {
                found = Some(archived.message.id);
                high = middle - 1;
            }
            None => low = row.last + 1,
        }
    }
    Ok(found)
}

/// The lines of a scope that there are.
pub(super) fn within(db: &Connection, scope: &Scope) -> Result<Vec<Within>, Trouble> {
    let mut lines = Vec::with_capacity(scope.lines.len());
    for (line, gone) in &scope.lines {
        // A line without messages was never begun here.
        if let Some(line) = Line::find(db, &line.to_string())? {
            lines.push(Within { line, gone: gone.0 as i64 });
        }
    }
    Ok(lines)
}

fn ids_after(
    db: &Connection,
    line: &Line,
    cursor: i64,
    through: i64,
    limit: usize,
    ids: &mut Vec<i64>,
) -> Result<(), Trouble> {
    if line.last <= cursor {
        return Ok(());
    }
    let wanted = ids.len() + limit;
    let mut row = match Places::around(db, line.number, cursor)? {
        Some(row) => row,
        None => next(db, line, 0)?,
    };
    loop {
        let start = row.ids.partition_point(|id| *id <= cursor);
        let end = row.ids.partition_point(|id| *id <= through);
        let there = &row.ids[start.min(end)..end];
        ids.extend(there.iter().take(wanted - ids.len()));
        if ids.len() == wanted || end < row.ids.len() || row.last() == line.last {
            return Ok(());
        }
        row = next(db, line, row.last())?;
    }
}

fn ids_before(
    db: &Connection,
    line: &Line,
    end: i64,
    gone: i64,
    limit: usize,
    ids: &mut Vec<i64>,
) -> Result<(), Trouble> {
    if line.last == 0 {
        return Ok(());
    }
    let wanted = ids.len() + limit;
    let Some(mut row) = Places::around(db, line.number, end - 1)? else {
        // Everything is behind it, and the first row must say that it is the first.
        return next(db, line, 0).map(|_| ());
    };
    loop {
        let start = row.ids.partition_point(|id| *id <= gone);
        let stop = row.ids.partition_point(|id| *id < end);
        let there = &row.ids[start.min(stop)..stop];
        ids.extend(there.iter().rev().take(wanted - ids.len()));
        if ids.len() == wanted || start > 0 {
            return Ok(());
        }
        match previous(db, line, &row)? {
            Some(previous) => row = previous,
            None => return Ok(()),
        }
    }
}

/// The row of a line behind the one that ends with `last`, which there must be.
fn next(db: &Connection, line: &Line, last: i64) -> Result<Places, Trouble> {
    let row = Places::behind(db, line.number, last)?;
    row.filter(|row| row.before == last).ok_or_else(|| missing(line))
}

/// The row of a line before `row`; none before the first.
fn previous(db: &Connection, line: &Line, row: &Places) -> Result<Option<Places>, Trouble> {
    if row.before == 0 {
        return Ok(None);
    }
    let previous = Places::around(db, line.number, row.before)?;
    previous.filter(|before| before.last() == row.before).map(Some).ok_or_else(|| missing(line))
}

fn missing(line: &Line) -> Trouble {
    Trouble::Damage(format!("a part of what stands in line {} is missing", line.number))
}

/// Adds the messages of these ids, which ascend, but those of removed authors.
fn fetch(
    db: &Connection,
    rows: &View<'_>,
    ids: &[i64],
    scope: &Scope,
    messages: &mut Vec<Arc<Message>>,
) -> Result<(), Trouble> {
    let mut names = Names::default();
    let mut row: Option<(Arc<Rows>, bool)> = None;
    messages.reserve(ids.len());
    for &id in ids {
        if row.as_ref().is_none_or(|(row, _)| row.last < id) {
            row = rows.row(db, id)?;
        }
        let found = match &row {
            Some((row, true)) => row.kept_message(id, &mut names)?,
            Some((row, false)) => row.message(id, &mut names)?,
            None => None,
        };
        let found = found.ok_or_else(|| Trouble::Damage(format!("message {id} is missing")))?;
        if found.author.is_none_or(|author| !scope.forgotten.contains(&author)) {
            messages.push(found);
        }
    }
    Ok(())
}
