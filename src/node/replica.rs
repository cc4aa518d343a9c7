//! The one thread of a node that shares its log: apply what arrives, tell, send.
//!
//! What this node sends comes back through the log, between what others have sent, and only then is
//! it applied. A success is told when the other live nodes have applied it too: whoever asks one of
//! them next finds it there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::queue::Submission;
use super::writer::{AbandonOnExit, Delivery, LET_GO, Stamp, trim};
use super::{Answer, Failure, Node};
use crate::cluster::Cluster;
use crate::command::Entry;
use crate::id::MessageId;
use crate::log::{Arrived, Log, Shared};
use crate::outcome::Outcome;

/// How long other nodes are waited for.
const PEERS: Duration = Duration::from_millis(250);

/// How often it is looked whether something has changed of which nobody tells.
const ROUND: Duration = Duration::from_millis(500);

/// How long the end is put off for what is under way.
const FAREWELL: Duration = Duration::from_secs(2);

/// Batches from one comparison of states to the next: 64 batches are 8,192 entries at most.
const COMPARED: u64 = 64;

/// Those who wait for what one batch brings.
#[derive(Default)]
struct Waiting {
    /// One for each entry.
    commands: Vec<oneshot::Sender<Answer>>,
    /// Who only wants to know that it has arrived.
    rest: Vec<oneshot::Sender<Answer>>,
}

/// Answers that are not told yet.
struct Held {
    seq: u64,
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    since: Instant,
}

struct Replica<'n> {
    node: &'n Node,
    cluster: &'n Cluster,
    deliveries: &'n mpsc::UnboundedSender<Delivery>,
    /// What has not been sent yet.
    backlog: VecDeque<Submission>,
    /// What has been sent and has not arrived, by the number of its batch.
    under_way: BTreeMap<u64, Waiting>,
    held: VecDeque<Held>,
    stamp: Stamp,
    seq: u64,
    trimmed: u64,
}

