//! The task that speaks to the other nodes while it listens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::Cluster;
use super::bus::Bus;
use super::message::{Beat, Message, Says};
use super::peers::BEAT;
use crate::id::NodeId;

/// Things that one part of a whole tells.
const PART: usize = 2000;

/// How often it is looked for who is silent, at most and at least.
const LOOK: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How much later a session was used than the others know, at most and at least.
const STEP: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

/// How often what changes by time alone is looked for, by the settings.
pub(super) struct Pace {
    away: Duration,
    look: Duration,
    step: Duration,
}

impl Pace {
    pub(super) fn new(away: Duration, session: Duration) -> Pace {
        let look = (away / 10).clamp(LOOK.0, LOOK.1);
        let step = (session / 10).clamp(STEP.0, STEP.1);
        Pace { away, look, step }
    }
}

/// What was said so far.
struct Voice {
    cluster: Arc<Cluster>,
    bus: Bus,
    /// The number of the last news.
    told: u64,
    /// Somebody asked for the whole.
    asked: bool,
}

/// Speaks and listens until the node leaves.
pub(super) async fn run(
    cluster: Arc<Cluster>,
    bus: Bus,
    mut words: mpsc::UnboundedReceiver<Says>,
    pace: Pace,
) {
    let mut applied = cluster.applied.subscribe();
    let mut leaving = cluster.leaving.subscribe();
    let presence = cluster.presence.clone();
    let mut voice = Voice { cluster: cluster.clone(), bus, told: 0, asked: false };
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look = interval(pace.look);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Ok(()) = applied.changed() => {
                let seq = *applied.borrow_and_update();
                voice.say(Says::Applied { seq }).await;
            }
            _ = leaving.changed() => break,
            _ = beat.tick() => voice.beat().await,
            () = cluster.hurry.notified() => voice.introduce().await,
            Some(message) = voice.bus.hear(&cluster.id) => voice.heard(message).await,
            Some(says) = words.recv() => voice.say(says).await,
            () = presence.due() => voice.news().await,
            _ = look.tick() => {
                presence.look_around(pace.away, pace.step);
                voice.whole().await;
            }
        }
    }
    voice.say(Says::Bye).await;
    voice.bus.flush().await;
}

impl Voice {
    async fn say(&self, says: Says) {
        self.bus.say(&self.cluster.id, says).await;
    }

    async fn beat(&mut self) {
        for node in self.cluster.peers.expire() {
            self.lost(&node, "is not heard of any more");
        }
        self.judge();
        self.introduce().await;
    }

    async fn introduce(&self) {
        let cluster = &self.cluster;
        let (applied, address) = (*cluster.applied.borrow(), cluster.address.read().clone());
        let beat = Beat { since: cluster.since, applied, told: self.told, address };
        self.say(Says::Beat(beat)).await;
    }

    async fn news(&mut self) {
        let news = self.cluster.presence.take_news();
        if news.is_empty() {
            return;
        }
        for news in news.split(PART) {
            self.told += 1;
            self.say(Says::News { number: self.told, news }).await;
        }
    }

    async fn whole(&mut self) {
        if !std::mem::take(&mut self.asked) {
            return;
        }
        let pieces = self.cluster.presence.whole().split(PART);
        let parts = pieces.len();
        for (part, news) in pieces.into_iter().enumerate() {
            self.say(Says::Whole { number: self.told, part, parts, news }).await;
        }
    }

    async fn heard(&mut self, message: Message) {
        let (cluster, node) = (self.cluster.clone(), &message.node);
        match &message.says {
            Says::Beat(beat) => {
                if cluster.peers.beat(node, beat) {
                    tracing::info!(%node, address = beat.address, "a node is there");
                    self.introduce().await;
                }
                if cluster.presence.has_missed(node, beat.told) {
                    self.ask(node).await;
                }
            }
            Says::Applied { seq } => cluster.peers.heard_applied(node, *seq),
            Says::Bye => {
                if cluster.peers.bye(node) {
                    self.lost(node, "has left");
                }
            }
            Says::Digest { position, digest } => {
                cluster.digests.lock().told(node.clone(), *position, digest.clone());
                self.judge();
            }
            Says::News { number, news } => {
                if cluster.presence.hear(node, *number, news).is_err() {
                    self.ask(node).await;
                }
            }
            Says::Ask { of } => self.asked |= *of == cluster.id,
            Says::Whole { number, part, parts, news } => {
                cluster.presence.hear_whole(node, *number, (*part, *parts), news.clone());
            }
            Says::WrongLogin { .. } | Says::RightLogin { .. } | Says::Emit(_) => {}
        }
        let message = Arc::new(message);
        cluster.listeners.lock().retain(|listener| listener.send(message.clone()).is_ok());
    }

    async fn ask(&self, node: &NodeId) {
        self.say(Says::Ask { of: node.clone() }).await;
    }

    fn lost(&self, node: &NodeId, how: &str) {
        tracing::info!(%node, "a node {how}");
        self.cluster.presence.lose(node);
    }

    fn judge(&self) {
        let live = self.cluster.peers.live();
        let is_live = |node: &NodeId| live.contains_key(node);
        let found = self.cluster.digests.lock().judge(is_live, live.len(), Instant::now());
        if found.is_some() {
            self.cluster.difference.send_if_modified(|known| {
                let news = known.is_none();
                *known = found;
                news
            });
        }
    }
}
