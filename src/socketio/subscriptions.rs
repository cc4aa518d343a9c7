//! Which sockets watch which rooms.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::RwLock;
use socketioxide::socket::Sid;

use super::dialect::Dialect;
use crate::id::{RoomId, UserId};

/// By room, by user. Who is in a room is the state's business; this is only who listens.
#[derive(Default)]
pub(super) struct Subscriptions(RwLock<Tables>);

#[derive(Default)]
struct Tables {
    rooms: BTreeMap<RoomId, BTreeSet<(Sid, Dialect)>>,
    users: BTreeMap<UserId, BTreeSet<Sid>>,
}

impl Subscriptions {
    /// This socket hears of that room, in that dialect.
    pub(super) fn watch(&self, sid: Sid, room: &RoomId, dialect: Dialect) {
        let mut tables = self.0.write();
        tables.rooms.entry(room.clone()).or_default().insert((sid, dialect));
    }

    /// This socket no longer hears of that room, in whatever dialect.
    pub(super) fn unwatch(&self, sid: Sid, room: &RoomId) {
        let mut tables = self.0.write();
        if let Some(sockets) = tables.rooms.get_mut(room) {
            sockets.retain(|(other, _)| *other != sid);
            if sockets.is_empty() {
                tables.rooms.remove(room);
            }
        }
    }

    /// This socket hears of what concerns that user.
    pub(super) fn belongs(&self, sid: Sid, user: UserId) {
        self.0.write().users.entry(user).or_default().insert(sid);
    }

    /// This socket is that user's no more; gives how many are left to the user.
    pub(super) fn leaves(&self, sid: Sid, user: UserId) -> usize {
        let mut tables = self.0.write();
        let Some(sockets) = tables.users.get_mut(&user) else { return 0 };
        sockets.remove(&sid);
        let left = sockets.len();
        if left == 0 {
            tables.users.remove(&user);
        }
        left
    }

    /// The sockets that hear of a room, each once for every dialect.
    pub(super) fn of_room(&self, room: &RoomId) -> Vec<(Sid, Dialect)> {
        let tables = self.0.read();
        tables.rooms.get(room).into_iter().flatten().copied().collect()
    }

    /// The sockets of a user.
    pub(super) fn of_user(&self, user: UserId) -> Vec<Sid> {
        let tables = self.0.read();
        tables.users.get(&user).into_iter().flatten().copied().collect()
    }
}
