//! Who is here on the other nodes, as each of them tells it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::news::{News, Socket};
use crate::id::{NodeId, SessionId, UserId};
use crate::timestamp::Timestamp;

/// What the other nodes have told. A node whose lease has ended takes its users with it; when
/// they were last heard of is kept, so that nobody's name is given away early.
#[derive(Debug, Default)]
pub(super) struct Others {
    nodes: BTreeMap<NodeId, Told>,
    /// When those were last heard of who were here on some other node, and are no longer.
    past: HashMap<UserId, Timestamp>,
    /// When sessions were last used elsewhere.
    sessions: HashMap<SessionId, Timestamp>,
    /// Users of whose registration the log tells, until when they are taken to be here: the node
    /// that has them will have said so by then.
    announced: HashMap<UserId, Timestamp>,
}

/// What one node has told.
#[derive(Debug, Default)]
struct Told {
    /// The number of the last news.
    number: u64,
    users: HashSet<UserId>,
    sockets: HashMap<String, Socket>,
    /// The parts of the whole that have come so far.
    parts: Vec<News>,
}

/// What news changed for those who watch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Sockets that came, by their ids.
    pub joined: Vec<String>,
    /// Sockets that went.
    pub left: Vec<String>,
    /// Somebody came or went, or goes by another name.
    pub users: bool,
}

impl Changed {
    /// Whether nothing did.
    pub fn is_nothing(&self) -> bool {
        *self == Changed::default()
    }
}

/// News of a node are missing: it must be asked for all that it knows.
#[derive(Debug, PartialEq, Eq)]
pub struct Missed;

impl Others {
    /// Takes in the news of this number.
    pub(super) fn hear(
        &mut self,
        node: &NodeId,
        number: u64,
        news: &News,
    ) -> Result<Changed, Missed> {
        if !self.nodes.contains_key(node) && number == 1 {
            self.nodes.insert(node.clone(), Told::default());
        }
        let told = self.nodes.get_mut(node).ok_or(Missed)?;
        if number <= told.number {
            return Ok(Changed::default());
        }
        if number != told.number + 1 {
            return Err(Missed);
        }
        told.number = number;
        let mut changed = Changed::default();
        for (user, sign) in &news.users {
            match sign {
                None => changed.users |= told.users.insert(*user),
                Some(last) => {
                    changed.users |= told.users.remove(user);
                    later(&mut self.past, *user, *last);
                }
            }
        }
        for (session, used) in &news.sessions {
            later(&mut self.sessions, *session, *used);
        }
        for (sid, socket) in &news.sockets {
            match socket {
                Some(socket) => match told.sockets.insert(sid.clone(), socket.clone()) {
                    None => changed.joined.push(sid.clone()),
                    Some(before) => changed.users |= before.name != socket.name,
                },
                None if told.sockets.remove(sid).is_some() => changed.left.push(sid.clone()),
                None => {}
            }
        }
        Ok(changed)
    }

    /// Takes in a part of all that a node knows, up to the news of this number.
    pub(super) fn hear_whole(
        &mut self,
        node: &NodeId,
        number: u64,
        (part, parts): (usize, usize),
        news: News,
    ) -> Changed {
        let told = self.nodes.entry(node.clone()).or_default();
        if part == 0 {
            told.parts.clear();
        }
        // One whose beginning was missed is of no use; there will be another.
        if told.parts.len() != part || (number < told.number) {
            return Changed::default();
        }
        told.parts.push(news);
        if part + 1 < parts {
            return Changed::default();
        }
        let mut now = Told { number, ..Told::default() };
        for news in std::mem::take(&mut told.parts) {
            for (user, sign) in news.users {
                match sign {
                    None => drop(now.users.insert(user)),
                    Some(last) => later(&mut self.past, user, last),
                }
            }
            for (session, used) in news.sessions {
                later(&mut self.sessions, session, used);
            }
            now.sockets
                .extend(news.sockets.into_iter().filter_map(|(sid, socket)| Some((sid, socket?))));
        }
        let fresh = |a: &Told, b: &Told| {
            let fresh = a.sockets.keys().filter(|sid| !b.sockets.contains_key(*sid));
            fresh.cloned().collect()
        };
        let changed = Changed { joined: fresh(&now, told), left: fresh(told, &now), users: true };
        *told = now;
        changed
    }

