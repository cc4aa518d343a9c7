//! Who is here now: soft, kept in memory, never in the log.
//!
//! A node that shares its log knows of the others' users by what these tell (`news`, `others`),
//! and tells them of its own (`shared`, `exchange`). A node that is alone has none of it.

mod exchange;
mod news;
mod others;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::mpsc;

use crate::clock;
use crate::id::{SessionId, UserId};
use crate::timestamp::Timestamp;
pub use news::{News, Socket};
pub use others::{Changed, Missed};
use shared::Shared;

/// How long a registration that another node wrote counts as a sign of its user, which that node
/// will have told of by then.
const ANNOUNCED: Duration = Duration::from_secs(3);

/// When each user was last heard of, over every transport.
#[derive(Debug, Default)]
pub struct Presence {
    users: DashMap<UserId, Arc<Seen>>,
    sessions: DashMap<SessionId, Arc<Seen>>,
    /// The connected sockets, by the id that others know them by.
    sockets: DashMap<String, Socket>,
    /// None on a node that is alone.
    shared: Option<Shared>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Milliseconds since 1970.
    last: AtomicU64,
    /// Streams, sockets and waiting polls.
    open: AtomicU32,
    /// The other nodes know, of a user that it is here; there is nothing to tell a node alone.
    told: AtomicBool,
    /// Up to when the other nodes know a session to be used: milliseconds since 1970.
    told_until: AtomicU64,
}

impl Presence {
    /// A presence that is told to other nodes, and told by them.
    pub fn shared() -> Presence {
        Presence { shared: Some(Shared::default()), ..Presence::default() }
    }

    /// Something came in this user's behalf.
    pub fn heard(&self, user: UserId) {
        self.heard_at(user, clock::now());
    }

    /// The log says that this user did something at that moment, before the node was there. Where
    /// there are several, it does not tell the others so if it is `past`: long ago, or they were
    /// there and know better.
    pub fn acted(&self, user: UserId, at: Timestamp, past: bool) {
        match self.shared.as_ref().filter(|_| past) {
            Some(shared) => shared.others.write().acted(user, at),
            None => self.heard_at(user, at),
        }
    }

    /// The log says that this user is registered now, by whatever node.
    pub fn registered(&self, user: UserId) {
        if let Some(shared) = &self.shared {
            shared.others.write().announce(user, clock::now().after(ANNOUNCED));
        }
    }

    fn heard_at(&self, user: UserId, at: Timestamp) {
        let heard = |seen: &Seen| {
            seen.last.store(at.0, Ordering::Relaxed);
            self.tell_here(user, seen);
        };
        match self.users.get(&user) {
            Some(seen) => heard(&seen),
            None => heard(&self.seen(user)),
        }
    }

    /// A stream, socket or waiting poll of this user is open until the guard is dropped.
    pub fn open(&self, user: UserId) -> Open {
        let seen = self.seen(user);
        seen.open.fetch_add(1, Ordering::Relaxed);
        self.tell_here(user, &seen);
        Open(seen)
    }

    /// How many streams, sockets and waiting polls this user has open.
    pub fn open_count(&self, user: UserId) -> u32 {
        self.users.get(&user).map_or(0, |seen| seen.open.load(Ordering::Relaxed))
    }

    /// Whether the user has something open, or was heard of in the last `timeout`.
    pub fn is_here(&self, user: UserId, timeout: Duration) -> bool {
        self.users.get(&user).is_some_and(|seen| seen.is_here(timeout))
            || self
                .shared
                .as_ref()
                .is_some_and(|shared| shared.others.read().is_here(user, clock::now()))
    }

    /// Whether the user is here, or was in the last `timeout`, which is long.
    pub fn was_here(&self, user: UserId, timeout: Duration) -> bool {
        self.is_here(user, timeout)
            || self.shared.as_ref().is_some_and(|shared| {
                let last = shared.others.read().last_heard(user);
                last.is_some_and(|last| last >= clock::now().before(timeout))
            })
    }

    /// This user went at `since`. Unless something came of it later, it is no longer here.
    pub fn leave(&self, user: UserId, since: Timestamp) -> bool {
        let left = self.leave_here(user, since);
        let Some(shared) = self.shared.as_ref().filter(|_| left) else { return left };
        if shared.others.read().has_socket(user) {
            return false;
        }
        // Where it stays, that is told again.
        shared.others.write().leave(user, since);
        shared.tell(|news| news.left.insert(user, since));
        true
    }

