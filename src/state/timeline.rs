//! Messages in the order of their ids: an inbox, a room, one side of a conversation.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{MessageId, UserId};
use crate::message::Message;
use crate::timestamp::Timestamp;

/// What has left memory is in the archive; what is left here is the newest, without a hole.
///
/// Invariant: ids strictly increase. They stand beside the messages, so that a search touches
/// no message.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    messages: VecDeque<(MessageId, Arc<Message>)>,
    /// The ids of the first and the newest message there ever were; 0 before the first.
    first: MessageId,
    last: MessageId,
    /// The newest message that has left memory; 0 if none has.
    archived: MessageId,
    /// At least the newest message that retention removed, and below everything that stays.
    trimmed: MessageId,
}

/// What a snapshot keeps of a timeline: `first`, `last`, `trimmed`. Its messages are in the archive.
#[derive(Serialize, Deserialize)]
struct Kept(MessageId, MessageId, MessageId);

impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Kept(self.first, self.last, self.trimmed).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timeline, D::Error> {
        let Kept(first, last, trimmed) = Kept::deserialize(deserializer)?;
        Ok(Timeline { messages: VecDeque::new(), first, last, archived: last, trimmed })
    }
}

impl Timeline {
    pub(super) fn push(&mut self, message: Arc<Message>) {
        debug_assert!(message.id > self.last);
        self.last = message.id;
        if self.first == MessageId(0) {
            self.first = message.id;
        }
        self.messages.push_back((message.id, message));
    }

    /// The id of the newest message there ever was; 0 before the first.
    pub(super) fn last_id(&self) -> MessageId {
        self.last
    }

    /// The newest message that has left memory; 0 if none has.
    pub(super) fn archived(&self) -> MessageId {
        self.archived
    }

    /// Whether retention removed, or may have removed, a message above `cursor`.
    pub(super) fn is_trimmed_above(&self, cursor: MessageId) -> bool {
        self.trimmed > cursor
    }

    /// Drops the messages up to `id` from memory: the archive has them.
    pub(super) fn let_go(&mut self, id: MessageId) {
        while let Some((oldest, _)) = self.messages.front()
            && *oldest <= id
        {
            self.archived = *oldest;
            self.messages.pop_front();
        }
    }

    /// Drops the messages below `below` for good.
    pub(super) fn trim(&mut self, below: MessageId) {
        if self.first == MessageId(0) || self.first >= below {
            return;
        }
        let removed = self.last.min(MessageId(below.0 - 1));
        self.trimmed = self.trimmed.max(removed);
        while self.messages.front().is_some_and(|(oldest, _)| *oldest < below) {
            self.messages.pop_front();
        }
    }

    /// Drops what this user said; what is left keeps its ids.
    pub(super) fn forget(&mut self, author: UserId) {
        self.messages.retain(|(_, message)| message.author != Some(author));
    }

    /// How many messages there are in memory.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The messages, newest first, without the newest `skipped`.
    pub(super) fn newest(&self, skipped: usize) -> impl Iterator<Item = &Arc<Message>> {
        let end = self.messages.len().saturating_sub(skipped);
        self.messages.range(..end).rev().map(|(_, message)| message)
    }

    /// The first message in memory at or behind a moment.
    pub(super) fn first_since(&self, at: Timestamp) -> Option<MessageId> {
        let place = self.messages.partition_point(|(_, message)| message.at < at);
        self.messages.get(place).map(|(id, _)| *id)
    }

    /// The messages above `cursor`, oldest first.
    pub(super) fn after(&self, cursor: MessageId) -> impl Iterator<Item = &Arc<Message>> {
        self.messages.range(self.first_above(cursor)..).map(|(_, message)| message)
    }

    /// The messages below `end`, newest first.
    pub(super) fn before(&self, end: MessageId) -> impl Iterator<Item = &Arc<Message>> {
        let end = self.first_above(MessageId(end.0.saturating_sub(1)));
        self.messages.range(..end).rev().map(|(_, message)| message)
    }

    /// The position of the first message above `cursor`.
    ///
    /// Most cursors are near the end, so the search doubles its step backwards from there: its
    /// cost depends on how much is new, not on how long the history is.
    fn first_above(&self, cursor: MessageId) -> usize {
        let len = self.messages.len();
        let mut step = 1;
        while step <= len && self.messages[len - step].0 > cursor {
            step *= 2;
        }
        let (mut low, mut high) = (len.saturating_sub(step), len - step / 2);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.messages[middle].0 > cursor {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Kind;
    use crate::text::Text;

    fn timeline(ids: &[u64]) -> Timeline {
        let mut timeline = Timeline::default();
        for &id in ids {
            timeline.push(Arc::new(Message {
                id: MessageId(id),
                at: Timestamp(0),
                author: None,
                sender: "a".into(),
                recipient: "b".into(),
                kind: Kind::Direct,
                shown: None,
                text: Text::new(""),
            }));
        }
        timeline
    }

    #[test]
    fn every_cursor_splits_a_timeline_of_any_length_in_the_right_place() {
        for len in 0..40_u64 {
            let ids: Vec<u64> = (1..=len).map(|n| n * 3).collect();
            let timeline = timeline(&ids);
            for cursor in 0..=len * 3 + 2 {
                let above: Vec<u64> = timeline.after(MessageId(cursor)).map(|m| m.id.0).collect();
                let wanted: Vec<u64> = ids.iter().copied().filter(|&id| id > cursor).collect();
                assert_eq!(above, wanted, "above {cursor} of {len}");
                let below: Vec<u64> = timeline.before(MessageId(cursor)).map(|m| m.id.0).collect();
                let wanted: Vec<u64> =
                    ids.iter().copied().filter(|&id| id < cursor).rev().collect();
                assert_eq!(below, wanted, "below {cursor} of {len}");
            }
        }
    }
}
