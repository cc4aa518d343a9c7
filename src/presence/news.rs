//! What one node tells the others of who is here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, UserId};
use crate::timestamp::Timestamp;

/// A connected socket, as it is known beyond the node that it is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// Since when.
    pub since: Timestamp,
    /// The name that it goes by.
    pub name: Arc<str>,
    /// The key of that name.
    pub key: Arc<str>,
    /// The registration, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

/// What changed since the last news; of each thing only how it is by now.
///
/// A node tells when somebody comes to it or is gone from it, not each time that it hears of them:
/// whoever stays is not news.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct News {
    /// Who is here now (null), or was last heard of then.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<UserId, Option<Timestamp>>,
    /// Who left of their own will, and when: unless a node heard of them later, they are gone from
    /// everywhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left: BTreeMap<UserId, Timestamp>,
    /// When sessions were last used.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sessions: BTreeMap<SessionId, Timestamp>,
    /// Sockets that are connected, or (null) no longer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sockets: BTreeMap<String, Option<Socket>>,
}

impl News {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.left.is_empty()
            && self.sessions.is_empty()
            && self.sockets.is_empty()
    }

    /// The same in pieces of at most `most` things each; one that is empty if there is nothing.
    pub fn split(self, most: usize) -> Vec<News> {
        let mut pieces = Pieces { pieces: Vec::new(), most, room: 0 };
        for (user, sign) in self.users {
            pieces.next().users.insert(user, sign);
        }
        for (user, since) in self.left {
            pieces.next().left.insert(user, since);
        }
        for (session, used) in self.sessions {
            pieces.next().sessions.insert(session, used);
        }
        for (sid, socket) in self.sockets {
            pieces.next().sockets.insert(sid, socket);
        }
        if pieces.pieces.is_empty() {
            pieces.pieces.push(News::default());
        }
        pieces.pieces
    }
}

/// Pieces as they are filled.
struct Pieces {
    pieces: Vec<News>,
    most: usize,
    /// How many things more the last takes.
    room: usize,
}

impl Pieces {
    /// Where the next thing goes.
    fn next(&mut self) -> &mut News {
        if self.room == 0 {
            self.pieces.push(News::default());
            self.room = self.most.max(1);
        }
        self.room -= 1;
        let last = self.pieces.len() - 1;
        &mut self.pieces[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_everything_once() {
        let users: BTreeMap<_, _> = (0..7).map(|user| (UserId(user), None)).collect();
        let sessions = BTreeMap::from([(SessionId(1), Timestamp(5))]);
        let pieces = News { users: users.clone(), sessions, ..News::default() }.split(3);
        assert_eq!(pieces.len(), 3);
        let found: BTreeMap<_, _> = pieces.iter().flat_map(|piece| piece.users.clone()).collect();
        assert_eq!(found, users);
        assert_eq!(pieces[2].sessions.len(), 1);
        assert_eq!(News::default().split(3), [News::default()]);
    }
}
