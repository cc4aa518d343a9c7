//! Follows the stream: what comes in is heard at once, what was not heard is fetched.
//!
//! The servers say on a subject of its own what has come into the stream. Such a message can be
//! lost, with a connection or a server; so each place in the stream is followed strictly by the next,
//! and what is missing is read directly.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::connection::Connection;
use super::inbox::Inbox;
use super::{Arrived, batch, reader};
use crate::id::NodeId;

/// How often it is looked whether something was not heard.
const LOOK: Duration = Duration::from_millis(500);

/// How often it is looked whether the stream is still the same.
const SAME: Duration = Duration::from_secs(5);

/// How long the stream must look shorter than it was before that is believed: a server that was
/// stopped, or cut off, takes itself for the leader for a while, and does not know the newest.
const SHORT: Duration = Duration::from_secs(15);

/// While the writer has not taken what is there.
const BREATH: Duration = Duration::from_millis(5);

/// Brings every batch behind one place to the inbox, in order.
pub(super) struct Follower {
    connection: Connection,
    node: NodeId,
    inbox: Arc<Inbox>,
    /// The place of the next batch.
    next: u64,
    looked: Instant,
    same: Instant,
    /// Since when the stream looks shorter than it was.
    short: Option<Instant>,
}

impl Follower {
    /// Begins with the batch at `next`.
    pub(super) fn new(
        connection: Connection,
        node: NodeId,
        inbox: Arc<Inbox>,
        next: u64,
    ) -> Follower {
        let now = Instant::now();
        Follower { connection, node, inbox, next, looked: now, same: now, short: None }
    }

    /// Follows until the task is dropped, or that is not possible any more.
    pub(super) async fn run(mut self, mut heard: Subscriber) {
        let mut clock = interval(LOOK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                message = heard.next() => match message {
                    Some(message) => self.hear(&message).await,
                    None => Err("the connection to the servers was closed".to_owned()),
                },
                _ = clock.tick() => self.look().await,
            };
            if let Err(why) = done {
                return self.inbox.fail(why);
            }
        }
    }

    async fn hear(&mut self, message: &Message) -> Result<(), String> {
        let Some(seq) = reader::seq_of(message) else { return Ok(()) };
        if seq > self.next {
            self.fetch(seq).await?;
        }
        if seq == self.next {
            self.bring(seq, &message.payload).await?;
        }
        Ok(())
    }

    /// Fetches what was not heard, and looks whether the stream is still the same.
    async fn look(&mut self) -> Result<(), String> {
        if self.looked.elapsed() >= LOOK {
            self.fetch(u64::MAX).await?;
            self.looked = Instant::now();
        }
        if self.same.elapsed() >= SAME {
            self.same = Instant::now();
            // Servers that do not answer at the moment say nothing of the stream.
            match self.connection.extent().await {
                Ok((first, last)) => self.check(first, last)?,
                Err(why) if why.contains("anew") => {
                    return Err(format!("the stream cannot be followed any more: {why}"));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn check(&mut self, first: u64, last: u64) -> Result<(), String> {
        if first > self.next {
            return Err(format!(
                "the log begins with {first} now, and this node is at {}: start it again, so that \
                 it begins with a snapshot",
                self.next
            ));
        }
        if last + 1 >= self.next {
            self.short = None;
        } else if self.short.get_or_insert_with(Instant::now).elapsed() >= SHORT {
            return Err(format!(
                "the servers have lost what they had acknowledged: the log ends with {last}, and \
                 this node has {}",
                self.next - 1
            ));
        }
        Ok(())
    }

    /// Fetches the batches below `end` that are missing here.
    async fn fetch(&mut self, end: u64) -> Result<(), String> {
        while self.next < end {
            let wanted = reader::AT_ONCE.min(end - self.next);
            match reader::some(&self.connection, self.next, wanted).await {
                Ok(read) if read.is_empty() => return Ok(()),
                Ok(read) => {
                    for (seq, bytes) in read {
                        self.bring(seq, &bytes).await?;
                    }
                }
                Err(why) => {
                    tracing::debug!("what is missing of the log cannot be read now: {why}");
                    if let Ok((first, last)) = self.connection.extent().await {
                        self.check(first, last)?;
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn bring(&mut self, seq: u64, bytes: &[u8]) -> Result<(), String> {
        while self.inbox.is_full() {
            tokio::time::sleep(BREATH).await;
        }
        let (head, entries) =
            batch::decode(seq, bytes).map_err(|what| format!("batch {seq} of the log: {what}"))?;
        let own = (head.node == self.node).then_some(head.batch);
        self.inbox.push(Arrived { seq, entries, own });
        self.next = seq + 1;
        Ok(())
    }
}
