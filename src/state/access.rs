//! Who may act as whom, as far as the state knows it.

use super::accounts::{Account, Invite};
use super::sessions::Session;
use super::{State, users};
use crate::id::{SessionId, UserId};
use crate::name::{Name, NameKey};
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// What somebody who acts as a user has shown for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: enough for a name without an account, unless the settings say otherwise.
    Nothing,
    /// The token of a registration.
    Token(TokenHash),
    /// The token of a session.
    Session(SessionId),
}

impl State {
    /// Whether nobody holds the name with this key, and no removed account keeps it.
    pub fn is_free(&self, key: &str) -> bool {
        self.users.holder(key).is_none() && !self.accounts.is_retired(key)
    }

    /// The user that a token proves, if it is one of that name: the token of a registration or of
    /// a session.
    pub(super) fn proven(&self, token: TokenHash, key: &NameKey) -> Option<UserId> {
        let of_session = || {
            let (_, session) = self.sessions.by_token(token)?;
            (self.name_of(session.user)?.key() == key).then_some(session.user)
        };
        let user = self.users.proven(token, key).or_else(of_session)?;
        self.accounts.get(user).is_none_or(|account| !account.disabled).then_some(user)
    }

    /// What a token shows of a user; `None` when it does not belong to that user.
    pub fn proof(&self, user: UserId, token: TokenHash) -> Option<Proof> {
        if let Some((id, session)) = self.sessions.by_token(token) {
            return (session.user == user).then_some(Proof::Session(id));
        }
        (self.users.by_token(token) == Some(user)).then_some(Proof::Token(token))
    }

    /// Whether `proof` suffices now to act as `user`; `strict` is whether names without an account
    /// need one too.
    pub fn may_act(&self, user: UserId, proof: Proof, strict: bool) -> bool {
        let account = self.accounts.get(user);
        if !self.users.get(user).is_some_and(users::User::is_held)
            || account.is_some_and(|account| account.disabled)
        {
            return false;
        }
        let open = account.is_none() && !strict;
        open || match proof {
            Proof::Nothing => false,
            Proof::Token(token) => self.users.by_token(token) == Some(user),
            Proof::Session(id) => self.sessions.get(id).is_some_and(|own| own.user == user),
        }
    }

    /// The account of a user, if it has one.
    pub fn account(&self, user: UserId) -> Option<&Account> {
        self.accounts.get(user)
    }

    /// All accounts with their names, in the order in which their users came.
    pub fn accounts(&self) -> impl Iterator<Item = (UserId, &Name, &Account)> {
        let named = |(user, account)| Some((user, self.name_of(user)?, account));
        self.accounts.iter().filter_map(named)
    }

    /// The session of this token.
    pub fn session_of(&self, token: TokenHash) -> Option<(SessionId, &Session)> {
        self.sessions.by_token(token)
    }

    /// A session.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// The sessions of a user, in the order in which they began.
    pub fn sessions_of(&self, user: UserId) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.of(user).filter_map(|id| Some((id, self.sessions.get(id)?)))
    }

    /// All sessions, in the order in which they began.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.iter()
    }

    /// The users of removed accounts whose names are not free yet, with when they were removed.
    pub fn retired(&self) -> impl Iterator<Item = (UserId, Timestamp)> {
        self.accounts.retired()
    }

    /// An invitation, by the hash of its secret.
    pub fn invite(&self, secret: TokenHash) -> Option<&Invite> {
        self.accounts.invite(secret)
    }

    /// The invitations that can still be used.
    pub fn invites(&self) -> impl Iterator<Item = (TokenHash, &Invite)> {
        self.accounts.invites()
    }
}
