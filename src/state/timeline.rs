//! Messages in the order of their ids: an inbox, a room, one side of a conversation.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::id::{MessageId, UserId};
use crate::message::Message;

/// Invariant: ids strictly increase. They stand beside the messages, so that a search touches
/// no message.
#[derive(Debug, Default)]
pub(super) struct Timeline(VecDeque<(MessageId, Arc<Message>)>);

impl Timeline {
    pub(super) fn push(&mut self, message: Arc<Message>) {
        debug_assert!(message.id > self.last_id());
        self.0.push_back((message.id, message));
    }

    /// The id of the newest message; 0 when there is none.
    pub(super) fn last_id(&self) -> MessageId {
        self.0.back().map_or(MessageId(0), |(id, _)| *id)
    }

    /// Drops what this user said; what is left keeps its ids.
    pub(super) fn forget(&mut self, author: UserId) {
        self.0.retain(|(_, message)| message.author != Some(author));
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The messages, newest first, without the newest `skipped`.
    pub(super) fn newest(&self, skipped: usize) -> impl Iterator<Item = &Arc<Message>> {
        let end = self.0.len().saturating_sub(skipped);
        self.0.range(..end).rev().map(|(_, message)| message)
    }

    /// The messages above `cursor`, oldest first.
    pub(super) fn after(&self, cursor: MessageId) -> impl Iterator<Item = &Arc<Message>> {
        self.0.range(self.first_above(cursor)..).map(|(_, message)| message)
    }

    /// The messages below `end`, newest first.
    pub(super) fn before(&self, end: MessageId) -> impl Iterator<Item = &Arc<Message>> {
        let end = self.first_above(MessageId(end.0.saturating_sub(1)));
        self.0.range(..end).rev().map(|(_, message)| message)
    }

    /// The position of the first message above `cursor`.
    ///
    /// Most cursors are near the end, so the search doubles its step backwards from there: its
    /// cost depends on how much is new, not on how long the history is.
    fn first_above(&self, cursor: MessageId) -> usize {
        let len = self.0.len();
        let mut step = 1;
        while step <= len && self.0[len - step].0 > cursor {
            step *= 2;
        }
        let (mut low, mut high) = (len.saturating_sub(step), len - step / 2);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.0[middle].0 > cursor {
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
    use crate::timestamp::Timestamp;

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
