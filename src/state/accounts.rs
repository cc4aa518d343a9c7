//! The accounts: names that are somebody's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::name::NameKey;
use crate::password::PasswordHash;
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// What makes a user an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What its password is recognised by.
    pub password: PasswordHash,
    /// How often the password has been changed.
    pub changes: u64,
    /// Whether nobody can act as it at the moment.
    pub disabled: bool,
    /// Whether it may administer.
    pub admin: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// An invitation to make an account.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// How many accounts may still be made with it.
    pub uses: u32,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// All accounts.
///
/// Invariants: the user of an account holds its name; a retired name is held by nobody; an
/// invitation has uses left.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    accounts: BTreeMap<UserId, Account>,
    /// The names of removed accounts, which nobody can take yet: whose, and since when.
    retired: BTreeMap<NameKey, (UserId, Timestamp)>,
    invites: BTreeMap<TokenHash, Invite>,
}

impl Accounts {
    pub(super) fn get(&self, user: UserId) -> Option<&Account> {
        self.accounts.get(&user)
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> Option<&mut Account> {
        self.accounts.get_mut(&user)
    }

    /// All of them, in the order in which their users came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UserId, &Account)> {
        self.accounts.iter().map(|(user, account)| (*user, account))
    }

    pub(super) fn insert(&mut self, user: UserId, password: PasswordHash, at: Timestamp) {
        let (changes, disabled, admin) = (0, false, false);
        self.accounts.insert(user, Account { password, changes, disabled, admin, created: at });
    }

    /// Ends an account; nobody can take its name until [`Accounts::free`].
    pub(super) fn retire(&mut self, user: UserId, name: NameKey, at: Timestamp) {
        self.accounts.remove(&user);
        self.retired.insert(name, (user, at));
    }

    /// Whether the name with this key was a removed account's.
    pub(super) fn is_retired(&self, name: &str) -> bool {
        self.retired.contains_key(name)
    }

    /// The users of the accounts that were removed and whose names are not free yet, with when.
    pub(super) fn retired(&self) -> impl Iterator<Item = (UserId, Timestamp)> {
        self.retired.values().copied()
    }

    /// Lets the name of a removed account be taken.
    pub(super) fn free(&mut self, user: UserId) {
        self.retired.retain(|_, (of, _)| *of != user);
    }

    pub(super) fn invite(&self, invite: TokenHash) -> Option<&Invite> {
        self.invites.get(&invite)
    }

    pub(super) fn invites(&self) -> impl Iterator<Item = (TokenHash, &Invite)> {
        self.invites.iter().map(|(secret, invite)| (*secret, invite))
    }

    pub(super) fn add_invite(&mut self, secret: TokenHash, invite: Invite) {
        self.invites.insert(secret, invite);
    }

    pub(super) fn end_invite(&mut self, secret: TokenHash) {
        self.invites.remove(&secret);
    }

    /// Counts one account made with an invitation.
    pub(super) fn use_invite(&mut self, secret: TokenHash) {
        let Some(invite) = self.invites.get_mut(&secret) else { return };
        invite.uses -= 1;
        if invite.uses == 0 {
            self.end_invite(secret);
        }
    }
}
