//! Looks through a whole store: is everything there as it was written?

use std::fmt;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::error::StoreError;
use super::line::{CheckLine, Files};
use super::new_file::NewFile;
use super::source::Source;
use crate::archive::{self, ArchiveError, Audit};
use crate::history::{Mark, Record};
use crate::id::{Epoch, MessageId};
use crate::log::stored::{self, Extent};
use crate::state::State;
use crate::timestamp::Timestamp;

/// What a sound store holds.
#[derive(Debug)]
pub(super) struct Found {
    file: String,
    log: Extent,
    /// The position that the snapshot is of; none before the first.
    snapshot: Option<u64>,
    archive: Audit,
    /// Messages that are in the log alone.
    pending: u64,
    oldest: Option<(MessageId, Timestamp)>,
    newest: Option<(MessageId, Timestamp)>,
    users: usize,
    epoch: Epoch,
    /// The index was damaged, and is made anew.
    repaired: bool,
    /// When the last entry was written.
    pub(super) at: Timestamp,
}

pub(super) fn run(line: &CheckLine) -> Result<Found, StoreError> {
    let source = match &line.file {
        Some(file) => Source::backup(file)?,
        None => Source::stopped(&line.place.files()?)?,
    };
    match look_through(&source) {
        Err(StoreError::Index(why)) if line.repair => {
            eprintln!("chatroom: {why}");
            Ok(Found { repaired: true, ..repair(source)? })
        }
        found => found,
    }
}

/// Puts an archive with an index that is made anew in the place of the one that there is.
fn repair(source: Source) -> Result<Found, StoreError> {
    let files = source.files.clone();
    let file = NewFile::begin(&files.archive, true)?;
    archive::mend(&files.archive, &source.archive, file.making())?;
    // It is looked through before anything becomes of the old one.
    let made = Files { archive: file.making().to_owned(), ..files };
    let found = look_through(&Source::alone(&made, true)?)?;
    let _lock = source.close()?;
    file.finish()?;
    Ok(found)
}

/// Looks through everything that `source` has.
pub(super) fn look_through(source: &Source) -> Result<Found, StoreError> {
    let Source { log, archive, files, .. } = source;
    intact(&files.log, log)?;
    let pages = match files.archive != files.log {
        true => intact(&files.archive, archive),
        false => Ok(()),
    };
    if let Err(StoreError::Damaged(what)) = &pages
        && archive::is_sound_beside_index(&files.archive, archive)?
    {
        archive::audit(&files.archive, archive)?;
        return Err(ArchiveError::index(&files.archive, what.trim_end_matches('.')).into());
    }
    pages?;
    let audit = archive::audit(&files.archive, archive)?;
    let kept = archive::snapshot(&files.archive, archive)?;
    let snapshot = kept.as_ref().map(|(mark, _)| mark.clone());
    let damaged = |what: String| {
        StoreError::Damaged(format!("{} is damaged: {what}.", files.archive.display()))
    };
    let mut state = match kept {
        Some((_, bytes)) => {
            State::from_snapshot(&bytes).map_err(|what| damaged(format!("its snapshot: {what}")))?
        }
        None => State::default(),
    };
    if state.position() != snapshot.as_ref().map_or(0, |mark| mark.position) {
        return Err(damaged("its snapshot is of another position".to_owned()));
    }
    let progress = audit.progress.as_ref().map_or(0, |mark| mark.position);
    state.keep_for_archive(0, progress);
    let after = state.position();
    let (mut events, mut at, mut backwards) = (Vec::new(), Timestamp(0), None);
    let extent = stored::look_through(log, &files.log, 0, &mut |position, entry| {
        if entry.at < at {
            backwards.get_or_insert(position);
        }
        at = entry.at;
        if position > after {
            let _ = state.apply(entry, &mut events);
            events.clear();
            state.let_go(usize::MAX);
        }
    })?;
    if let Some(position) = backwards {
        return Err(StoreError::Damaged(format!(
            "The store {} is damaged at entry {position}: it is older than the one before.",
            files.log.display()
        )));
    }
    belong(source, &extent, snapshot.as_ref(), audit.progress.as_ref())?;
    let Some(epoch) = state.epoch().cloned() else {
        return Err(StoreError::Damaged(format!(
            "The store {} has no beginning: no entry says which epoch it is of.",
            files.log.display()
        )));
    };
    let archived = audit.newest.map_or(MessageId(0), |(id, _)| id);
    if archived > state.head() {
        return Err(damaged(format!("message {} is newer than the log", archived.0)));
    }
    let (mut oldest, mut newest) = (audit.oldest, audit.newest);
    let mut pending = 0;
    let records: Vec<_> = state.records_after(progress).map(|(_, record)| record).collect();
    // A removal is taken over in parts, and what was said before it with the first: where that was
    // interrupted, all of it is taken over again.
    let removal = records.iter().rposition(|record| !record.is_posted()).unwrap_or_default();
    for (place, record) in records.into_iter().enumerate() {
        let Record::Posted { message, .. } = record else { continue };
        if message.id <= archived && place < removal {
            continue;
        }
        if message.id <= archived {
            return Err(damaged(format!("message {} is in the log once more", message.id.0)));
        }
        pending += 1;
        oldest.get_or_insert((message.id, message.at));
        newest = Some((message.id, message.at));
    }
    Ok(Found {
        file: files.log.display().to_string(),
        log: extent,
        snapshot: snapshot.map(|mark| mark.position),
        archive: audit,
        pending,
        oldest,
        newest,
        users: state.held().count(),
        epoch,
        repaired: false,
        at: state.at(),
    })
}

