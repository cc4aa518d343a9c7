//! What readers may see, by cursor.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::State;
use super::timeline::Timeline;
use super::users::User;
use crate::history::{Line, Scope};
use crate::id::{Epoch, MessageId, RoomId, UserId};
use crate::message::Message;
use crate::name::Name;
use crate::outcome::Rejection;
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// A reader's question.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The newest id the reader has seen.
    pub cursor: MessageId,
    /// The life of the sequence that `cursor` belongs to, if the reader says so.
    pub epoch: Option<String>,
    /// The newest below this id, instead of the oldest above `cursor`.
    pub before: Option<MessageId>,
    /// Only one conversation.
    pub with: Option<With>,
    /// The reader's own direct messages too.
    pub own: bool,
    /// At most this many messages.
    pub limit: usize,
}

/// One conversation among a reader's many.
#[derive(Clone, Debug)]
pub enum With {
    /// With whoever has or had the name with this key.
    User(String),
    /// In this room.
    Room(RoomId),
}

/// The answer to a [`Query`].
#[derive(Debug, Default)]
pub struct Page {
    /// Ascending by id.
    pub messages: Vec<Arc<Message>>,
    /// The cursor to ask with next.
    pub last_id: MessageId,
    /// False when the cursor belonged to another life of the sequence, so that what it missed is
    /// not known.
    pub recovered: bool,
    /// Whether there is more in the direction that was asked for.
    pub has_more: bool,
}

/// What memory has to say to a reader.
#[derive(Debug)]
pub enum Found {
    /// The whole answer.
    Page(Page),
    /// A part of it has left memory.
    Older(Older),
}

/// What is to be looked up in the archive.
#[derive(Debug)]
pub struct Older {
    /// Where.
    pub scope: Scope,
    /// The newest id that the reader has seen, as far as that is known.
    pub cursor: MessageId,
    /// What memory has of the newest messages that were asked for, ascending; they stand behind
    /// the archive's. Nothing when the oldest were asked for.
    pub newer: Vec<Arc<Message>>,
    /// The id of the newest message of all.
    pub head: MessageId,
    /// See [`Page::recovered`].
    pub recovered: bool,
}

/// A room as its members see it.
#[derive(Debug)]
pub struct RoomInfo {
    /// Its id.
    pub id: RoomId,
    /// Its name.
    pub name: Arc<str>,
    /// The names of those who are in it, in the order of their registrations.
    pub participants: Vec<Arc<str>>,
    /// The id of its newest message; 0 before the first.
    pub last_id: MessageId,
    /// When it came into being.
    pub created: Timestamp,
}

impl State {
    /// The life of the message sequence; `None` before the log has begun.
    pub fn epoch(&self) -> Option<&Epoch> {
        self.epoch.as_ref()
    }

    /// The id of the newest message; 0 before the first.
    pub fn head(&self) -> MessageId {
        self.head
    }

    /// The lowest id that is retained.
    pub fn oldest(&self) -> MessageId {
        MessageId(self.trimmed.0 + 1)
    }

    /// The number of rooms.
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// The number of messages that are retained.
    pub fn message_count(&self) -> u64 {
        (self.head.0 + 1).saturating_sub(self.oldest().0)
    }

    /// Who holds the name with this key.
    pub fn holder(&self, key: &str) -> Option<UserId> {
        self.users.holder(key)
    }

    /// Those who hold a name, in the order in which they registered, with when they last acted.
    pub fn held(&self) -> impl Iterator<Item = (UserId, &Arc<str>, Timestamp)> {
        self.users.held().map(|(id, user)| (id, user.name.text(), user.acted))
    }

    /// Those who do not hold their name any more, with when they last acted. With shared names
    /// there are none: what was sent to a name waits for whoever takes it.
    pub fn ended(&self) -> impl Iterator<Item = (UserId, Timestamp)> {
        let ended = self.users.ended().filter(|_| !self.policy.shared_names);
        ended.map(|(id, user)| (id, user.acted))
    }

    /// The rooms that `user` is in.
    pub fn rooms_of(&self, user: UserId) -> impl Iterator<Item = &RoomId> {
        self.users.get(user).into_iter().flat_map(|user| &user.rooms)
    }

