//! How many messages came in each minute of the last hour.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Node;
use crate::id::MessageId;

/// What counts as one.
const MINUTE: Duration = Duration::from_secs(60);

/// How many are remembered.
const MINUTES: usize = 60;

/// The newest message at the beginning of each minute: ids have no holes, so the rest is
/// subtraction, and whoever sends counts nothing.
#[derive(Debug)]
pub(super) struct Pace(VecDeque<MessageId>);

impl Pace {
    /// Begins the first minute.
    pub(super) fn new(head: MessageId) -> Pace {
        Pace(VecDeque::from([head]))
    }

    /// Ends a minute and begins the next.
    fn turn(&mut self, head: MessageId) {
        if self.0.len() == MINUTES {
            self.0.pop_front();
        }
        self.0.push_back(head);
    }

    /// The messages of each minute, the oldest first; the last is the one that is under way.
    fn minutes(&self, head: MessageId) -> Vec<u64> {
        let ends = self.0.iter().skip(1).chain([&head]);
        self.0.iter().zip(ends).map(|(begin, end)| end.0.saturating_sub(begin.0)).collect()
    }
}

/// Turns the minutes of the node until it ends.
pub(super) fn start(node: &Arc<Node>) {
    tokio::spawn(turn(Arc::downgrade(node)));
}

async fn turn(node: Weak<Node>) {
    let mut round = interval_at(Instant::now() + MINUTE, MINUTE);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        let head = node.head();
        node.pace.lock().turn(head);
    }
}

impl Node {
    /// How many messages came in each minute of the last hour, or since the start if that is less:
    /// the oldest minute first, last the one that is under way.
    pub fn messages_by_minute(&self) -> Vec<u64> {
        let head = self.head();
        self.pace.lock().minutes(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_has_its_own_messages() {
        let mut pace = Pace::new(MessageId(5));
        assert_eq!(pace.minutes(MessageId(5)), [0]);
        assert_eq!(pace.minutes(MessageId(8)), [3]);
        pace.turn(MessageId(9));
        pace.turn(MessageId(9));
        assert_eq!(pace.minutes(MessageId(10)), [4, 0, 1]);
    }

    #[test]
    fn an_hour_is_remembered_and_no_more() {
        let mut pace = Pace::new(MessageId(0));
        for minute in 1..=200 {
            pace.turn(MessageId(minute * minute));
        }
        let minutes = pace.minutes(MessageId(200 * 200 + 7));
        assert_eq!(minutes.len(), MINUTES);
        assert_eq!(minutes[MINUTES - 1], 7);
        assert_eq!(minutes[MINUTES - 2], 200 * 200 - 199 * 199);
    }
}
