//! What memory lets go because the archive has it; what goes for good.

use super::{Change, Plan, State};
use crate::command::Trim;
use crate::history::{Line, Record, Route, Scope};
use crate::id::{MessageId, RoomId, UserId};
use crate::outcome::{Outcome, Rejection};
use crate::timestamp::Timestamp;

impl State {
    /// How many entries this state comes from.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// When the last of them was stamped.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// From now on an archive takes over what was said; it has everything up to `position`
    /// already. Memory keeps messages of `window` bytes, about.
    pub fn keep_for_archive(&mut self, window: usize, position: u64) {
        self.recent.keep(window, position);
    }

    /// What the archive has to take over after `position`, in order, each with the position of
    /// its entry.
    pub fn records_after(&self, position: u64) -> impl Iterator<Item = (u64, &Record)> {
        self.recent.after(position)
    }

    /// The archive has everything up to `position`.
    pub fn archived(&mut self, position: u64) {
        self.recent.archived(position);
    }

    /// Lets go what the archive has and memory need not: at most `most` records, so that nobody
    /// waits long for the state. Whether there may be more.
    pub fn let_go(&mut self, most: usize) -> bool {
        for _ in 0..most {
            let Some(record) = self.recent.pop() else { return false };
            let Record::Posted { message, route } = record else { continue };
            match route {
                Route::Room(room) => {
                    if let Some(room) = self.rooms.get_mut(&room) {
                        room.messages.let_go(message.id);
                    }
                }
                Route::Direct { to, to_key, from, from_key } => {
                    if let Some(user) = self.users.get_mut(to) {
                        user.inbox.let_go(message.id);
                        if let Some(both) = user.direct.get_mut(&from_key) {
                            both.let_go(message.id);
                        }
                    }
                    let sender = from.filter(|from| *from != to);
                    if let Some(user) = sender.and_then(|sender| self.users.get_mut(sender)) {
                        user.sent.let_go(message.id);
                        if let Some(both) = user.direct.get_mut(&to_key) {
                            both.let_go(message.id);
                        }
                    }
                }
            }
        }
        true
    }

    /// The newest message that memory has let go; 0 if none.
    pub fn floor(&self) -> MessageId {
        self.recent.floor()
    }

    /// What the messages in memory take: bytes, about.
    pub fn message_bytes(&self) -> usize {
        self.recent.bytes()
    }

    /// Whose messages the archive may still have, though they are removed.
    pub fn forgotten(&self) -> impl Iterator<Item = UserId> {
        self.recent.forgotten()
    }

    /// The first message in memory at or behind a moment.
    pub fn first_since(&self, at: Timestamp) -> Option<MessageId> {
        let lines = self.rooms.timelines().chain(self.users.timelines());
        lines.filter_map(|line| line.first_since(at)).min()
    }

    /// The id of the `count`th newest message of a room, if memory has it; how many memory has;
    /// where the others are, if there are any.
    pub fn nth_newest(
        &self,
        room: &RoomId,
        count: usize,
    ) -> (Option<MessageId>, usize, Option<Scope>) {
        let Some(found) = self.rooms.get(room) else { return (None, 0, None) };
        let line = &found.messages;
        let nth = line.newest(count.saturating_sub(1)).next().map(|message| message.id);
        let archived = line.archived() > self.trimmed.max(found.trimmed);
        let scope = archived.then(|| self.scope(vec![Line::Room(room.clone())]));
        (nth, line.len(), scope)
    }

    pub(super) fn record(&mut self, record: Record) {
        self.recent.push(self.position, record);
    }

    pub(super) fn check_trim(&self, wanted: &Trim) -> Result<Plan, Rejection> {
        let trimmed = match &wanted.room {
            None => self.trimmed,
            Some(id) => self.rooms.get(id).ok_or(Rejection::RoomNotFound)?.trimmed,
        };
        let done = wanted.below.0 <= trimmed.0 + 1 || trimmed == self.head;
        Ok(if done { Plan::Answered(Outcome::Noted) } else { Plan::Change(Change::Trim) })
    }

    pub(super) fn trim(&mut self, Trim { room, below }: Trim) {
        let below = below.min(MessageId(self.head.0 + 1));
        let through = MessageId(below.0 - 1);
        match &room {
            None => {
                self.trimmed = through;
                let rooms = self.rooms.timelines_mut();
                rooms.chain(self.users.timelines_mut()).for_each(|line| line.trim(below));
            }
            Some(id) => {
                let Some(room) = self.rooms.get_mut(id) else { return };
                room.trimmed = through;
                room.messages.trim(below);
            }
        }
        self.record(Record::Trimmed { room, below });
    }
}
