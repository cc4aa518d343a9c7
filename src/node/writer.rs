//! The one thread that writes: stamp, append, apply, publish, answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::{Answer, Failure, Node, replica};
use crate::clock;
use crate::command::{Command, Entry};
use crate::event::Event;
use crate::log::{AppendError, Log};
use crate::timestamp::Timestamp;

/// How often a log that cannot be written is tried.
const RETRY: Duration = Duration::from_secs(1);

/// Messages that memory lets go with each batch, beside twice as many as the batch brings.
pub(super) const LET_GO: usize = 64;

/// Between one step of trimming and the next, while nobody writes.
pub(super) const BREATH: Duration = Duration::from_millis(5);

/// How long writers wait for the archive at most, each time.
const HELD_BACK: Duration = Duration::from_secs(1);

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
        Entry::new(self.0, command)
    }
}

/// What a batch brought, on its way to those who wait.
#[derive(Default)]
pub(super) struct Delivery {
    pub(super) answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    pub(super) events: Vec<Event>,
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
    let writer = std::thread::Builder::new().name("chatroom-writer".to_owned());
    writer.spawn(move || match node.cluster().cloned() {
        None => write(&node, log, stamp, &deliveries),
        Some(cluster) => replica::write(&node, &cluster, log, stamp, &deliveries),
    })
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
    let mut trimming = false;
    let mut trimmed = 0;
    let mut bytes = 0;
    let mut patience = None;
    while node.queue.drain(&mut submissions, patience) {
        let mut delivery = Delivery::default();
        let mut replies = Vec::with_capacity(submissions.len());
        // A message to a user is news to both ends.
        delivery.events.reserve(2 * submissions.len());
        // Here nobody has to catch up: what is in the log has been applied.
        for (command, reply) in submissions.drain(..) {
            entries.extend(command.map(|command| stamp.entry(command)));
            replies.push(reply);
        }
        let failing = node.failing.load(Ordering::Relaxed);
        let tried = match entries.is_empty() {
            true if failing => log.probe(),
            true => Ok(()),
            false => log.append(&entries),
        };
        match tried {
            Ok(()) => {
                if node.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the log can be written again");
                }
                let mut state = node.state.write();
                let most = LET_GO + 2 * entries.len();
                let verdicts =
                    entries.drain(..).map(|entry| Ok(state.apply(entry, &mut delivery.events)));
                delivery.answers.extend(replies.into_iter().zip(verdicts));
                state.let_go(most);
                bytes = state.message_bytes();
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
        node.note_presence(&delivery.events);
        // Without a runtime there is nobody left to answer.
        let _ = deliveries.send(delivery);
        patience = node.failing.load(Ordering::Relaxed).then_some(RETRY);
        if let Some(shared) = &node.archiving {
            if trimming || shared.trim() > trimmed {
                trimmed = shared.trim();
                trimming = trim(&mut *log, trimmed);
            }
            if trimming {
                patience = Some(BREATH);
            }
            if bytes > 2 * shared.window {
                hold_back(node, shared);
            }
        }
    }
}

impl Node {
    /// Who has registered is here; nobody is under a registration that has ended.
    pub(super) fn note_presence(&self, events: &[Event]) {
        for event in events {
            match event {
                Event::Ended(user) => self.presence.forget(*user),
                Event::Registered(user) => self.presence.registered(*user),
                _ => {}
            }
        }
    }
}

/// Deletes a few entries that a snapshot stands for. Whether there are more.
pub(super) fn trim(log: &mut dyn Log, through: u64) -> bool {
    log.trim(through).unwrap_or_else(|error| {
        // The next snapshot is the next occasion.
        tracing::warn!("the log could not be trimmed: {error}");
        false
    })
}

/// Lets the archive catch up: where more is said than it can take, memory would grow.
fn hold_back(node: &Node, shared: &super::archivist::Shared) {
    let bytes = || node.state.read().message_bytes();
    shared.ring();
    let begun = Instant::now();
    while bytes() > 3 * shared.window && begun.elapsed() < HELD_BACK && !shared.is_failing() {
        std::thread::sleep(BREATH);
        node.state.write().let_go(usize::MAX);
    }
}

/// However the writer ends, nobody is left waiting for it.
pub(super) struct AbandonOnExit<'n>(pub(super) &'n Node);

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
