//! The registrations: who holds which name, what is theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::timeline::Timeline;
use crate::id::{RoomId, UserId};
use crate::message::Message;
use crate::name::{Name, NameKey};
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// Tokens that one user may hold at once; with shared names every registration adds one.
const TOKENS_PER_USER: usize = 16;

/// One registration, held or ended. It outlives its end, because its token does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) name: Name,
    /// Its place in the order of registrations while the name is held.
    held: Option<u64>,
    /// Whether it holds or last held its name, of all who did.
    latest: bool,
    tokens: Vec<TokenHash>,
    /// Whether it is in named rooms only while it is connected.
    pub(super) guest: bool,
    /// When an entry last came from this user.
    pub(super) acted: Timestamp,
    /// The rooms it is in now.
    pub(super) rooms: BTreeSet<RoomId>,
    /// What was sent to it.
    pub(super) inbox: Timeline,
    /// What it sent to others.
    pub(super) sent: Timeline,
    /// Both directions, by the other's name.
    pub(super) direct: BTreeMap<NameKey, Timeline>,
}

impl User {
    /// Whether the name is held now.
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Keeps a message that this user received.
    pub(super) fn receive(&mut self, from: &NameKey, message: &Arc<Message>) {
        self.inbox.push(message.clone());
        self.direct.entry(from.clone()).or_default().push(message.clone());
    }

    /// Keeps a message that this user sent to somebody else.
    pub(super) fn remember_sent(&mut self, to: &NameKey, message: &Arc<Message>) {
        self.sent.push(message.clone());
        self.direct.entry(to.clone()).or_default().push(message.clone());
    }
}

/// All registrations.
///
/// Invariants: a key in `holders` belongs to a user that is held, and to no other; `order` has
/// exactly the held ones; `latest` knows every key ever registered. What a snapshot leaves out is
/// made again from the rest.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Registered")]
pub(super) struct Users {
    users: BTreeMap<UserId, User>,
    #[serde(skip)]
    holders: Index<NameKey, UserId>,
    #[serde(skip)]
    latest: Index<NameKey, UserId>,
    #[serde(skip)]
    tokens: Index<TokenHash, UserId>,
    #[serde(skip)]
    order: BTreeMap<u64, UserId>,
    registrations: u64,
    /// How many users there have been.
    count: u64,
}

/// What a snapshot keeps of [`Users`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registered {
    users: BTreeMap<UserId, User>,
    registrations: u64,
    count: u64,
}

impl From<Registered> for Users {
    fn from(Registered { users, registrations, count }: Registered) -> Users {
        let mut all = Users { registrations, count, ..Users::default() };
        for (id, user) in &users {
            let key = user.name.key();
            user.tokens.iter().for_each(|token| all.tokens.insert(*token, *id));
            if let Some(place) = user.held {
                all.order.insert(place, *id);
                all.holders.insert(key.clone(), *id);
            }
            if user.latest {
                all.latest.insert(key.clone(), *id);
            }
        }
        Users { users, ..all }
    }
}

impl Users {
    /// Who holds the name with this key.
    pub(super) fn holder(&self, key: &str) -> Option<UserId> {
        self.holders.get(key).copied()
    }

    /// Who holds or last held the name with this key.
    pub(super) fn latest(&self, key: &str) -> Option<UserId> {
        self.latest.get(key).copied()
    }

    /// The user that this token proves.
    pub(super) fn by_token(&self, token: TokenHash) -> Option<UserId> {
        self.tokens.get(&token).copied()
    }

    /// The user that this token proves, if it is one of that name.
    pub(super) fn proven(&self, token: TokenHash, key: &NameKey) -> Option<UserId> {
        let id = self.by_token(token)?;
        (self.users.get(&id)?.name.key() == key).then_some(id)
    }

    pub(super) fn get(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.users.get_mut(&id)
    }

    /// Those who do not hold their name any more, in the order in which they came.
    pub(super) fn ended(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.users.iter().filter(|(_, user)| !user.is_held()).map(|(id, user)| (*id, user))
    }

