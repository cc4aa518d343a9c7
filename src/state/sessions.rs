//! The sessions: who is let in, by which token.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::command::NewSession;
use crate::id::{SessionId, UserId};
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// Sessions that one user may have at once; the oldest ends for one more.
const SESSIONS_PER_USER: usize = 64;

/// Somebody who was let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Who.
    pub user: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// What the client called itself when it began.
    pub agent: String,
    /// When it began.
    pub created: Timestamp,
}

/// All sessions.
///
/// Invariant: each session is in all three tables. A snapshot keeps the first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Begun")]
pub(super) struct Sessions {
    sessions: BTreeMap<SessionId, Session>,
    #[serde(skip)]
    tokens: BTreeMap<TokenHash, SessionId>,
    #[serde(skip)]
    users: BTreeMap<UserId, BTreeSet<SessionId>>,
    begun: u64,
}

/// What a snapshot keeps of [`Sessions`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    sessions: BTreeMap<SessionId, Session>,
    begun: u64,
}

impl From<Begun> for Sessions {
    fn from(Begun { sessions, begun }: Begun) -> Sessions {
        let mut all = Sessions { begun, ..Sessions::default() };
        for (id, session) in &sessions {
            all.tokens.insert(session.token, *id);
            all.users.entry(session.user).or_default().insert(*id);
        }
        Sessions { sessions, ..all }
    }
}

impl Sessions {
    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    pub(super) fn by_token(&self, token: TokenHash) -> Option<(SessionId, &Session)> {
        let id = *self.tokens.get(&token)?;
        Some((id, self.sessions.get(&id)?))
    }

    /// All of them, in the order in which they began.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.iter().map(|(id, session)| (*id, session))
    }

    /// Those of one user, in the order in which they began.
    pub(super) fn of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.users.get(&user).into_iter().flatten().copied()
    }

    /// Begins a session; tells whose had to end for it: the user's oldest, if there were too many,
    /// and the one that had this token before, if there can be such a thing.
    pub(super) fn open(
        &mut self,
        user: UserId,
        session: NewSession,
        at: Timestamp,
    ) -> (SessionId, BTreeSet<UserId>) {
        let NewSession { token, agent } = session;
        let crowded = self.of(user).count() >= SESSIONS_PER_USER;
        let oldest = self.of(user).next().filter(|_| crowded);
        let same = self.tokens.get(&token).copied();
        let mut ended = BTreeSet::new();
        for id in oldest.into_iter().chain(same) {
            ended.extend(self.sessions.get(&id).map(|session| session.user));
            self.close(id);
        }
        self.begun += 1;
        let id = SessionId(self.begun);
        self.sessions.insert(id, Session { user, token, agent, created: at });
        self.tokens.insert(token, id);
        self.users.entry(user).or_default().insert(id);
        (id, ended)
    }

    pub(super) fn close(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.tokens.remove(&session.token);
        if let Some(others) = self.users.get_mut(&session.user) {
            others.remove(&id);
            if others.is_empty() {
                self.users.remove(&session.user);
            }
        }
    }

    /// Ends the sessions of a user but for one.
    pub(super) fn close_all(&mut self, user: UserId, but: Option<SessionId>) {
        let others: Vec<_> = self.of(user).filter(|id| Some(*id) != but).collect();
        others.into_iter().for_each(|id| self.close(id));
    }
}