pub(super) fn write(
    node: &Node,
    cluster: &Cluster,
    mut log: Box<dyn Log>,
    stamp: Stamp,
    deliveries: &mpsc::UnboundedSender<Delivery>,
) {
    let _abandon = AbandonOnExit(node);
    let mut replica = Replica {
        node,
        cluster,
        deliveries,
        backlog: VecDeque::new(),
        under_way: BTreeMap::new(),
        held: VecDeque::new(),
        stamp,
        seq: 0,
        trimmed: 0,
    };
    let mut submissions = Vec::new();
    let mut arrived = Vec::new();
    let mut closed = None;
    loop {
        let open = node.queue.drain(&mut submissions, Some(replica.patience()));
        replica.backlog.extend(submissions.drain(..));
        if !open {
            let since = *closed.get_or_insert_with(Instant::now);
            if replica.is_idle() || since.elapsed() > FAREWELL {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let Some(shared) = log.shared() else { return };
        if let Err(why) = shared.take(&mut arrived) {
            tracing::error!("this node cannot go on: {why}.");
            node.fail();
            return;
        }
        arrived.drain(..).for_each(|batch| replica.apply(batch));
        replica.tell();
        replica.send(shared);
        replica.look(shared);
        replica.trim(&mut *log);
    }
}

impl Replica<'_> {
    fn patience(&self) -> Duration {
        let held = self.held.front().map(|held| PEERS.saturating_sub(held.since.elapsed()));
        held.map_or(ROUND, |held| held.max(Duration::from_millis(1)))
    }

    fn is_idle(&self) -> bool {
        self.backlog.is_empty() && self.under_way.is_empty() && self.held.is_empty()
    }

    fn apply(&mut self, batch: Arrived) {
        let Arrived { seq, entries, own } = batch;
        let waiting = own.and_then(|number| self.under_way.remove(&number)).unwrap_or_default();
        let mut delivery = Delivery::default();
        let mut verdicts = Vec::with_capacity(entries.len());
        let digest = {
            let mut state = self.node.state.write();
            let most = LET_GO + 2 * entries.len();
            for entry in entries {
                self.stamp.follow(entry.at);
                super::diverge::here(&mut state);
                // Nobody is told of a success that is none.
                let passed_over = !waiting.commands.is_empty() && state.passes_over(&entry);
                let verdict = state.apply(entry, &mut delivery.events);
                verdicts.push(if passed_over { Err(Failure::Unavailable) } else { Ok(verdict) });
            }
            state.let_go(most);
            (seq % COMPARED == 0).then(|| state.digest())
        };
        if verdicts.iter().any(Result::is_err) {
            tracing::error!("this node was silent for too long: what it writes is not taken");
            self.node.fail();
        }
        self.seq = seq;
        self.node.note_presence(&delivery.events);
        // Readers here may see it at once: it is in the log.
        let _ = self.deliveries.send(delivery);
        self.cluster.applied(seq);
        if let Some(digest) = digest {
            self.cluster.reached(seq, &digest);
        }
        let mut answers: Vec<_> = waiting.commands.into_iter().zip(verdicts).collect();
        answers.extend(waiting.rest.into_iter().map(|reply| (reply, Ok(Ok(Outcome::Noted)))));
        if !answers.is_empty() {
            self.held.push_back(Held { seq, answers, since: Instant::now() });
        }
    }

    /// Answers those whose commands every live node has applied, or who have waited long enough.
    fn tell(&mut self) {
        while let Some(held) = self.held.front() {
            if !self.cluster.peers().applied_by_all(held.seq) {
                if held.since.elapsed() < PEERS {
                    return;
                }
                self.cluster.peers().give_up(held.seq);
            }
            let Some(Held { answers, .. }) = self.held.pop_front() else { return };
            let _ = self.deliveries.send(Delivery { answers, ..Delivery::default() });
        }
    }

    /// Sends what waits, as far as there is room.
    fn send(&mut self, log: &mut dyn Shared) {
        // Whoever went away meanwhile wants nothing any more.
        self.backlog.retain(|(_, reply)| !reply.is_closed());
        while !self.backlog.is_empty() {
            let mut waiting = Waiting::default();
            let mut entries: Vec<Entry> = Vec::new();
            let commands = self.backlog.iter().filter_map(|(command, _)| command.as_ref());
            for command in commands.take(super::TOGETHER) {
                entries.push(self.stamp.entry(command.clone()));
            }
            let room = log.room_for(&entries);
            if !log.has_room() {
                return;
            }
            if room == 0 && !entries.is_empty() {
                self.drop_first();
                continue;
            }
            if entries.is_empty() && !self.under_way.is_empty() {
                // Who only wants to know waits for the next: so the log is not filled with nothing.
                return;
            }
            entries.truncate(room);
            let mut left = room;
            let mut later = VecDeque::new();
            for (command, reply) in self.backlog.drain(..) {
                match command {
                    None => waiting.rest.push(reply),
                    Some(_) if left > 0 => {
                        left -= 1;
                        waiting.commands.push(reply);
                    }
                    Some(command) => later.push_back((Some(command), reply)),
                }
            }
            self.backlog = later;
            let number = log.send(&entries);
            self.under_way.insert(number, waiting);
        }
    }

    /// Gives up the first command: it would be sent again and again in vain.
    fn drop_first(&mut self) {
        let first = self.backlog.iter().position(|(command, _)| command.is_some());
        let Some((_, reply)) = first.and_then(|place| self.backlog.remove(place)) else { return };
        tracing::error!("a command is larger than the servers of the log take (max_payload)");
        let answers = vec![(reply, Err(Failure::TooLarge))];
        let _ = self.deliveries.send(Delivery { answers, ..Delivery::default() });
    }

    /// Says once that the servers take nothing, and once that they do again.
    fn look(&self, log: &dyn Shared) {
        let stalled = log.is_stalled();
        if self.node.failing.swap(stalled, Ordering::Relaxed) != stalled {
            match stalled {
                true => tracing::error!("writes wait: the servers of the log do not take them"),
                false => tracing::info!("the log can be written again"),
            }
        }
    }

    fn trim(&mut self, log: &mut dyn Log) {
        if let Some(shared) = &self.node.archiving
            && shared.trim() > self.trimmed
        {
            self.trimmed = shared.trim();
            trim(log, self.trimmed);
        }
    }
}

/// How long a verdict is waited for: longer than the servers need to choose another leader.
const VERDICT: Duration = Duration::from_secs(10);

/// How long a reader whose cursor is ahead of this node is kept waiting.
const AHEAD: Duration = Duration::from_secs(1);

impl Node {
    /// Whether other nodes write to the log too.
    pub(super) fn is_shared(&self) -> bool {
        self.cluster.is_some()
    }

    /// Waits until a cursor that a client has is known here: it may have it from another node. At
    /// once where it is, and where nobody else writes to the log. Afterwards what is still higher is
    /// of another life of the log.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]: the log is out of reach.
    pub async fn reach(&self, cursor: MessageId) -> Result<(), Failure> {
        if self.is_shared() && cursor > self.head() && cursor.0 != u64::MAX {
            let caught_up = tokio::time::timeout(AHEAD, self.catch_up()).await;
            return caught_up.unwrap_or(Err(Failure::Unavailable));
        }
        Ok(())
    }

    /// Waits until everything is applied that was in the log when this was called: what was
    /// acknowledged anywhere is known here then. At once where nobody else writes to the log.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]: the log is out of reach.
    pub async fn catch_up(&self) -> Result<(), Failure> {
        if !self.is_shared() {
            return Ok(());
        }
        let (reply, arrived) = oneshot::channel();
        self.queue.push(None, reply)?;
        match tokio::time::timeout(VERDICT, arrived).await {
            Ok(Ok(Ok(_))) => Ok(()),
            _ => Err(Failure::Unavailable),
        }
    }

    /// The verdict, when it comes. In a cluster it may not come in time; what was sent by then may
    /// still happen.
    pub(super) async fn verdict(
        &self,
        verdict: oneshot::Receiver<Answer>,
    ) -> Result<Answer, Failure> {
        let answered = match self.cluster {
            None => verdict.await,
            Some(_) => match tokio::time::timeout(VERDICT, verdict).await {
                Ok(answered) => answered,
                Err(_) => return Err(Failure::Unavailable),
            },
        };
        answered.map_err(|_| Failure::Unavailable)
    }
}