    /// Those who hold a name, in the order in which they registered.
    pub(super) fn held(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.order.values().filter_map(|&id| Some((id, self.users.get(&id)?)))
    }

    /// A new user, not yet holding its name.
    pub(super) fn add(&mut self, name: Name) -> UserId {
        self.count += 1;
        let id = UserId(self.count);
        self.users.insert(
            id,
            User {
                name,
                held: None,
                latest: false,
                tokens: Vec::new(),
                guest: false,
                acted: Timestamp::default(),
                rooms: BTreeSet::new(),
                inbox: Timeline::default(),
                sent: Timeline::default(),
                direct: BTreeMap::new(),
            },
        );
        id
    }

    /// Lets `id` hold its name, which is free.
    pub(super) fn hold(&mut self, id: UserId, guest: bool) {
        let Some(user) = self.users.get_mut(&id).filter(|user| !user.is_held()) else { return };
        self.registrations += 1;
        user.held = Some(self.registrations);
        user.guest = guest;
        self.order.insert(self.registrations, id);
        self.holders.insert(user.name.key().clone(), id);
        self.is_latest(id);
    }

    /// Of all who had its name, `id` is the last now.
    fn is_latest(&mut self, id: UserId) {
        let Some(user) = self.users.get_mut(&id) else { return };
        user.latest = true;
        let key = user.name.key().clone();
        let before = self.latest.get(&key).copied().filter(|before| *before != id);
        if let Some(before) = before.and_then(|before| self.users.get_mut(&before)) {
            before.latest = false;
        }
        self.latest.insert(key, id);
    }

    /// Gives `id` one more token; the oldest goes when there are too many.
    pub(super) fn add_token(&mut self, id: UserId, token: TokenHash) {
        let Some(user) = self.users.get_mut(&id) else { return };
        if user.tokens.len() == TOKENS_PER_USER {
            self.tokens.remove(&user.tokens.remove(0));
        }
        user.tokens.push(token);
        self.tokens.insert(token, id);
    }

    /// Takes all its tokens from `id`.
    pub(super) fn forget_tokens(&mut self, id: UserId) {
        let Some(user) = self.users.get_mut(&id) else { return };
        for token in std::mem::take(&mut user.tokens) {
            self.tokens.remove(&token);
        }
    }

    /// Nobody will be `id` again: what only it could read goes, and whoever takes its name is
    /// somebody else.
    pub(super) fn retire(&mut self, id: UserId) {
        let Some(user) = self.users.get_mut(&id) else { return };
        user.latest = false;
        (user.inbox, user.sent) = Default::default();
        user.direct.clear();
        let key = user.name.key();
        if self.latest.get(key) == Some(&id) {
            self.latest.remove(key);
        }
    }

    /// What all users received and sent.
    pub(super) fn timelines(&self) -> impl Iterator<Item = &Timeline> {
        self.users.values().flat_map(|user| [&user.inbox, &user.sent])
    }

    /// Leaves nothing of `id`, which does not hold its name, but what it said.
    pub(super) fn forget(&mut self, id: UserId) {
        self.forget_tokens(id);
        self.retire(id);
        self.users.remove(&id);
    }

    /// The lines of all users.
    pub(super) fn timelines_mut(&mut self) -> impl Iterator<Item = &mut Timeline> {
        self.users.values_mut().flat_map(|user| {
            [&mut user.inbox, &mut user.sent].into_iter().chain(user.direct.values_mut())
        })
    }

    /// Drops what this user said to anybody.
    pub(super) fn forget_messages_of(&mut self, id: UserId) {
        self.timelines_mut().for_each(|line| line.forget(id));
    }

    /// Makes the name of `id` free.
    pub(super) fn release(&mut self, id: UserId) {
        let Some(user) = self.users.get_mut(&id) else { return };
        if let Some(place) = user.held.take() {
            self.order.remove(&place);
            self.holders.remove(user.name.key());
        }
    }
}
