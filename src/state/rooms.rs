//! The rooms: who is in them, what was said there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::timeline::Timeline;
use crate::id::{RoomId, UserId};
use crate::name::{NameKey, RoomName};
use crate::timestamp::Timestamp;

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    /// The text of its id, as the recipient of its messages.
    pub(super) text: Arc<str>,
    /// What people call it.
    pub(super) name: Arc<str>,
    pub(super) created: Timestamp,
    pub(super) members: BTreeSet<UserId>,
    pub(super) messages: Timeline,
}

/// All rooms.
///
/// A numbered room has at least one member; with its last member it goes, and its number is not
/// used again. A named room stays.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: BTreeMap<RoomId, Room>,
    named: BTreeMap<NameKey, RoomId>,
    numbers: u64,
}

impl Rooms {
    pub(super) fn get(&self, id: &RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &RoomId) {
        self.rooms.remove(id);
    }

    /// Drops what this user said in any room.
    pub(super) fn forget_messages_of(&mut self, user: UserId) {
        self.rooms.values_mut().for_each(|room| room.messages.forget(user));
    }

    /// The named rooms, by their slugs.
    pub(super) fn named(&self) -> impl Iterator<Item = (&RoomId, &Room)> {
        self.rooms.range(RoomId::Named("".into())..)
    }

    /// The named room whose name has this key.
    pub(super) fn by_name(&self, key: &str) -> Option<&RoomId> {
        self.named.get(key)
    }

    /// The number of rooms.
    pub(super) fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Opens the next numbered room.
    pub(super) fn open(&mut self, members: BTreeSet<UserId>, at: Timestamp) -> u64 {
        self.numbers += 1;
        let name = format!("Room {}", self.numbers);
        self.insert(RoomId::Numbered(self.numbers), name.into(), members, at);
        self.numbers
    }

    /// Makes sure that the room of this name exists.
    ///
    /// Its id is the slug of its name, with a number behind it when another room has that slug.
    pub(super) fn ensure(&mut self, name: &RoomName, at: Timestamp) -> RoomId {
        if let Some(id) = self.named.get(name.key()) {
            return id.clone();
        }
        let mut id = RoomId::Named(name.slug().clone());
        let mut number = 1;
        while self.rooms.contains_key(&id) {
            number += 1;
            id = RoomId::Named(format!("{}-{number}", name.slug()).into());
        }
        self.named.insert(name.key().clone(), id.clone());
        self.insert(id.clone(), name.text().clone(), BTreeSet::new(), at);
        id
    }

    fn insert(&mut self, id: RoomId, name: Arc<str>, members: BTreeSet<UserId>, at: Timestamp) {
        let text = id.to_string().into();
        let messages = Timeline::default();
        self.rooms.insert(id, Room { text, name, created: at, members, messages });
    }
}
