//! The rooms: who is in them, what was said there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::conversations::Conversation;
use super::timeline::Timeline;
use crate::id::{MessageId, RoomId, UserId};
use crate::name::{NameKey, RoomName};
use crate::timestamp::Timestamp;

/// A room.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Room {
    /// The text of its id, as the recipient of its messages.
    pub(super) text: Arc<str>,
    /// What people call it.
    pub(super) name: Arc<str>,
    pub(super) created: Timestamp,
    /// Who is in it, since when.
    members: BTreeMap<UserId, Timestamp>,
    pub(super) messages: Timeline,
    /// Its messages up to this id are gone for good; 0 if none are.
    pub(super) trimmed: MessageId,
    /// What a numbered room is beside that.
    pub(super) conversation: Option<Conversation>,
}

impl Room {
    /// Whether this user is in it.
    pub(super) fn has(&self, user: UserId) -> bool {
        self.members.contains_key(&user)
    }

    /// Who is in it, since when.
    pub(super) fn members(&self) -> impl Iterator<Item = (UserId, Timestamp)> {
        self.members.iter().map(|(user, since)| (*user, *since))
    }

    pub(super) fn enter(&mut self, user: UserId, at: Timestamp) {
        self.members.entry(user).or_insert(at);
    }

    pub(super) fn exit(&mut self, user: UserId) {
        self.members.remove(&user);
    }

    /// Whether it stays when nobody is in it, and makes no notices.
    pub(super) fn is_lasting(&self) -> bool {
        self.conversation.as_ref().is_none_or(|conversation| conversation.lasting)
    }
}

/// All rooms.
///
/// A numbered room is a conversation, and no other room is. One that does not last has at least
/// one member; with its last member it goes, and its number is not used again.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

    /// What was said in each room.
    pub(super) fn timelines(&self) -> impl Iterator<Item = &Timeline> {
        self.rooms.values().map(|room| &room.messages)
    }

    /// What was said in each room.
    pub(super) fn timelines_mut(&mut self) -> impl Iterator<Item = &mut Timeline> {
        self.rooms.values_mut().map(|room| &mut room.messages)
    }

    /// Drops what this user said in any room.
    pub(super) fn forget_messages_of(&mut self, user: UserId) {
        self.timelines_mut().for_each(|line| line.forget(user));
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
    pub(super) fn open(
        &mut self,
        members: &BTreeSet<UserId>,
        conversation: Conversation,
        at: Timestamp,
    ) -> u64 {
        self.numbers += 1;
        let name = format!("Room {}", self.numbers);
        let room = self.insert(RoomId::Numbered(self.numbers), name.into(), at);
        room.members = members.iter().map(|member| (*member, at)).collect();
        room.conversation = Some(conversation);
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
        self.insert(id.clone(), name.text().clone(), at);
        id
    }

    fn insert(&mut self, id: RoomId, name: Arc<str>, at: Timestamp) -> &mut Room {
        let text = id.to_string().into();
        self.rooms.entry(id).or_insert_with(|| Room {
            text,
            name,
            created: at,
            members: BTreeMap::new(),
            messages: Timeline::default(),
            trimmed: MessageId(0),
            conversation: None,
        })
    }
}