/// Has SQLite look over its own pages.
fn intact(path: &Path, db: &Connection) -> Result<(), StoreError> {
    let found = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    let what = match found {
        Ok(found) if found == "ok" => return Ok(()),
        Ok(found) => found.replace('\n', " "),
        Err(error) => error.to_string(),
    };
    Err(StoreError::Damaged(format!("{} is damaged: {what}.", path.display())))
}

/// Whether log and archive are of the same store, and nothing is missing between them.
fn belong(
    source: &Source,
    log: &Extent,
    snapshot: Option<&Mark>,
    progress: Option<&Mark>,
) -> Result<(), StoreError> {
    let Source { files, .. } = source;
    let apart = |what: String| {
        let (log, archive) = (files.log.display(), files.archive.display());
        Err(StoreError::Damaged(format!("{log} and {archive} do not belong together: {what}.")))
    };
    let position = |mark: Option<&Mark>| mark.map_or(0, |mark| mark.position);
    let (first, last) = (log.trimmed().position, log.last().position);
    let order = [first, position(snapshot), position(progress), last];
    if !order.is_sorted() {
        return apart(format!(
            "the log begins behind entry {}, the snapshot is of entry {}, the messages are there \
             up to entry {}, the log ends at entry {}",
            order[0], order[1], order[2], order[3]
        ));
    }
    for mark in [snapshot, progress].into_iter().flatten() {
        if stored::mark_at(&source.log, &files.log, mark.position)?.as_ref() != Some(mark) {
            return apart(format!("entry {} of the log is another", mark.position));
        }
    }
    Ok(())
}

impl Found {
    /// The same, of a store that has its name now.
    pub(super) fn of(self, path: &Path) -> Found {
        Found { file: path.display().to_string(), ..self }
    }

    fn messages(&self) -> u64 {
        self.archive.messages + self.pending
    }

    pub(super) fn to_json(&self) -> Value {
        let message = |message: Option<(MessageId, Timestamp)>| {
            message.map(|(id, at)| json!({ "id": id.0, "at": at.to_iso() }))
        };
        json!({
            "status": "success",
            "store": self.file,
            "epoch": self.epoch.as_str(),
            "log": {
                "begins_behind": self.log.trimmed().position,
                "ends_at": self.log.last().position,
                "entries": self.log.entries(),
            },
            "snapshot": self.snapshot,
            "messages": {
                "count": self.messages(),
                "archived": self.archive.messages,
                "lines": self.archive.lines,
                "oldest": message(self.oldest),
                "newest": message(self.newest),
            },
            "index": { "words": self.archive.words, "repaired": self.repaired },
            "users": self.users,
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: everything is as it was written.", self.file)?;
        let (first, last) = (self.log.trimmed().position + 1, self.log.last().position);
        match self.log.entries() {
            0 => writeln!(f, "  entries   none behind {last}")?,
            _ => writeln!(f, "  entries   {first} to {last}")?,
        }
        match self.snapshot {
            Some(position) => writeln!(f, "  snapshot  of entry {position}")?,
            None => writeln!(f, "  snapshot  none yet")?,
        }
        let archived = self.archive.messages;
        writeln!(f, "  messages  {}, {archived} of them archived", self.messages())?;
        if let (Some((first, from)), Some((last, to))) = (self.oldest, self.newest) {
            writeln!(
                f,
                "            {} ({}) to {} ({})",
                first.0,
                from.to_iso(),
                last.0,
                to.to_iso()
            )?;
        }
        let repaired = if self.repaired { ", made anew" } else { "" };
        writeln!(f, "  index     of {} words{repaired}", self.archive.words)?;
        writeln!(f, "  users     {} names are held", self.users)?;
        writeln!(f, "  epoch     {}", self.epoch)
    }
}
