//! The answers to sends that may come again.

use std::collections::VecDeque;
use std::time::Duration;

use super::index::Index;
use crate::id::{MessageId, UserId};
use crate::outcome::Rejection;
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// How long a `client_msg_id` is remembered.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a registration sent under which `client_msg_id`, for a day.
///
/// Age is measured from entry to entry, so every replay forgets the same records.
#[derive(Debug, Default)]
pub(super) struct Answered {
    records: Index<(UserId, String), Record>,
    by_age: VecDeque<(Timestamp, UserId, String)>,
}

#[derive(Debug)]
struct Record {
    digest: TokenHash,
    id: MessageId,
}

impl Answered {
    /// The message that `user` already sent under this id; a rejection if its body was another.
    pub(super) fn find(
        &self,
        user: UserId,
        once: &crate::command::Once,
    ) -> Result<Option<MessageId>, Rejection> {
        match self.records.get(&(user, once.id.clone())) {
            None => Ok(None),
            Some(record) if record.digest == once.digest => Ok(Some(record.id)),
            Some(_) => Err(Rejection::OnceConflict),
        }
    }

    /// Remembers a message, and forgets what is older than a day.
    pub(super) fn insert(
        &mut self,
        at: Timestamp,
        user: UserId,
        once: crate::command::Once,
        id: MessageId,
    ) {
        while let Some((then, _, _)) = self.by_age.front() {
            if *then >= at.before(KEPT) {
                break;
            }
            if let Some((_, user, key)) = self.by_age.pop_front() {
                self.records.remove(&(user, key));
            }
        }
        self.by_age.push_back((at, user, once.id.clone()));
        self.records.insert((user, once.id), Record { digest: once.digest, id });
    }
}
