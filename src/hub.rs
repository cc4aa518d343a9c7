//! Fan-out: wakes those who wait for something new.
//!
//! A reader pulls by its cursor; the hub carries no messages. So there is nothing to buffer for a
//! slow reader, and no seam between replay and live. The one rule: **subscribe, then sample**.
//! What is published after the subscription wakes it; what came before is in the sample.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dashmap::DashMap;
use parking_lot::RwLock;
use tokio::sync::{Notify, mpsc, watch};

use crate::event::{Event, Topic};
use crate::id::{RoomId, UserId};

/// Everybody who waits, by what they wait for.
#[derive(Debug)]
pub struct Hub {
    topics: DashMap<Topic, HashMap<u64, Arc<Waiter>>>,
    numbers: AtomicU64,
    /// The names of who is online, as JSON: the newest is all that counts.
    online: watch::Sender<Arc<str>>,
    /// Somebody was told something else meanwhile.
    online_unsure: AtomicBool,
    /// Those who look at everything, to bring it to many at once.
    taps: RwLock<Vec<mpsc::UnboundedSender<Event>>>,
}

#[derive(Debug, Default)]
struct Waiter {
    notify: Notify,
    /// Its topics are no longer the ones it should wait for.
    stale: AtomicBool,
}

impl Default for Hub {
    fn default() -> Hub {
        let online = watch::Sender::new(Arc::from("[]"));
        Hub {
            topics: DashMap::new(),
            numbers: AtomicU64::new(0),
            online,
            online_unsure: AtomicBool::new(false),
            taps: RwLock::default(),
        }
    }
}

impl Hub {
    /// Waits for what concerns `user`; further topics are added with [`Subscription::watch`].
    pub fn subscribe(self: &Arc<Hub>, user: UserId) -> Subscription {
        let mut subscription = Subscription {
            hub: self.clone(),
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
            waiter: Arc::default(),
            user,
            rooms: Vec::new(),
        };
        subscription.enter(Topic::User(user));
        subscription
    }

    /// Every event from now on. The receiver must keep up.
    pub fn tap(&self) -> mpsc::UnboundedReceiver<Event> {
        let (tap, events) = mpsc::unbounded_channel();
        self.taps.write().push(tap);
        events
    }

    /// Wakes those whom `event` concerns.
    pub fn publish(&self, event: &Event) {
        for tap in self.taps.read().iter() {
            let _ = tap.send(event.clone());
        }
        match event {
            Event::Posted(topic) => self.wake(topic, false),
            Event::RoomsChanged(user) | Event::Ended(user) | Event::AccessChanged(user) => {
                self.wake(&Topic::User(*user), true);
            }
            Event::Registered(_) => {}
        }
    }

    /// The names of who is online, as a JSON list, whenever they change.
    pub fn online(&self) -> watch::Receiver<Arc<str>> {
        self.online.subscribe()
    }

    /// Whether anybody wants to know who is online.
    pub fn online_is_watched(&self) -> bool {
        self.online.receiver_count() > 0
    }

    /// Somebody was told by itself who is online. If that is not what everybody was told last,
    /// it will be told what everybody is next, even if that is the same as before.
    pub fn told_online(&self, names: &str) {
        if **self.online.borrow() != *names {
            self.online_unsure.store(true, Ordering::Release);
        }
    }

    /// Tells who is online, if that is news.
    pub fn publish_online(&self, names: &str) {
        let unsure = self.online_unsure.swap(false, Ordering::AcqRel);
        self.online.send_if_modified(|known| {
            let news = unsure || **known != *names;
            if news {
                *known = names.into();
            }
            news
        });
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.topics
            .iter()
            .filter(|topic| matches!(topic.key(), Topic::User(_)))
            .map(|topic| topic.len())
            .sum()
    }

    fn wake(&self, topic: &Topic, stale: bool) {
        let Some(waiters) = self.topics.get(topic) else { return };
        for waiter in waiters.values() {
            if stale {
                waiter.stale.store(true, Ordering::Release);
            }
            waiter.notify.notify_one();
        }
    }
}

/// A reader's place in the hub, until it is dropped.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    number: u64,
    waiter: Arc<Waiter>,
    user: UserId,
    rooms: Vec<RoomId>,
}

impl Subscription {
    /// Resolves when something was published since it last did, or since the subscription.
    pub async fn changed(&self) {
        self.waiter.notify.notified().await;
    }

    /// Whether the rooms must be looked up again; asking resets it.
    pub fn take_stale(&self) -> bool {
        self.waiter.stale.swap(false, Ordering::AcqRel)
    }

    /// Waits for these rooms, in their order, beside the user's own messages, and for no others.
    pub fn watch(&mut self, rooms: Vec<RoomId>) {
        let before = std::mem::take(&mut self.rooms);
        for room in before.iter().filter(|room| rooms.binary_search(room).is_err()) {
            self.leave(&Topic::Room(room.clone()));
        }
        for room in rooms.iter().filter(|room| before.binary_search(room).is_err()) {
            self.enter(Topic::Room(room.clone()));
        }
        self.rooms = rooms;
    }

    fn enter(&mut self, topic: Topic) {
        self.hub.topics.entry(topic).or_default().insert(self.number, self.waiter.clone());
    }

    fn leave(&self, topic: &Topic) {
        if let Some(mut waiters) = self.hub.topics.get_mut(topic) {
            waiters.remove(&self.number);
        }
        self.hub.topics.remove_if(topic, |_, waiters| waiters.is_empty());
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.leave(&Topic::User(self.user));
        for room in std::mem::take(&mut self.rooms) {
            self.leave(&Topic::Room(room));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_by_itself_is_told_when_all_is_as_before() {
        let hub = Hub::default();
        hub.publish_online("[\"ann\"]");
        let mut reader = hub.online();
        hub.publish_online("[\"ann\"]");
        assert!(!reader.has_changed().unwrap_or_default(), "no news");
        // Bob comes and goes between two times that everybody is told.
        hub.told_online("[\"ann\",\"bob\"]");
        hub.publish_online("[\"ann\"]");
        assert!(reader.has_changed().unwrap_or_default());
        reader.mark_unchanged();
        hub.told_online("[\"ann\"]");
        hub.publish_online("[\"ann\"]");
        assert!(!reader.has_changed().unwrap_or_default(), "all know it");
    }
}
