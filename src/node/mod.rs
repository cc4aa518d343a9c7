//! The one door to everything that is known: submit, read, subscribe.
//!
//! [`Node::submit`] refuses what the applied state refuses, without writing anything. What passes
//! goes through the writer: stamped, appended, durable, applied, published, answered, in this
//! order. Nothing is visible to a reader, and no success is told, before it is durable.

mod access;
mod accounts;
mod admin;
mod archivist;
mod diverge;
mod folder;
mod housekeeping;
mod joining;
mod pace;
mod queue;
mod reading;
mod replica;
mod retention;
mod search;
mod sharing;
mod writer;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::archive::ArchiveError;
use crate::clock;
use crate::cluster::Cluster;
use crate::command::{Command, Policy};
use crate::config::Access;
use crate::file::FileKey;
use crate::hasher::Hasher;
use crate::hub::{Hub, Subscription};
use crate::id::{Epoch, MessageId, RoomId, UserId};
use crate::log::{AppendError, Damage, Log, Shared};
use crate::outcome::{Outcome, Rejection, Verdict};
use crate::presence::{Open, Presence};
use crate::snapshots::SnapshotError;
pub use crate::state::{FileInfo, Page, Proof, Query, RoomInfo, SERVER, With};
use crate::state::{Found, Plan, State};
use crate::timestamp::Timestamp;
use crate::token::Token;
pub use access::{Actor, Caller};
pub use accounts::{AccountError, LoggedIn, Wanted};
pub use admin::{
    AccountChanged, AccountInfo, AccountList, AdminAnswer, AdminDone, AdminRequest, InviteInfo,
    InviteList, LASTS, LASTS_BY_ITSELF, NewInvite, SessionInfo, SessionList, USES, refusal,
};
pub use archivist::Archiving;
pub use folder::{Folder, FolderError};
pub use joining::join;
use pace::Pace;
use queue::Queue;
pub use reading::{Said, Unread, read_through, said_through};
pub use retention::Retention;
pub use search::{Bound, Hit, Hits, Order, RANKED, Search};
pub use sharing::Sharing;

/// How long a node waits for the first entry of a log that it shares.
const BEGINNING: Duration = Duration::from_secs(30);

/// Entries that one batch of a shared log is made of at most.
const TOGETHER: usize = 128;

/// What a node is told about its users' absences.
#[derive(Clone, Copy, Debug)]
pub struct Absence {
    /// After how long without a sign somebody is no longer listed as online.
    pub away: Duration,
    /// After how long without a sign a name without an account is free again.
    pub gone: Duration,
    /// After how long without use a session ends.
    pub session: Duration,
}

impl Absence {
    /// Nobody is ever away: where that is for others to say, or for nobody.
    pub const NEVER: Absence =
        Absence { away: Duration::MAX, gone: Duration::MAX, session: Duration::MAX };
}

/// The state, its log and those who watch.
#[derive(Debug)]
pub struct Node {
    /// Held to look up and to clone references; never to encode, to write or to wait.
    state: RwLock<State>,
    queue: Queue,
    hub: Arc<Hub>,
    presence: Arc<Presence>,
    /// None where the node is alone.
    cluster: Option<Arc<Cluster>>,
    absence: Absence,
    /// What it takes to act under a name that is no account's.
    access: Access,
    hasher: Hasher,
    epoch: Epoch,
    started: Instant,
    pace: Mutex<Pace>,
    /// The turns of those who search.
    searches: Semaphore,
    /// The log could not be written, or that is not known to have changed.
    failing: AtomicBool,
    /// Told when the node cannot go on.
    failed: Notify,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// None where nothing is kept.
    archiving: Option<Arc<archivist::Shared>>,
    archivist: Mutex<Option<JoinHandle<()>>>,
}

/// Why a command has no outcome, a question no answer.
#[derive(Clone, Debug)]
pub enum SubmitError {
    /// It was refused.
    Rejected(Rejection),
    /// It could not be carried out.
    Failed(Failure),
}

/// Why a command could not be carried out, whatever it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The disk is full.
    DiskFull,
    /// The log cannot be written at the moment, or any more.
    Unavailable,
    /// The servers of the log never take so much at once.
    TooLarge,
    /// What memory has let go cannot be read in the archive.
    Unreadable,
}