    /// The messages that `user` may see and asks for, as far as memory has them.
    ///
    /// # Errors
    /// `NotRegistered` when the registration has ended; with a room, `RoomNotFound` and
    /// `NotParticipant`.
    pub fn read(&self, user: UserId, query: &Query) -> Result<Found, Rejection> {
        let user_id = user;
        let user =
            self.users.get(user).filter(|user| user.is_held()).ok_or(Rejection::NotRegistered)?;
        let continued = self.continues(query);
        let cursor = if continued { query.cursor } else { MessageId(0) };
        let plain = query.with.is_none() && query.before.is_none();
        if plain && !self.plain_sources(user, query.own).any(|line| line.last_id() > cursor) {
            // Most polls end here.
            let (messages, last_id, has_more) = (Vec::new(), self.head, false);
            return Ok(Found::Page(Page { messages, last_id, recovered: continued, has_more }));
        }
        let sources = self.sources(user_id, user, query)?;
        // From the very beginning, nothing was seen that something could be missing behind.
        let whole =
            cursor == MessageId(0) || !sources.iter().any(|line| line.is_trimmed_above(cursor));
        let recovered = continued && whole;
        let older = |newer| {
            let scope = self.scope(self.lines(user_id, user, query));
            Ok(Found::Older(Older { scope, cursor, newer, head: self.head, recovered }))
        };
        if let Some(end) = query.before {
            let (messages, has_more) = newest(&sources, end, query.limit);
            if !has_more && sources.iter().any(|line| line.archived() > self.trimmed) {
                return older(messages);
            }
            return Ok(Found::Page(Page { messages, last_id: self.head, recovered, has_more }));
        }
        if sources.iter().any(|line| line.archived() > cursor.max(self.trimmed)) {
            return older(Vec::new());
        }
        let (messages, has_more) = oldest(&sources, cursor, query.limit);
        // A reader who has everything is at the head, also when the newest are not for it.
        let last = messages.last().map_or(cursor, |last| last.id);
        let last_id = if has_more { last } else { self.head };
        Ok(Found::Page(Page { messages, last_id, recovered, has_more }))
    }

    /// Which archived messages `user` may read in all: what [`State::read`] may ever answer with.
    ///
    /// # Errors
    /// See [`State::read`].
    pub fn readable(&self, user: UserId, query: &Query) -> Result<Scope, Rejection> {
        let held = self.users.get(user).filter(|user| user.is_held());
        let held = held.ok_or(Rejection::NotRegistered)?;
        self.sources(user, held, query)?;
        Ok(self.scope(self.lines(user, held, query)))
    }

    /// The user that a token proves, with its name; also when its registration has ended.
    pub fn by_token(&self, token: TokenHash) -> Option<(UserId, &Name)> {
        let id = self.users.by_token(token)?;
        Some((id, &self.users.get(id)?.name))
    }

    /// The name of a user.
    pub fn name_of(&self, user: UserId) -> Option<&Name> {
        self.users.get(user).map(|user| &user.name)
    }

    /// Whether the user is in named rooms only while it is connected.
    pub fn is_guest(&self, user: UserId) -> bool {
        self.users.get(user).is_some_and(|user| user.guest)
    }

    /// The named room whose name has this key.
    pub fn room_named(&self, key: &str) -> Option<&RoomId> {
        self.rooms.by_name(key)
    }

    /// What people call a room.
    pub fn room_name(&self, room: &RoomId) -> Option<&Arc<str>> {
        self.rooms.get(room).map(|room| &room.name)
    }

