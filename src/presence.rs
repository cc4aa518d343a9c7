//! Who is here now: soft, kept in memory, never in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;

use crate::clock;
use crate::id::{SessionId, UserId};
use crate::timestamp::Timestamp;

/// When each user was last heard of, over every transport.
#[derive(Debug, Default)]
pub struct Presence {
    users: DashMap<UserId, Arc<Seen>>,
    sessions: DashMap<SessionId, Arc<Seen>>,
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

    /// Something came in this session.
    pub fn session_used(&self, session: SessionId) {
        let now = clock::now().0;
        match self.sessions.get(&session) {
            Some(seen) => seen.last.store(now, Ordering::Relaxed),
            None => self.session(session).last.store(now, Ordering::Relaxed),
        }
    }

    /// A stream, socket or waiting poll of this session is open until the guard is dropped.
    pub fn open_session(&self, session: SessionId) -> Open {
        let seen = self.session(session);
        seen.open.fetch_add(1, Ordering::Relaxed);
        Open(seen)
    }

    /// When the session was last used, as far as is known; now while something of it is open.
    pub fn session_last_used(&self, session: SessionId) -> Option<Timestamp> {
        let seen = self.sessions.get(&session)?;
        let open = seen.open.load(Ordering::Relaxed) > 0;
        Some(if open { clock::now() } else { Timestamp(seen.last.load(Ordering::Relaxed)) })
    }

    /// Forgets the sessions of which `is_over` says so.
    pub fn forget_sessions(&self, mut is_over: impl FnMut(SessionId) -> bool) {
        self.sessions.retain(|session, _| !is_over(*session));
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

    fn session(&self, session: SessionId) -> Arc<Seen> {
        self.sessions.entry(session).or_default().clone()
    }

    fn seen(&self, user: UserId) -> Arc<Seen> {
        self.users.entry(user).or_default().clone()
    }
}

/// Something open in the behalf of a user or session.
#[derive(Debug)]
pub struct Open(Arc<Seen>);

impl Drop for Open {
    fn drop(&mut self) {
        // Its end is the last that was heard.
        self.0.last.store(clock::now().0, Ordering::Relaxed);
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