impl Node {
    /// Reads the log, begins it if it is new, and starts writing.
    ///
    /// Must be called inside a Tokio runtime, which then carries the deliveries. Without a `policy`
    /// the log's own stays as it is. Without `archiving` everything stays in memory, and in the
    /// log.
    ///
    /// # Errors
    /// The log or its archive is damaged, or cannot be written.
    pub fn start(
        log: Box<dyn Log>,
        archiving: Option<&Archiving>,
        policy: impl Into<Option<Policy>>,
        absence: Absence,
        access: Access,
    ) -> Result<Arc<Node>, StartError> {
        Node::start_among(None, log, archiving, policy, absence, access)
    }

    /// The same for one of several nodes that share a log, if there is a `cluster`.
    ///
    /// # Errors
    /// See [`Node::start`].
    pub fn start_among(
        cluster: Option<Arc<Cluster>>,
        mut log: Box<dyn Log>,
        archiving: Option<&Archiving>,
        policy: impl Into<Option<Policy>>,
        absence: Absence,
        access: Access,
    ) -> Result<Arc<Node>, StartError> {
        let started = Instant::now();
        let opened = match archiving {
            Some(settings) => archivist::Opened::open(settings, &*log)?,
            None => None,
        };
        let (mut archive, mut state) = match opened {
            Some((opened, state)) => (Some(opened), state),
            None => (None, State::default()),
        };
        let mut stamp = writer::Stamp::default();
        stamp.follow(state.at());
        let mut events = Vec::new();
        let mut paced = Ok(());
        log.replay(state.position(), &mut |entry| {
            // Between batches: what the archive takes over is told by a position, which all entries
            // of a batch have in common.
            let goes_on = entry.origin.as_ref().is_some_and(|of| of.seq == state.position());
            if let (Some(archive), Ok(()), false) = (&mut archive, &paced, goes_on) {
                paced = archive.keep_pace(&mut state);
            }
            stamp.follow(entry.at);
            // Refused entries are in the log too, and are refused again.
            let _ = state.apply(entry, &mut events);
            events.clear();
        })?;
        paced?;
        let mut first = Vec::new();
        if state.epoch().is_none() {
            first.push(Command::Begin { epoch: Epoch::from_random(random()) });
        }
        if let Some(policy) = policy.into().filter(|policy| !state.has_policy(policy)) {
            first.push(Command::Configure(policy));
        }
        let first: Vec<_> = first.into_iter().map(|command| stamp.entry(command)).collect();
        if !first.is_empty() {
            log.append(&first)?;
        }
        match log.shared() {
            // It comes back with what others have sent meanwhile.
            Some(shared) => follow(shared, &mut state, &mut stamp)?,
            None => {
                for entry in first {
                    let _ = state.apply(entry, &mut events);
                }
            }
        }
        let epoch = state.epoch().cloned().ok_or(StartError::NoBeginning)?;
        let presence =
            cluster.as_ref().map(|cluster| cluster.presence().clone()).unwrap_or_default();
        let others_know = cluster.as_ref().is_some_and(|cluster| !cluster.is_eldest());
        let recently = clock::now().before(absence.away);
        for (user, _, acted) in state.held() {
            presence.acted(user, acted, others_know || acted < recently);
        }
        let pace = Mutex::new(Pace::new(state.head()));
        let node = Arc::new(Node {
            state: RwLock::new(state),
            queue: Queue::default(),
            hub: Arc::default(),
            presence,
            cluster,
            absence,
            access,
            hasher: Hasher::new(random()),
            epoch,
            started,
            pace,
            searches: Semaphore::new(search::AT_ONCE),
            failing: AtomicBool::new(false),
            failed: Notify::new(),
            writer: Mutex::new(None),
            archiving: archive.as_ref().map(|opened| opened.shared().map(Arc::new)).transpose()?,
            archivist: Mutex::new(None),
        });
        if let (Some(shared), Some(cluster)) = (log.shared(), &node.cluster) {
            let waker = || {
                let node = Arc::downgrade(&node);
                Box::new(move || {
                    if let Some(node) = node.upgrade() {
                        node.queue.nudge();
                    }
                })
            };
            shared.on_arrival(waker());
            cluster.peers().on_change(waker());
        }
        *node.writer.lock() = Some(writer::start(node.clone(), log, stamp)?);
        if let Some(archive) = archive {
            *node.archivist.lock() = Some(archive.start(&node)?);
        }
        housekeeping::start(&node);
        pace::start(&node);
        Ok(node)
    }

