//! The exchange of news with the other nodes: what goes out, what comes in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::news::News;
use super::others::Missed;
use super::{Presence, Seen};
use crate::clock;
use crate::id::{NodeId, UserId};
use crate::timestamp::Timestamp;

/// What only the task that talks with the other nodes asks. On a node that is alone nobody does.
impl Presence {
    /// Waits for something to tell; for ever on a node that is alone.
    pub async fn due(&self) {
        match &self.shared {
            Some(shared) => shared.due().await,
            None => std::future::pending().await,
        }
    }

    /// What there is to tell.
    pub fn take_news(&self) -> News {
        self.shared.as_ref().map(|shared| shared.take()).unwrap_or_default()
    }

    /// Looks for what changed by time alone, so that it is told: who was not heard of for `away`;
    /// which sessions were used more than `step` later than the others know.
    pub fn look_around(&self, away: Duration, step: Duration) {
        let Some(shared) = &self.shared else { return };
        let silent = self
            .users
            .iter()
            .filter(|seen| seen.told.load(Ordering::Acquire) && !seen.is_here(away));
        let silent: Vec<_> = silent.map(|seen| (*seen.key(), seen.value().clone())).collect();
        for (user, seen) in silent {
            let last = Timestamp(seen.last.load(Ordering::Relaxed));
            shared.tell(|news| {
                seen.told.store(false, Ordering::Release);
                news.users.insert(user, Some(last));
            });
            // It may have come back between.
            if seen.is_here(away) {
                self.tell_here(user, &seen);
            }
        }
        for session in &self.sessions {
            let used = session.last_used();
            if let Some(used) = session.tell_use(used, step) {
                shared.tell(|news| news.sessions.insert(*session.key(), used));
            }
        }
        shared.others.write().sweep(clock::now());
    }

    /// All that there is to tell somebody who knows nothing. What waits to be told is in it.
    pub fn whole(&self) -> News {
        let Some(shared) = &self.shared else { return News::default() };
        // What changes while this is put together waits, and is told behind it.
        let mut news = News::default();
        for seen in &self.users {
            let told = seen.told.load(Ordering::Acquire);
            let last = Timestamp(seen.last.load(Ordering::Relaxed));
            news.users.insert(*seen.key(), (!told).then_some(last));
        }
        for session in &self.sessions {
            news.sessions.insert(*session.key(), session.last_used());
        }
        for socket in &self.sockets {
            news.sockets.insert(socket.key().clone(), Some(socket.value().clone()));
        }
        shared.others.read().add_past(&mut news);
        news
    }

    /// Takes in the news of another node.
    ///
    /// # Errors
    /// Some before them were missed.
    pub fn hear(&self, node: &NodeId, number: u64, news: &News) -> Result<(), Missed> {
        let Some(shared) = &self.shared else { return Ok(()) };
        let mut changed = shared.others.write().hear(node, number, news)?;
        for (user, since) in &news.left {
            let left = self.leave_here(*user, *since);
            if let Some(seen) = self.users.get(user).filter(|_| !left) {
                self.tell_again(*user, &seen);
            }
            changed.users |= left;
        }
        shared.changed(changed);
        Ok(())
    }

    /// Takes in a part of all that another node knows.
    pub fn hear_whole(&self, node: &NodeId, number: u64, part: (usize, usize), news: News) {
        let Some(shared) = &self.shared else { return };
        let changed = shared.others.write().hear_whole(node, number, part, news);
        shared.changed(changed);
    }

    /// Whether news of a node are missing that has told so many by now.
    pub fn has_missed(&self, node: &NodeId, number: u64) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.others.read().has_missed(node, number))
    }

    /// Another node is gone, with all who were there.
    pub fn lose(&self, node: &NodeId) {
        let Some(shared) = &self.shared else { return };
        let changed = shared.others.write().lose(node, clock::now());
        shared.changed(changed);
    }

    /// Says once more that somebody is here, whom another node takes to have left.
    fn tell_again(&self, user: UserId, seen: &Seen) {
        seen.told.store(false, Ordering::Release);
        self.tell_here(user, seen);
    }
}

impl Seen {
    /// The use of a session, if it is so much later than what was told that it is to be told.
    fn tell_use(&self, used: Timestamp, step: Duration) -> Option<Timestamp> {
        let told = Timestamp(self.told_until.load(Ordering::Relaxed));
        (used.before(step) > told).then(|| {
            self.told_until.store(used.0, Ordering::Relaxed);
            used
        })
    }
}
