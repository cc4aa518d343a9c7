//! What happened to the messages lately, until the archive has it.

use std::collections::{BTreeMap, VecDeque};

use crate::history::Record;
use crate::id::{MessageId, UserId};
use crate::message::Message;

/// What a message takes in memory beside its text, with its places in lines: bytes, about.
const OVERHEAD: usize = 320;

/// Records in the order of the log, each with the position of its entry.
///
/// Without an archive nothing is kept here, and memory never lets a message go.
#[derive(Debug, Default)]
pub(super) struct Recent {
    records: VecDeque<(u64, Record)>,
    archive: Option<Archive>,
    /// What the messages in `records` take: bytes, about.
    bytes: usize,
    /// Authors whose removal the archive may not know yet, with how often it is told so.
    forgotten: BTreeMap<UserId, usize>,
    /// The newest message that memory has let go.
    floor: MessageId,
}

#[derive(Debug, Clone, Copy)]
struct Archive {
    /// What messages may take in memory: bytes, about.
    window: usize,
    /// Up to which position the archive has everything.
    position: u64,
}

impl Recent {
    /// From now on there is an archive; memory keeps messages of `window` bytes.
    pub(super) fn keep(&mut self, window: usize, position: u64) {
        self.archive = Some(Archive { window, position });
    }

    /// Memory has nothing up to this message.
    pub(super) fn starts_above(&mut self, floor: MessageId) {
        self.floor = floor;
    }

    pub(super) fn push(&mut self, position: u64, record: Record) {
        let Some(archive) = self.archive else { return };
        if archive.position >= position && !record.is_posted() {
            // Read again from the log, and known to the archive.
            return;
        }
        match &record {
            Record::Posted { message, .. } => self.bytes += cost(message),
            Record::Forgotten(author) => *self.forgotten.entry(*author).or_default() += 1,
            Record::Closed(_) | Record::Retired(_) | Record::Trimmed { .. } => {}
        }
        self.records.push_back((position, record));
    }

    /// The records of the entries after `position`, in order.
    pub(super) fn after(&self, position: u64) -> impl Iterator<Item = (u64, &Record)> {
        let start = self.records.partition_point(|(of, _)| *of <= position);
        self.records.range(start..).map(|(position, record)| (*position, record))
    }

    /// The records, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().rev().map(|(_, record)| record)
    }

    /// The archive has everything up to `position`.
    pub(super) fn archived(&mut self, position: u64) {
        if let Some(archive) = &mut self.archive {
            archive.position = archive.position.max(position);
        }
    }

    /// Takes out the oldest record if the archive has it and memory need not: a message, if
    /// messages take more than they may; anything else at once.
    pub(super) fn pop(&mut self) -> Option<Record> {
        let archive = self.archive?;
        let (position, record) = self.records.front()?;
        if *position > archive.position {
            return None;
        }
        if record.is_posted() && self.bytes <= archive.window {
            return None;
        }
        let (_, record) = self.records.pop_front()?;
        match &record {
            Record::Posted { message, .. } => {
                self.bytes -= cost(message);
                self.floor = message.id;
            }
            Record::Forgotten(author) => {
                if let Some(times) = self.forgotten.get_mut(author) {
                    *times -= 1;
                    if *times == 0 {
                        self.forgotten.remove(author);
                    }
                }
            }
            Record::Closed(_) | Record::Retired(_) | Record::Trimmed { .. } => {}
        }
        Some(record)
    }

    /// The newest message that memory has let go; 0 if none.
    pub(super) fn floor(&self) -> MessageId {
        self.floor
    }

    /// What the messages in memory take: bytes, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whose messages the archive may still have, though they are removed.
    pub(super) fn forgotten(&self) -> impl Iterator<Item = UserId> {
        self.forgotten.keys().copied()
    }
}

fn cost(message: &Message) -> usize {
    OVERHEAD + message.text.as_json().len()
}