    /// Has `command` done, and answers once that is durable.
    ///
    /// # Errors
    /// It was refused, or could not be carried out; then nothing has happened.
    pub async fn submit(&self, command: Command) -> Result<Outcome, SubmitError> {
        let mut settled = self.settled(&command);
        if settled.is_some() && self.is_shared() {
            // Another node may have changed that.
            self.catch_up().await.map_err(SubmitError::Failed)?;
            settled = self.settled(&command);
        }
        if let Some(verdict) = settled {
            return verdict.map_err(SubmitError::Rejected);
        }
        let (reply, verdict) = oneshot::channel();
        self.queue.push(Some(command), reply).map_err(SubmitError::Failed)?;
        match self.verdict(verdict).await {
            Ok(Ok(verdict)) => verdict.map_err(SubmitError::Rejected),
            Ok(Err(failure)) | Err(failure) => Err(SubmitError::Failed(failure)),
        }
    }

    /// The verdict on a command that changes nothing.
    fn settled(&self, command: &Command) -> Option<Verdict> {
        match self.state.read().check(command) {
            Ok(Plan::Change(_)) => None,
            Ok(Plan::Answered(outcome)) => Some(Ok(outcome)),
            Err(rejection) => Some(Err(rejection)),
        }
    }

    /// This node cannot go on: whoever runs it must end it.
    fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
        self.queue.close();
        self.failed.notify_one();
    }

    /// Resolves when the node cannot go on.
    pub async fn failed(&self) {
        self.failed.notified().await;
    }

    /// A new secret; only its hash goes into a command.
    pub fn new_token(&self) -> Token {
        Token::from_random(random())
    }

    /// The moment now.
    pub fn now(&self) -> Timestamp {
        clock::now()
    }

    /// For how long the node has been running.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether the log could be written when that was last tried. While it cannot, it is tried
    /// every second.
    pub fn takes_writes(&self) -> bool {
        !self.failing.load(Ordering::Relaxed) && !self.queue.is_closed()
    }

    /// A number from 0 to `end` - 1, as good as evenly.
    pub fn random_below(&self, end: u32) -> u32 {
        u32::from_le_bytes(random()) % end
    }

    /// A key that nobody else has.
    pub fn random_key(&self) -> [u8; 32] {
        random()
    }

    /// Where a new file is to be stored: like no other.
    pub fn random_file(&self) -> [u8; 16] {
        random()
    }

    /// The life of the message sequence.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The id of the newest message; 0 before the first.
    pub fn head(&self) -> MessageId {
        self.state.read().head()
    }

    /// The lowest id that is retained.
    pub fn oldest(&self) -> MessageId {
        self.state.read().oldest()
    }

    /// The rooms `user` is in, and the open ones.
    ///
    /// # Errors
    /// See [`State::rooms`].
    pub fn rooms(&self, user: UserId) -> Result<Vec<RoomInfo>, Rejection> {
        self.state.read().rooms(user)
    }

    /// Where the bytes of all listed files are.
    pub fn file_keys(&self) -> BTreeSet<FileKey> {
        self.state.read().file_keys()
    }

    /// The names of those who are here, in the order in which they registered.
    pub fn online(&self) -> Vec<Arc<str>> {
        let away = self.absence.away;
        let state = self.state.read();
        let here = state.held().filter(|(user, _, _)| self.presence.is_here(*user, away));
        here.map(|(_, name, _)| name.clone()).collect()
    }

    /// Who is here, as far as is known.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// The other nodes; none where this one is alone.
    pub fn cluster(&self) -> Option<&Arc<Cluster>> {
        self.cluster.as_ref()
    }

    /// Whether this node is the one that does what only one of them should do.
    fn leads(&self) -> bool {
        self.cluster.as_ref().is_none_or(|cluster| cluster.leads())
    }

    /// Since when signs of users are known, by this node or by those that told it of theirs.
    fn hears_since(&self) -> Duration {
        let here = self.started.elapsed();
        let since = |cluster: &Arc<Cluster>| {
            let oldest = cluster.peers().live().into_values().map(|peer| peer.since).min()?;
            Some(Duration::from_millis(clock::now().0.saturating_sub(oldest.0)))
        };
        self.cluster.as_ref().and_then(since).map_or(here, |others| others.max(here))
    }

    /// Those who wait for news.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Looks at the state; `look` must be quick and must not wait.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read())
    }

    /// Has deleted, from now on, what was kept long enough.
    pub fn retain(self: &Arc<Node>, retention: Retention) {
        tokio::spawn(retention::run(Arc::downgrade(self), retention));
    }

    /// Waits for what is new to `actor`. Subscribe first, then read.
    pub fn subscribe(&self, actor: &Actor) -> Watch {
        let user = actor.user;
        let mut subscription = self.hub.subscribe(user);
        subscription.watch(self.room_ids(user));
        Watch { subscription, _open: self.open(actor), user }
    }

    /// Something is open in this actor's behalf until the guard is dropped.
    pub fn open(&self, actor: &Actor) -> Opened {
        let session = match actor.proof {
            Proof::Session(session) => Some(self.presence.open_session(session)),
            _ => None,
        };
        Opened { _user: self.presence.open(actor.user), _session: session }
    }

    /// Waits for the next news of `watch`, which then knows the user's rooms as they are.
    pub async fn changed(&self, watch: &mut Watch) {
        watch.subscription.changed().await;
        if watch.subscription.take_stale() {
            let rooms = self.room_ids(watch.user);
            watch.subscription.watch(rooms);
        }
    }

    /// Ends the writer after everything submitted is answered. What comes later is refused.
    pub fn stop(&self) {
        if let Some(shared) = &self.archiving {
            shared.stop();
        }
        // It reads the log, and only a writer that closes it last leaves no side file.
        if let Some(archivist) = self.archivist.lock().take() {
            let _ = archivist.join();
        }
        self.queue.close();
        if let Some(writer) = self.writer.lock().take() {
            let _ = writer.join();
        }
    }

    fn room_ids(&self, user: UserId) -> Vec<RoomId> {
        self.state.read().rooms_of(user).cloned().collect()
    }
}

