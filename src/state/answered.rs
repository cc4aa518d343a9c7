//! The answers to sends that may come again.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

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
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<Kept>")]
pub(super) struct Answered {
    records: Index<(UserId, String), Record>,
    by_age: VecDeque<(Timestamp, UserId, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    digest: TokenHash,
    id: MessageId,
}

/// A record as a snapshot keeps it: when, whose, under which `client_msg_id`, of what, its message.
#[derive(Serialize, Deserialize)]
struct Kept(Timestamp, UserId, String, TokenHash, MessageId);

impl From<Vec<Kept>> for Answered {
    fn from(records: Vec<Kept>) -> Answered {
        let mut answered = Answered::default();
        for Kept(at, user, key, digest, id) in records {
            answered.by_age.push_back((at, user, key.clone()));
            answered.records.insert((user, key), Record { digest, id });
        }
        answered
    }
}

impl Serialize for Answered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_age.iter().filter_map(|(at, user, key)| {
            let Record { digest, id } = *self.records.get(&(*user, key.clone()))?;
            Some(Kept(*at, *user, key.clone(), digest, id))
        }))
    }
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