    /// Whether news of a node are missing that has told so many by now.
    pub(super) fn has_missed(&self, node: &NodeId, number: u64) -> bool {
        self.nodes.get(node).map_or(0, |told| told.number) < number
    }

    /// A node is gone: its users were last heard of `at` that time.
    pub(super) fn lose(&mut self, node: &NodeId, at: Timestamp) -> Changed {
        let Some(told) = self.nodes.remove(node) else { return Changed::default() };
        for user in told.users {
            later(&mut self.past, user, at);
        }
        Changed { joined: Vec::new(), left: told.sockets.into_keys().collect(), users: true }
    }

    pub(super) fn is_here(&self, user: UserId, now: Timestamp) -> bool {
        self.nodes.values().any(|told| told.users.contains(&user))
            || self.announced.get(&user).is_some_and(|until| *until > now)
    }

    /// When a user was last heard of by a node where it is no longer, if that is known.
    pub(super) fn last_heard(&self, user: UserId) -> Option<Timestamp> {
        self.past.get(&user).copied()
    }

    pub(super) fn session_last_used(&self, session: SessionId) -> Option<Timestamp> {
        self.sessions.get(&session).copied()
    }

    pub(super) fn has_socket(&self, user: UserId) -> bool {
        self.sockets().any(|(_, socket)| socket.user == Some(user))
    }

    pub(super) fn sockets(&self) -> impl Iterator<Item = (&String, &Socket)> {
        self.nodes.values().flat_map(|told| &told.sockets)
    }

    pub(super) fn socket_count(&self) -> usize {
        self.nodes.values().map(|told| told.sockets.len()).sum()
    }

    /// A user did something, by the log.
    pub(super) fn acted(&mut self, user: UserId, at: Timestamp) {
        later(&mut self.past, user, at);
    }

    /// A registration is in the log.
    pub(super) fn announce(&mut self, user: UserId, until: Timestamp) {
        self.announced.insert(user, until);
    }

    /// A user has left. A node that has it still will say so.
    pub(super) fn leave(&mut self, user: UserId, last: Timestamp) {
        self.announced.remove(&user);
        let here = self.nodes.values_mut().filter_map(|told| told.users.take(&user)).count();
        if here > 0 {
            later(&mut self.past, user, last);
        }
    }

    /// The registration has ended.
    pub(super) fn forget(&mut self, user: UserId) {
        self.past.remove(&user);
        self.announced.remove(&user);
        for told in self.nodes.values_mut() {
            told.users.remove(&user);
        }
    }

    /// Forgets the sessions of which `is_over` says so.
    pub(super) fn forget_sessions(&mut self, mut is_over: impl FnMut(SessionId) -> bool) {
        self.sessions.retain(|session, _| !is_over(*session));
    }

    /// Forgets what has had its time.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.announced.retain(|_, until| *until > now);
    }

    /// Adds when everybody was last heard of who is nowhere any more.
    pub(super) fn add_past(&self, news: &mut News) {
        for (user, last) in &self.past {
            news.users.entry(*user).or_insert(Some(*last));
        }
        for (session, used) in &self.sessions {
            let known = news.sessions.entry(*session).or_insert(*used);
            *known = (*known).max(*used);
        }
    }
}