/// A reader that waits; while it does, its user is present.
#[derive(Debug)]
pub struct Watch {
    subscription: Subscription,
    _open: Opened,
    user: UserId,
}

/// Something open: while it is, its user is present and its session in use.
#[derive(Debug)]
pub struct Opened {
    _user: Open,
    _session: Option<Open>,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log cannot be read.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The archive cannot be opened, read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The snapshots of other nodes cannot be used.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    /// The log begins behind everything that there is a snapshot of.
    #[error(
        "The log begins with message {first}, and there is neither an archive here nor a snapshot \
         in the servers that goes so far. Start a node whose archive does, or put a backup of the \
         stream of the snapshots in its place."
    )]
    NoSnapshot {
        /// The first message that the stream has.
        first: u64,
    },
    /// The log of several nodes cannot be reached.
    #[error("The log cannot be reached: {0}.")]
    Unreachable(String),
    /// The log cannot be written.
    #[error("{0}.")]
    Append(#[from] AppendError),
    /// The log holds entries, and the first is not its beginning.
    #[error("The log does not begin with an epoch: it is not a whole chatroom log.")]
    NoBeginning,
    /// No thread could be started.
    #[error("The writer cannot be started: {0}.")]
    Thread(#[from] std::io::Error),
}

type Answer = Result<Verdict, Failure>;

/// Applies what comes through a shared log until it has a beginning.
fn follow(
    log: &mut dyn Shared,
    state: &mut State,
    stamp: &mut writer::Stamp,
) -> Result<(), StartError> {
    let begun = Instant::now();
    let (mut arrived, mut events) = (Vec::new(), Vec::new());
    while state.epoch().is_none() && begun.elapsed() < BEGINNING {
        log.take(&mut arrived)?;
        for entry in arrived.drain(..).flat_map(|batch| batch.entries) {
            stamp.follow(entry.at);
            let _ = state.apply(entry, &mut events);
            events.clear();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without the system's randomness no secret can be made, and nothing sensible can be done.
    getrandom::fill(&mut bytes).expect("the system provides randomness");
    bytes
}