    fn leave_here(&self, user: UserId, since: Timestamp) -> bool {
        let Some(seen) = self.users.get(&user) else { return true };
        let stayed =
            seen.open.load(Ordering::Relaxed) > 0 || seen.last.load(Ordering::Relaxed) > since.0;
        if !stayed {
            seen.last.store(0, Ordering::Relaxed);
            if let (Some(shared), true) = (&self.shared, seen.told.swap(false, Ordering::AcqRel)) {
                shared.tell(|news| news.users.insert(user, Some(since)));
            }
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
        let here = self.sessions.get(&session).map(|seen| seen.last_used());
        let shared = self.shared.as_ref();
        here.max(shared.and_then(|shared| shared.others.read().session_last_used(session)))
    }

    /// Forgets the sessions of which `is_over` says so.
    pub fn forget_sessions(&self, mut is_over: impl FnMut(SessionId) -> bool) {
        self.sessions.retain(|session, _| !is_over(*session));
        if let Some(shared) = &self.shared {
            shared.others.write().forget_sessions(is_over);
        }
    }

    /// A socket is connected, or goes by another name now, or is somebody's.
    pub fn connected(&self, sid: &str, socket: Socket) {
        if let Some(shared) = &self.shared {
            shared.tell(|news| news.sockets.insert(sid.to_owned(), Some(socket.clone())));
        }
        self.sockets.insert(sid.to_owned(), socket);
    }

    /// A socket is gone.
    pub fn disconnected(&self, sid: &str) {
        let known = self.sockets.remove(sid).is_some();
        if let Some(shared) = self.shared.as_ref().filter(|_| known) {
            shared.tell(|news| news.sockets.insert(sid.to_owned(), None));
        }
    }

    /// The connected sockets, of all nodes, in the order in which they came.
    pub fn sockets(&self) -> Vec<(String, Socket)> {
        let here = self.sockets.iter();
        let mut sockets: Vec<_> =
            here.map(|socket| (socket.key().clone(), socket.value().clone())).collect();
        if let Some(shared) = &self.shared {
            let others = shared.others.read();
            sockets.extend(others.sockets().map(|(sid, socket)| (sid.clone(), socket.clone())));
        }
        sockets.sort_by(|(a, one), (b, other)| (one.since, a).cmp(&(other.since, b)));
        sockets
    }

    /// The names of the sockets that are connected to other nodes, since when they are.
    pub fn sockets_elsewhere(&self) -> Vec<(Timestamp, Arc<str>)> {
        let Some(shared) = &self.shared else { return Vec::new() };
        let others = shared.others.read();
        others.sockets().map(|(_, socket)| (socket.since, socket.name.clone())).collect()
    }

    /// Whether a socket of another node goes by the name with this key.
    pub fn is_named_elsewhere(&self, key: &str) -> bool {
        let named =
            |shared: &Shared| shared.others.read().sockets().any(|(_, socket)| *socket.key == *key);
        self.shared.as_ref().is_some_and(named)
    }

    /// How many sockets are connected to this node.
    pub fn sockets_here(&self) -> usize {
        self.sockets.len()
    }

    /// How many sockets are connected, to all nodes.
    pub fn socket_count(&self) -> usize {
        let others = self.shared.as_ref().map_or(0, |shared| shared.others.read().socket_count());
        self.sockets.len() + others
    }

    /// The registration has ended.
    pub fn forget(&self, user: UserId) {
        self.users.remove(&user);
        if let Some(shared) = &self.shared {
            shared.others.write().forget(user);
        }
    }

    /// What changes on the other nodes from now on; none on a node that is alone.
    pub fn watch_others(&self) -> Option<mpsc::UnboundedReceiver<Changed>> {
        self.shared.as_ref().map(Shared::watch)
    }

    /// Tells the others that somebody is here, if they do not know.
    fn tell_here(&self, user: UserId, seen: &Seen) {
        if let Some(shared) = &self.shared
            && !seen.told.load(Ordering::Acquire)
            && !seen.told.swap(true, Ordering::AcqRel)
        {
            shared.tell(|news| news.users.insert(user, None));
        }
    }

    fn session(&self, session: SessionId) -> Arc<Seen> {
        self.sessions.entry(session).or_default().clone()
    }

    fn seen(&self, user: UserId) -> Arc<Seen> {
        self.users.entry(user).or_default().clone()
    }
}

impl Seen {
    /// Whether something is open, or was heard in the last `timeout`.
    fn is_here(&self, timeout: Duration) -> bool {
        self.open.load(Ordering::Relaxed) > 0
            || self.last.load(Ordering::Relaxed) >= clock::now().before(timeout).0
    }

    fn last_used(&self) -> Timestamp {
        let open = self.open.load(Ordering::Relaxed) > 0;
        if open { clock::now() } else { Timestamp(self.last.load(Ordering::Relaxed)) }
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