    /// Whether `user` is in `room` now.
    pub fn is_member(&self, user: UserId, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|room| room.has(user))
    }

    /// What is new above `cursor` for a user who watches these rooms: their messages, as far as
    /// the user is in them, beside its direct ones, both ways.
    pub fn read_watched<'r>(
        &self,
        user: UserId,
        rooms: impl Iterator<Item = &'r RoomId>,
        cursor: MessageId,
        limit: usize,
    ) -> Found {
        let head = self.head;
        let Some(direct) = self.users.get(user).filter(|user| user.is_held()) else {
            let (messages, has_more) = (Vec::new(), false);
            return Found::Page(Page { messages, last_id: head, recovered: true, has_more });
        };
        let watched: Vec<_> = rooms
            .filter_map(|id| Some((id, self.rooms.get(id)?)))
            .filter(|(_, room)| room.has(user))
            .collect();
        let sources: Vec<_> = [&direct.inbox, &direct.sent]
            .into_iter()
            .chain(watched.iter().map(|(_, room)| &room.messages))
            .collect();
        let recovered = !sources.iter().any(|line| line.is_trimmed_above(cursor));
        if sources.iter().any(|line| line.archived() > cursor.max(self.trimmed)) {
            let rooms = watched.into_iter().map(|(id, _)| Line::Room(id.clone()));
            let lines = [Line::Inbox(user), Line::Sent(user)].into_iter().chain(rooms);
            let scope = self.scope(lines.collect());
            return Found::Older(Older { scope, cursor, newer: Vec::new(), head, recovered });
        }
        let (messages, has_more) = oldest(&sources, cursor, limit);
        let last = messages.last().map_or(cursor, |last| last.id);
        let last_id = if has_more { last } else { head };
        Found::Page(Page { messages, last_id, recovered, has_more })
    }

    /// The rooms `user` is in, and the open ones.
    ///
    /// # Errors
    /// `NotRegistered` when nobody holds the name.
    pub fn rooms(&self, user: UserId) -> Result<Vec<RoomInfo>, Rejection> {
        let user = self.users.get(user).filter(|user| user.is_held());
        let user = user.ok_or(Rejection::NotRegistered)?;
        let named = self.rooms.named().map(|(id, _)| id);
        let own = user.rooms.iter().filter(|id| matches!(id, RoomId::Numbered(_)));
        let rooms = own.chain(named).filter_map(|id| {
            let room = self.rooms.get(id)?;
            let names = room.members().filter_map(|(member, _)| self.users.get(member));
            Some(RoomInfo {
                id: id.clone(),
                name: room.name.clone(),
                participants: names.map(|user| user.name.text().clone()).collect(),
                last_id: room.messages.last_id(),
                created: room.created,
            })
        });
        Ok(rooms.collect())
    }

    /// Whether the query's cursor is a place in this life of the sequence.
    fn continues(&self, query: &Query) -> bool {
        let same = match (&query.epoch, &self.epoch) {
            (Some(asked), Some(epoch)) => asked == epoch.as_str(),
            (None, _) => true,
            (Some(_), None) => false,
        };
        same && query.cursor <= self.head
    }

    fn plain_sources<'s>(
        &'s self,
        user: &'s User,
        own: bool,
    ) -> impl Iterator<Item = &'s Timeline> {
        let rooms = user.rooms.iter().filter_map(|id| Some(&self.rooms.get(id)?.messages));
        std::iter::once(&user.inbox).chain(own.then_some(&user.sent)).chain(rooms)
    }

    fn lines(&self, id: UserId, user: &User, query: &Query) -> Vec<Line> {
        match &query.with {
            None => {
                let rooms = user.rooms.iter().map(|room| Line::Room(room.clone()));
                let sent = query.own.then_some(Line::Sent(id));
                std::iter::once(Line::Inbox(id)).chain(sent).chain(rooms).collect()
            }
            Some(With::User(key)) => match user.direct.get_key_value(key.as_str()) {
                Some((key, _)) => vec![Line::With(id, key.clone())],
                None => Vec::new(),
            },
            Some(With::Room(room)) => vec![Line::Room(room.clone())],
        }
    }

    /// What may be read of these lines in the archive.
    pub(super) fn scope(&self, lines: Vec<Line>) -> Scope {
        let trimmed = |line: &Line| match line {
            Line::Room(room) => self.rooms.get(room).map_or(MessageId(0), |room| room.trimmed),
            Line::Inbox(_) | Line::Sent(_) | Line::With(..) => MessageId(0),
        };
        let lines = lines.into_iter().map(|line| {
            let gone = trimmed(&line).max(self.trimmed);
            (line, gone)
        });
        Scope {
            lines: lines.collect(),
            through: self.recent.floor(),
            forgotten: self.forgotten().collect(),
        }
    }

    fn sources<'s>(
        &'s self,
        id: UserId,
        user: &'s User,
        query: &Query,
    ) -> Result<Vec<&'s Timeline>, Rejection> {
        match &query.with {
            None => Ok(self.plain_sources(user, query.own).collect()),
            Some(With::User(key)) => Ok(user.direct.get(key.as_str()).into_iter().collect()),
            Some(With::Room(room)) => {
                let room = self.rooms.get(room).ok_or(Rejection::RoomNotFound)?;
                if !room.has(id) {
                    return Err(Rejection::NotParticipant);
                }
                Ok(vec![&room.messages])
            }
        }
    }
}

/// The oldest `limit` messages above `cursor`, ascending, and whether there are more.
fn oldest(sources: &[&Timeline], cursor: MessageId, limit: usize) -> (Vec<Arc<Message>>, bool) {
    let fresh = sources.iter().filter(|timeline| timeline.last_id() > cursor);
    let mut iterators: Vec<_> = fresh.map(|timeline| timeline.after(cursor)).collect();
    take(&mut iterators, limit, |id| Reverse(id.0))
}

/// The newest `limit` messages below `end`, ascending, and whether there are older ones.
fn newest(sources: &[&Timeline], end: MessageId, limit: usize) -> (Vec<Arc<Message>>, bool) {
    let mut iterators: Vec<_> = sources.iter().map(|timeline| timeline.before(end)).collect();
    let (mut messages, more) = take(&mut iterators, limit, |id| id.0);
    messages.reverse();
    (messages, more)
}

/// Merges sorted iterators: always the one whose head has the greatest key, `limit` times.
fn take<'s, K: Ord>(
    iterators: &mut [impl Iterator<Item = &'s Arc<Message>>],
    limit: usize,
    key: impl Fn(MessageId) -> K,
) -> (Vec<Arc<Message>>, bool) {
    if let [only] = iterators {
        let messages: Vec<_> = only.by_ref().take(limit).cloned().collect();
        let more = messages.len() == limit && only.next().is_some();
        return (messages, more);
    }
    let mut heads: BinaryHeap<(K, usize)> = BinaryHeap::new();
    let mut next = Vec::with_capacity(iterators.len());
    for (place, iterator) in iterators.iter_mut().enumerate() {
        let head = iterator.next();
        heads.extend(head.map(|message| (key(message.id), place)));
        next.push(head);
    }
    let mut messages = Vec::new();
    while messages.len() < limit {
        let Some((_, place)) = heads.pop() else { return (messages, false) };
        messages.extend(next[place].cloned());
        next[place] = iterators[place].next();
        heads.extend(next[place].map(|message| (key(message.id), place)));
    }
    (messages, !heads.is_empty())
}
