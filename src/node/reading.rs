//! What readers get, be it from memory or from the archive.

use std::sync::Arc;

use super::{Actor, Failure, Found, Node, Page, Query, SubmitError};
use crate::archive::{Archive, ArchiveError};
use crate::config::Access;
use crate::id::{ConversationId, MessageId, RoomId, UserId};
use crate::message::Message;
use crate::outcome::Rejection;
use crate::state::{Older, State};

/// A page of what was said in a conversation.
#[derive(Debug)]
pub struct Said {
    /// Newest first.
    pub messages: Vec<Arc<Message>>,
    /// How many messages there are in all.
    pub total: usize,
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum Unread {
    /// It was refused.
    Rejected(Rejection),
    /// The archive cannot be read.
    Archive(ArchiveError),
}

impl From<ArchiveError> for Unread {
    fn from(error: ArchiveError) -> Unread {
        Unread::Archive(error)
    }
}

impl From<Rejection> for Unread {
    fn from(rejection: Rejection) -> Unread {
        Unread::Rejected(rejection)
    }
}

impl From<Unread> for SubmitError {
    fn from(unread: Unread) -> SubmitError {
        match unread {
            Unread::Rejected(rejection) => SubmitError::Rejected(rejection),
            Unread::Archive(error) => {
                tracing::error!("{error}");
                SubmitError::Failed(Failure::Unreadable)
            }
        }
    }
}

impl Node {
    /// The messages that `actor` may see and asks for.
    ///
    /// Blocks its thread while it reads in the archive, after giving the other tasks to another.
    ///
    /// # Errors
    /// See [`crate::state::State::read`]; [`Rejection::Unproven`] when it may not act any more as
    /// it could. A failure when the archive cannot be read.
    pub fn read(&self, actor: &Actor, query: &Query) -> Result<Page, SubmitError> {
        let look = |query: &Query| self.look_as(actor, |state| state.read(actor.user, query));
        Ok(read_through(self.archive(), query, look)?)
    }

    /// Looks at the state for `actor`, as long as it may act as it could.
    pub(super) fn look_as<T>(
        &self,
        actor: &Actor,
        look: impl FnOnce(&State) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        let strict = self.access == Access::Token;
        let state = self.state.read();
        let found = look(&state)?;
        state.may_act(actor.user, actor.proof, strict).then_some(found).ok_or(Rejection::Unproven)
    }

    /// The messages around one, about half of them older, the rest from it on; and whether there
    /// are more that are older still.
    ///
    /// # Errors
    /// See [`Node::read`].
    pub fn read_around(
        &self,
        actor: &Actor,
        query: &Query,
        id: MessageId,
    ) -> Result<(Page, bool), SubmitError> {
        let half = query.limit / 2;
        let older = Query { before: Some(id), limit: half, ..query.clone() };
        let older = self.read(actor, &older)?;
        let cursor = MessageId(id.0.saturating_sub(1));
        let newer = Query { cursor, before: None, limit: query.limit - half, ..query.clone() };
        let newer = self.read(actor, &newer)?;
        let mut messages = older.messages;
        messages.extend(newer.messages);
        Ok((Page { messages, ..newer }, older.has_more))
    }

    /// What is new above `cursor` to a user who watches these rooms.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub fn read_watched<'r>(
        &self,
        user: UserId,
        rooms: impl Iterator<Item = &'r RoomId> + Clone,
        cursor: MessageId,
        limit: usize,
    ) -> Result<Page, SubmitError> {
        let query = Query { cursor, limit, ..Query::default() };
        let look = |query: &Query| {
            let rooms = rooms.clone();
            Ok(self.look(|state| state.read_watched(user, rooms, query.cursor, query.limit)))
        };
        Ok(read_through(self.archive(), &query, look)?)
    }

    /// What was said in a conversation, newest first, without the newest `skipped`.
    ///
    /// # Errors
    /// `ConversationNotFound`, `NotInConversation`; the archive cannot be read.
    pub fn said(
        &self,
        user: UserId,
        id: ConversationId,
        skipped: usize,
        limit: usize,
    ) -> Result<Said, SubmitError> {
        let look = |skipped, limit| self.look(|state| state.said(user, id, skipped, limit));
        Ok(said_through(self.archive(), skipped, limit, look)?)
    }

    /// What memory has let go; none where nothing is kept.
    pub fn archive(&self) -> Option<&Archive> {
        self.archiving.as_ref().map(|shared| &shared.archive)
    }
}

/// The answer to a query, of which `look` finds what memory has.
///
/// The archive has everything up to where memory begins; memory may begin higher when it is looked
/// at again, so the two take turns until they meet.
///
/// # Errors
/// `look` refuses, or the archive cannot be read.
pub fn read_through(
    archive: Option<&Archive>,
    query: &Query,
    look: impl Fn(&Query) -> Result<Found, Rejection>,
) -> Result<Page, Unread> {
    let older = match look(query)? {
        Found::Page(page) => return Ok(page),
        Found::Older(older) => older,
    };
    // Memory lets nothing go without an archive.
    let Some(archive) = archive else { return Ok(Page::default()) };
    let Older { mut scope, cursor, newer, head, recovered } = older;
    if let Some(end) = query.before {
        let limit = query.limit - newer.len();
        let part = blocking(|| archive.before(&scope, end, limit))?;
        let mut messages = part.messages;
        messages.extend(newer);
        return Ok(Page { messages, last_id: head, recovered, has_more: part.more });
    }
    let mut query = Query { cursor, epoch: None, ..query.clone() };
    let mut messages: Vec<Arc<Message>> = Vec::new();
    loop {
        let part = blocking(|| archive.after(&scope, query.cursor, query.limit))?;
        query.limit -= part.messages.len();
        messages.extend(part.messages);
        let reached = messages.last().map_or(cursor, |last| last.id);
        if part.more {
            return Ok(Page { messages, last_id: reached, recovered, has_more: true });
        }
        query.cursor = query.cursor.max(scope.through);
        match look(&query)? {
            Found::Older(older) => scope = older.scope,
            Found::Page(page) => {
                // A page for nothing does not say where it ends.
                let full = page.messages.is_empty() && page.has_more;
                let last_id = if full { reached } else { page.last_id };
                messages.extend(page.messages);
                return Ok(Page { messages, last_id, recovered, has_more: page.has_more });
            }
        }
    }
}

/// What was said in a conversation, of which `look` finds what memory has.
///
/// # Errors
/// `look` refuses, or the archive cannot be read.
pub fn said_through(
    archive: Option<&Archive>,
    skipped: usize,
    limit: usize,
    look: impl FnOnce(usize, usize) -> Result<crate::state::Said, Rejection>,
) -> Result<Said, Unread> {
    let said = look(skipped, limit)?;
    let (mut messages, mut total) = (said.messages, said.in_memory);
    if let (Some(scope), Some(archive)) = (said.older, archive) {
        // The page may begin behind what memory has.
        let passed = skipped.saturating_sub(said.in_memory);
        let wanted = limit - messages.len();
        let (count, part) = blocking(|| {
            let count = archive.count(&scope)?;
            let wanted = if passed < count { passed + wanted } else { 0 };
            Ok::<_, ArchiveError>((count, archive.before(&scope, MessageId(u64::MAX), wanted)?))
        })?;
        total += count;
        messages.extend(part.messages.into_iter().rev().skip(passed));
    }
    Ok(Said { messages, total })
}

/// Runs what waits for the disk without holding up other tasks.
fn blocking<T>(run: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        // One thread is all there is.
        _ => run(),
    }
}
