//! The one thread that writes: stamp, append, apply, publish, answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::{Answer, Failure, Node};
use crate::clock;
use crate::command::{Command, Entry};
use crate::event::Event;
use crate::log::{AppendError, Log};
use crate::timestamp::Timestamp;

/// How often a log that cannot be written is tried.
const RETRY: Duration = Duration::from_secs(1);

/// Turns commands into entries. Their times never run backwards, whatever the clock does.
#[derive(Debug, Default)]
pub(super) struct Stamp(Timestamp);

impl Stamp {
    /// Goes on from an entry of the log.
    pub(super) fn follow(&mut self, at: Timestamp) {
        self.0 = self.0.max(at);
    }

    /// The command, as of now.
    pub(super) fn entry(&mut self, command: Command) -> Entry {
        self.follow(clock::now());
        Entry { at: self.0, command }
    }
}

/// What a batch brought, on its way to those who wait.
#[derive(Default)]
struct Delivery {
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    events: Vec<Event>,
}

/// Starts the writer, and the task that delivers.
pub(super) fn start(
    node: Arc<Node>,
    log: Box<dyn Log>,
    stamp: Stamp,
) -> std::io::Result<JoinHandle<()>> {
    let (deliveries, due) = mpsc::unbounded_channel();
    let hub = node.hub.clone();
    tokio::spawn(deliver(hub, due));
    std::thread::Builder::new()
        .name("chatroom-writer".to_owned())
        .spawn(move || write(&node, log, stamp, &deliveries))
}

/// Whatever waits when a batch is durable is the next batch: the busier, the fewer syncs each.
fn write(
    node: &Node,
    mut log: Box<dyn Log>,
    mut stamp: Stamp,
    deliveries: &mpsc::UnboundedSender<Delivery>,
) {
    let _abandon = AbandonOnExit(node);
    let mut submissions = Vec::new();
    let mut entries = Vec::new();
    let retry = || node.failing.load(Ordering::Relaxed).then_some(RETRY);
    while node.queue.drain(&mut submissions, retry()) {
        let mut delivery = Delivery::default();
        let mut replies = Vec::with_capacity(submissions.len());
        // A message to a user is news to both ends.
        delivery.events.reserve(2 * submissions.len());
        for (command, reply) in submissions.drain(..) {
            entries.push(stamp.entry(command));
            replies.push(reply);
        }
        let tried = if entries.is_empty() { log.probe() } else { log.append(&entries) };
        match tried {
            Ok(()) => {
                if node.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the log can be written again");
                }
                let mut state = node.state.write();
                let verdicts =
                    entries.drain(..).map(|entry| Ok(state.apply(entry, &mut delivery.events)));
                delivery.answers.extend(replies.into_iter().zip(verdicts));
            }
            Err(error) => {
                // Said once, not for everybody who tries meanwhile.
                if !node.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!("writes are refused: {error}");
                }
                let failure = match error {
                    AppendError::Full => Failure::DiskFull,
                    AppendError::Failed(_) | AppendError::Broken(_) => Failure::Unavailable,
                };
                entries.clear();
                let failures = std::iter::repeat(Err(failure));
                delivery.answers.extend(replies.into_iter().zip(failures));
            }
        }
        for event in &delivery.events {
            if let Event::Ended(user) = event {
                node.presence.forget(*user);
            }
        }
        // Without a runtime there is nobody left to answer.
        let _ = deliveries.send(delivery);
    }
}

/// However the writer ends, nobody is left waiting for it.
struct AbandonOnExit<'n>(&'n Node);

impl Drop for AbandonOnExit<'_> {
    fn drop(&mut self) {
        self.0.queue.abandon();
    }
}

/// One task completes all waiters of a batch: it runs where they run, so waking them is cheap.
async fn deliver(hub: Arc<crate::hub::Hub>, mut due: mpsc::UnboundedReceiver<Delivery>) {
    while let Some(delivery) = due.recv().await {
        for (reply, answer) in delivery.answers {
            // Whoever went away meanwhile finds the outcome in the state.
            let _ = reply.send(answer);
        }
        for event in &delivery.events {
            hub.publish(event);
        }
    }
}
