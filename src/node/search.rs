//! Looking for words in what a reader may see.
//!
//! What may be found is what [`Node::read`] gives, from memory and from the archive: nobody finds
//! what they could not read. Texts are taken apart outside the state's lock, on a thread that may be
//! kept busy; also those that the index of the archive found, which so is believed in nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Actor, Failure, Found, Node, Query, SERVER, SubmitError, Unread, With};
use crate::archive::{Archive, ArchiveError, Sought};
use crate::id::MessageId;
use crate::message::Message;
use crate::name;
use crate::search::rank::Rank;
use crate::search::snippet::{self, Part};
use crate::search::{Matches, Terms, Tokens};
use crate::timestamp::Timestamp;

/// How many searches run at once; others wait for their turn. Each keeps a processor busy.
pub(super) const AT_ONCE: usize = 2;

/// Of how many messages that are found the best are given: the newest of them.
pub const RANKED: usize = 10_000;

/// Messages that are read from the state at once.
const PAGE: usize = 1_000;

/// A question.
#[derive(Debug)]
pub struct Search {
    /// What must be in the text.
    pub terms: Terms,
    /// Only this conversation.
    pub with: Option<With>,
    /// Only what was said under the name with this key.
    pub from: Option<String>,
    /// Only what came before this.
    pub before: Option<Bound>,
    /// Only what came after this.
    pub after: Option<Bound>,
    /// What comes first.
    pub order: Order,
    /// At most this many hits.
    pub limit: usize,
}

/// A place in the sequence of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A message; it is itself neither before nor after.
    Id(MessageId),
    /// A moment; what was stored in it comes after.
    At(Timestamp),
}

/// What comes first, and where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest; those below this id.
    Newest(Option<MessageId>),
    /// The best of the newest [`RANKED`]; those below this rank.
    Best(Option<Rank>),
}

/// The answer to a [`Search`].
#[derive(Debug)]
pub struct Hits {
    /// In the order that was asked for.
    pub hits: Vec<Hit>,
    /// Where to go on, when there is more.
    pub next: Option<Order>,
}

/// A message in which all the terms are.
#[derive(Debug)]
pub struct Hit {
    /// The message.
    pub message: Arc<Message>,
    /// The part of its text around what was found.
    pub snippet: Vec<Part>,
}

impl Node {
    /// Looks for words in what `actor` may see: what was sent to it, what it sent, what is said in
    /// the rooms that it is in.
    ///
    /// # Errors
    /// As [`Node::read`].
    pub async fn search(
        self: &Arc<Node>,
        actor: &Actor,
        search: Search,
    ) -> Result<Hits, SubmitError> {
        let broken = || SubmitError::Failed(Failure::Unreadable);
        let _turn = self.searches.acquire().await.map_err(|_| broken())?;
        let (node, actor) = (Arc::clone(self), *actor);
        let looking = tokio::task::spawn_blocking(move || node.look_for(&actor, &search));
        let found = looking.await.map_err(|error| {
            tracing::error!("a search broke off: {error}");
            broken()
        })?;
        Ok(found?)
    }

    /// What the archive has is found by its index; only what it has not taken over yet is looked
    /// through in memory.
    fn look_for(&self, actor: &Actor, search: &Search) -> Result<Hits, Unread> {
        let archived = match self.archive() {
            Some(archive) => archive.newest()?,
            None => MessageId(0),
        };
        let mut gathered = Gathered::new(search);
        let mut query = search.query();
        let mut end = search.end();
        let scope = loop {
            query.before = Some(end);
            if end.0 <= archived.0.saturating_add(1) {
                break self.look_as(actor, |state| state.readable(actor.user, &query))?;
            }
            let (messages, older) =
                match self.look_as(actor, |state| state.read(actor.user, &query))? {
                    Found::Page(page) if page.has_more => (page.messages, None),
                    Found::Page(page) => {
                        // Nothing of it is archived only.
                        let _ = page.messages.iter().rev().try_for_each(|m| gathered.take(m));
                        return Ok(gathered.into_hits());
                    }
                    Found::Older(older) => (older.newer, Some(older.scope)),
                };
            for message in messages.iter().rev().take_while(|message| message.id > archived) {
                if gathered.take(message).is_break() {
                    return Ok(gathered.into_hits());
                }
            }
            let oldest = messages.first().map_or(end, |oldest| oldest.id);
            end = oldest.max(MessageId(archived.0 + 1));
            if let Some(scope) = older {
                break scope;
            }
        };
        if let Some(archive) = self.archive()
            && let Some(sought) = search.sought(archive, end)?
        {
            archive.find(&scope, &sought, &mut |message| gathered.take(message))?;
        }
        Ok(gathered.into_hits())
    }
}

impl Search {
    fn query(&self) -> Query {
        Query { with: self.with.clone(), own: true, limit: PAGE, ..Query::default() }
    }

