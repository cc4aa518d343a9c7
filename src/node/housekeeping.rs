//! What happens by itself: who is away, who is gone.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Node;
use crate::command::Command;

/// How often the list of who is online is told at most.
const TELL: Duration = Duration::from_secs(1);

/// Starts the node's own rounds; they end with it.
pub(super) fn start(node: &Arc<Node>) {
    tokio::spawn(tell_online(Arc::downgrade(node)));
    tokio::spawn(expire(Arc::downgrade(node)));
}

/// Tells those who watch who is online, when that has changed.
async fn tell_online(node: Weak<Node>) {
    let mut round = interval(TELL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        if node.hub.online_is_watched() {
            let names = serde_json::to_string(&node.online()).unwrap_or_default();
            node.hub.publish_online(&names);
        }
    }
}

/// Ends the registrations of whom nothing was heard for long.
///
/// A server that was down has heard of nobody, so nobody is gone before it has run that long.
async fn expire(node: Weak<Node>) {
    let Some(gone) = node.upgrade().map(|node| node.absence.gone) else { return };
    let started = Instant::now();
    let mut round = interval((gone / 10).clamp(Duration::from_millis(100), TELL * 60));
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        if started.elapsed() < gone {
            continue;
        }
        let silent: Vec<_> = {
            let state = node.state.read();
            let held = state.held().map(|(user, _, _)| user);
            held.filter(|user| !node.presence.is_here(*user, gone)).collect()
        };
        for user in silent {
            if node.submit(Command::Expire { user }).await.is_err() {
                tracing::debug!("a silent user could not be logged out yet");
            }
        }
    }
}
