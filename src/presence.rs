//! Who is here now: soft, kept in memory, never in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;

use crate::clock;
use crate::id::UserId;
use crate::timestamp::Timestamp;

/// When each user was last heard of, over every transport.
#[derive(Debug, Default)]
pub struct Presence {
    users: DashMap<UserId, Arc<Seen>>,
    /// The connected sockets, by the id that others know them by, since when.
    sockets: DashMap<String, Timestamp>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Milliseconds since 1970.
    last: AtomicU64,
    /// Streams, sockets and waiting polls.
    open: AtomicU32,
}

impl Presence {
    /// Something came in this user's behalf.
    pub fn heard(&self, user: UserId) {
        self.heard_at(user, clock::now());
    }

    /// Something came in this user's behalf at that moment.
    pub fn heard_at(&self, user: UserId, at: Timestamp) {
        match self.users.get(&user) {
            Some(seen) => seen.last.store(at.0, Ordering::Relaxed),
            None => self.seen(user).last.store(at.0, Ordering::Relaxed),
        }
    }

    /// A stream, socket or waiting poll of this user is open until the guard is dropped.
    pub fn open(&self, user: UserId) -> Open {
        let seen = self.seen(user);
        seen.open.fetch_add(1, Ordering::Relaxed);
        Open(seen)
    }

    /// How many streams, sockets and waiting polls this user has open.
    pub fn open_count(&self, user: UserId) -> u32 {
        self.users.get(&user).map_or(0, |seen| seen.open.load(Ordering::Relaxed))
    }

    /// Whether the user has something open, or was heard of in the last `timeout`.
    pub fn is_here(&self, user: UserId, timeout: Duration) -> bool {
        self.users.get(&user).is_some_and(|seen| {
            seen.open.load(Ordering::Relaxed) > 0
                || seen.last.load(Ordering::Relaxed) >= clock::now().before(timeout).0
        })
    }

    /// This user went at `since`. Unless something came of it later, it is no longer here.
    pub fn leave(&self, user: UserId, since: Timestamp) -> bool {
        let Some(seen) = self.users.get(&user) else { return true };
        let stayed =
            seen.open.load(Ordering::Relaxed) > 0 || seen.last.load(Ordering::Relaxed) > since.0;
        if !stayed {
            seen.last.store(0, Ordering::Relaxed);
        }
        !stayed
    }

    /// A socket is connected.
    pub fn connected(&self, socket: &str, at: Timestamp) {
        self.sockets.insert(socket.to_owned(), at);
    }

    /// A socket is gone.
    pub fn disconnected(&self, socket: &str) {
        self.sockets.remove(socket);
    }

    /// The connected sockets in the order in which they came.
    pub fn sockets(&self) -> Vec<(String, Timestamp)> {
        let socket = |socket: dashmap::mapref::multiple::RefMulti<'_, String, Timestamp>| {
            (socket.key().clone(), *socket.value())
        };
        let mut sockets: Vec<_> = self.sockets.iter().map(socket).collect();
        sockets.sort_by(|(a, since), (b, then)| (since, a).cmp(&(then, b)));
        sockets
    }

    /// How many sockets are connected.
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// The registration has ended.
    pub fn forget(&self, user: UserId) {
        self.users.remove(&user);
    }

    fn seen(&self, user: UserId) -> Arc<Seen> {
        self.users.entry(user).or_default().clone()
    }
}

/// Something open in a user's behalf.
#[derive(Debug)]
pub struct Open(Arc<Seen>);

impl Drop for Open {
    fn drop(&mut self) {
        // Its end is the last that was heard.
        self.0.last.store(clock::now().0, Ordering::Relaxed);
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