    /// What to look for in the archive, below an id; none when nothing in there can be it.
    fn sought(
        &self,
        archive: &Archive,
        end: MessageId,
    ) -> Result<Option<Sought<'_>>, ArchiveError> {
        let mut below = end;
        if let Some(Bound::At(at)) = self.before {
            below = archive.first_since(at)?.map_or(below, |first| first.min(below));
        }
        let above = match self.after {
            None => MessageId(0),
            Some(Bound::Id(id)) => id,
            Some(Bound::At(at)) => match archive.first_since(at)? {
                Some(first) => MessageId(first.0 - 1),
                None => return Ok(None),
            },
        };
        Ok(Some(Sought { terms: &self.terms, from: self.from.as_deref(), above, below }))
    }

    /// What is found has ids below this one.
    fn end(&self) -> MessageId {
        let bound = match self.before {
            Some(Bound::Id(id)) => id,
            _ => MessageId(u64::MAX),
        };
        match self.order {
            Order::Newest(Some(below)) => bound.min(below),
            _ => bound,
        }
    }

    /// Whether this message, and all that are older, came too early.
    fn is_over(&self, message: &Message) -> bool {
        match self.after {
            Some(Bound::Id(id)) => message.id <= id,
            Some(Bound::At(at)) => message.at < at,
            None => false,
        }
    }

    /// Whether the message is one of those to look into.
    fn admits(&self, message: &Message) -> bool {
        let is_early = match self.before {
            Some(Bound::At(at)) => message.at < at,
            _ => true,
        };
        is_early && self.from.as_deref().is_none_or(|from| is_from(message, from))
    }
}

/// Whether the message was said under the name with this key.
fn is_from(message: &Message, key: &str) -> bool {
    match message.author {
        Some(_) => name::lookup_key(&message.sender).as_deref() == Some(key),
        None => key == SERVER,
    }
}

/// What was found so far, while messages come from the newest to the oldest.
struct Gathered<'s> {
    search: &'s Search,
    tokens: Tokens,
    /// The newest first.
    newest: Vec<Arc<Message>>,
    /// The best, the worst of them on top.
    best: BinaryHeap<Reverse<Ranked>>,
    /// How many messages were ranked.
    ranked: usize,
}

/// A message, ordered by its rank.
struct Ranked(Rank, Arc<Message>);

impl<'s> Gathered<'s> {
    fn new(search: &'s Search) -> Gathered<'s> {
        Gathered {
            search,
            tokens: Tokens::default(),
            newest: Vec::new(),
            best: BinaryHeap::new(),
            ranked: 0,
        }
    }

    /// Looks into the next message; breaks off when no older one can be of use.
    fn take(&mut self, message: &Arc<Message>) -> ControlFlow<()> {
        let search = self.search;
        if search.is_over(message) {
            return ControlFlow::Break(());
        }
        if !search.admits(message) {
            return ControlFlow::Continue(());
        }
        self.tokens.read(&message.text.decode());
        // One more than is asked for tells whether there is more.
        let enough = match search.order {
            Order::Newest(_) => {
                if search.terms.are_in(&self.tokens) {
                    self.newest.push(message.clone());
                }
                self.newest.len() > search.limit
            }
            Order::Best(below) => {
                if let Some(found) = search.terms.find(&self.tokens) {
                    self.rank(message, &found, below);
                }
                self.ranked == RANKED
            }
        };
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn rank(&mut self, message: &Arc<Message>, found: &Matches, below: Option<Rank>) {
        self.ranked += 1;
        let rank = Rank::of(message.id, found);
        if below.is_none_or(|below| rank < below) {
            self.best.push(Reverse(Ranked(rank, message.clone())));
            if self.best.len() > self.search.limit + 1 {
                self.best.pop();
            }
        }
    }

    fn into_hits(self) -> Hits {
        let Gathered { search, mut tokens, newest, best, .. } = self;
        let mut found: Vec<_> = match search.order {
            Order::Newest(_) => {
                newest.into_iter().map(|m| (Order::Newest(Some(m.id)), m)).collect()
            }
            // Ascending by what is reversed: the best first.
            Order::Best(_) => best
                .into_sorted_vec()
                .into_iter()
                .map(|Reverse(Ranked(rank, message))| (Order::Best(Some(rank)), message))
                .collect(),
        };
        let more = found.len() > search.limit;
        found.truncate(search.limit);
        let next = found.last().filter(|_| more).map(|(order, _)| *order);
        let hit = |(_, message): (Order, Arc<Message>)| {
            let text = message.text.decode();
            tokens.read(&text);
            let places = search.terms.find(&tokens).map_or_else(Vec::new, |found| found.places);
            let snippet = snippet::of(&text, &places);
            drop(text);
            Hit { message, snippet }
        };
        Hits { hits: found.into_iter().map(hit).collect(), next }
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.0 == other.0
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