/// Keeps the later of two times.
fn later<K: std::hash::Hash + Eq>(times: &mut HashMap<K, Timestamp>, key: K, at: Timestamp) {
    let known = times.entry(key).or_insert(at);
    *known = (*known).max(at);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn node(number: u8) -> NodeId {
        NodeId::from_random([number; 10])
    }

    fn socket(name: &str) -> Option<Socket> {
        Some(Socket { since: NOW, name: name.into(), key: name.into(), user: Some(UserId(1)) })
    }

    fn here(user: u64) -> News {
        News { users: [(UserId(user), None)].into(), ..News::default() }
    }

    fn connected(sid: &str, name: &str) -> News {
        News { sockets: [(sid.to_owned(), socket(name))].into(), ..News::default() }
    }

    #[test]
    fn somebody_is_here_as_long_as_one_node_says_so() {
        let mut others = Others::default();
        let changed = others.hear(&node(1), 1, &here(7));
        assert_eq!(changed, Ok(Changed { users: true, ..Changed::default() }));
        others.hear(&node(2), 1, &here(7)).unwrap_or_default();
        let gone = News { users: [(UserId(7), Some(Timestamp(900)))].into(), ..News::default() };
        others.hear(&node(1), 2, &gone).unwrap_or_default();
        assert!(others.is_here(UserId(7), NOW), "the other node still has it");
        others.hear(&node(2), 2, &gone).unwrap_or_default();
        assert!(!others.is_here(UserId(7), NOW));
        assert_eq!(others.last_heard(UserId(7)), Some(Timestamp(900)));
    }

    #[test]
    fn a_node_that_dies_takes_its_users_with_it_but_not_when_they_were_last_heard_of() {
        let mut others = Others::default();
        others.hear(&node(1), 1, &here(7)).unwrap_or_default();
        others.hear(&node(1), 2, &connected("a", "ann")).unwrap_or_default();
        let changed = others.lose(&node(1), NOW);
        assert_eq!(changed.left, ["a"]);
        assert!(!others.is_here(UserId(7), NOW) && others.socket_count() == 0);
        assert_eq!(others.last_heard(UserId(7)), Some(NOW));
    }

    #[test]
    fn news_that_were_missed_are_noticed_and_the_whole_makes_up_for_them() {
        let mut others = Others::default();
        assert_eq!(others.hear(&node(1), 2, &here(7)), Err(Missed), "it was there before us");
        others.hear_whole(&node(1), 5, (0, 2), connected("a", "ann"));
        assert!(others.has_missed(&node(1), 5), "half of it is not enough");
        let changed = others.hear_whole(&node(1), 5, (1, 2), here(7));
        assert_eq!(changed.joined, ["a"]);
        assert!(!others.has_missed(&node(1), 5) && others.is_here(UserId(7), NOW));
        assert_eq!(others.hear(&node(1), 7, &here(8)), Err(Missed));
        let changed = others.hear_whole(&node(1), 7, (0, 1), here(8));
        assert_eq!(changed.left, ["a"]);
        assert!(!others.is_here(UserId(7), NOW), "the whole is all there is");
        let old = others.hear(&node(1), 6, &here(7));
        assert_eq!(old, Ok(Changed::default()), "what comes twice changes nothing");
    }

    #[test]
    fn the_end_of_a_whole_without_its_beginning_is_not_believed() {
        let mut others = Others::default();
        others.hear(&node(1), 1, &here(7)).unwrap_or_default();
        others.hear_whole(&node(1), 5, (1, 2), News::default());
        assert!(others.is_here(UserId(7), NOW) && others.has_missed(&node(1), 5));
    }

    #[test]
    fn a_socket_that_changes_its_name_does_not_come_again() {
        let mut others = Others::default();
        others.hear(&node(1), 1, &connected("a", "ann")).unwrap_or_default();
        let changed = others.hear(&node(1), 2, &connected("a", "bob")).unwrap_or_default();
        assert_eq!(changed, Changed { users: true, ..Changed::default() });
        let closed = News { sockets: [("b".to_owned(), None)].into(), ..News::default() };
        assert_eq!(others.hear(&node(1), 3, &closed), Ok(Changed::default()), "never seen");
    }

    #[test]
    fn who_is_announced_is_here_for_a_moment() {
        let mut others = Others::default();
        others.announce(UserId(7), NOW);
        assert!(others.is_here(UserId(7), Timestamp(999)) && !others.is_here(UserId(7), NOW));
        others.announce(UserId(7), Timestamp(2_000));
        others.leave(UserId(7), NOW);
        assert!(!others.is_here(UserId(7), NOW));
    }
}
