//! The thread that hands over to the archive what was said, keeps snapshots, has the log trimmed.
//!
//! Nobody waits for it: it runs when nothing else wants to, and what it has not handed over yet is
//! in the log and in memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::sharing::{Sender, Sharing};
use super::{Node, StartError};
use crate::archive::{Archive, ArchiveError, Keeper};
use crate::config::History;
use crate::history::{Mark, Record};
use crate::log::{Log, Tail};
use crate::state::State;

/// How often it looks by itself whether there is something to do.
const ROUND: Duration = Duration::from_secs(1);

/// How far it stands back where processors are short: it gets about a tenth of one then. Less, and
/// writers would wait for it where other programs are busy.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Records that are worth a transaction.
const WORTH: usize = 1024;

/// Records in one transaction.
const AT_ONCE: usize = 4096;

/// Entries in a round from which on writers are busy: then the archive leaves them the processor, as
/// long as memory has room for what it does not have yet.
const BUSY: u64 = 2_000;

/// What an entry that is not archived takes in memory, about, if it is a message of usual length:
/// bytes.
const ENTRY: u64 = 400;

/// Records that are looked up at once.
const MOMENT: usize = 64;

/// Deleted text is in the log until the log is trimmed: at least so often.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// The same where the log is trimmed behind the snapshot before the last.
const TWICE_DAILY: Duration = Duration::from_secs(12 * 60 * 60);

/// Where and when history is kept.
#[derive(Clone, Debug)]
pub struct Archiving {
    /// The file.
    pub file: PathBuf,
    /// What messages may take in memory: bytes, about.
    pub window: usize,
    /// Entries from one snapshot to the next.
    pub every: u64,
    /// Where other nodes find snapshots; none where there are no others.
    pub sharing: Option<Sharing>,
}

impl Archiving {
    /// Beside the log in `store`.
    pub fn beside(store: &Path, settings: &History) -> Archiving {
        // By a link it is the same store, so it has the same history.
        let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        let mut file = store.into_os_string();
        file.push("-archive");
        let (window, every) = (settings.memory_bytes, settings.snapshot_entries);
        Archiving { file: file.into(), window, every, sharing: None }
    }
}

/// What the node and its archivist have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) archive: Archive,
    /// See [`Archiving::window`].
    pub(super) window: usize,
    /// Up to which position the log may be trimmed.
    trim: AtomicU64,
    /// The newest message that the archive has taken over.
    archived: AtomicU64,
    /// It could not write when that was last tried.
    failing: AtomicBool,
    bell: Mutex<Bell>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct Bell {
    rung: bool,
    stop: bool,
    /// Somebody waits until the archive has everything up to this position.
    wanted: Option<u64>,
}

impl Shared {
    /// There is a lot to hand over.
    pub(super) fn ring(&self) {
        self.bell.lock().rung = true;
        self.rung.notify_one();
    }

    /// Up to which position the log may be trimmed.
    pub(super) fn trim(&self) -> u64 {
        self.trim.load(Ordering::Relaxed)
    }

    /// Has the log trimmed up to this position, at the writer's next occasion.
    pub(super) fn trim_through(&self, position: u64) {
        self.trim.fetch_max(position, Ordering::Relaxed);
    }

    /// Whether the archive takes nothing at the moment.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    pub(super) fn stop(&self) {
        self.bell.lock().stop = true;
        self.rung.notify_all();
    }

    /// Waits for the bell, or a while. Whether to go on.
    fn wait(&self) -> bool {
        let mut bell = self.bell.lock();
        if !bell.rung && !bell.stop {
            self.rung.wait_for(&mut bell, ROUND);
        }
        bell.rung = false;
        !bell.stop
    }
}

/// An archive that fits its log, and the state as of its snapshot.
pub(super) struct Opened {
    keeper: Keeper,
    tail: Box<dyn Tail>,
    settings: Archiving,
    /// The position of the snapshot.
    snapshot: u64,
}

impl Opened {
    /// Opens the archive beside a log, and reads its snapshot.
    pub(super) fn open(
        settings: &Archiving,
        log: &dyn Log,
    ) -> Result<Option<(Opened, State)>, StartError> {
        let Some(mut tail) = log.tail()? else { return Ok(None) };
        let keeper = Keeper::open(&settings.file)?;
        let kept = keeper.snapshot()?;
        let marks = kept.iter().map(|(mark, _)| mark).chain(keeper.mark());
        for mark in marks {
            // Of another log it may go further than this one does.
            if !tail.holds(mark) {
                let what = "it belongs to another store, or to an earlier copy of this one";
                return Err(ArchiveError::damaged(&settings.file, what).into());
            }
        }
        let (mut state, mut snapshot) = (State::default(), 0);
        if let Some((mark, bytes)) = kept {
            state = State::from_snapshot(&bytes).map_err(|what| {
                ArchiveError::damaged(&settings.file, format!("its snapshot: {what}"))
            })?;
            snapshot = mark.position;
        }
        state.keep_for_archive(settings.window, keeper.position());
        let settings = settings.clone();
        Ok(Some((Opened { keeper, tail, settings, snapshot }, state)))
    }

    /// Hands over what is read from the log faster than memory may hold it.
    pub(super) fn keep_pace(&mut self, state: &mut State) -> Result<(), StartError> {
        while state.message_bytes() > 2 * self.settings.window {
            let (records, position) = due(self.keeper.position(), |from| few(state, from));
            if position > self.keeper.position() {
                // The log has it: it is being read.
                let mark = Mark { position, sign: self.tail.mark(position)?.sign };
                self.keeper.take(&records, mark)?;
                state.archived(position);
            }
            if !state.let_go(usize::MAX) && records.is_empty() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn shared(&self) -> Result<Shared, StartError> {
        // Others need what they have no snapshot of.
        let trim = if self.settings.sharing.is_some() { 0 } else { self.snapshot };
        let archive = self.keeper.archive();
        Ok(Shared {
            archived: AtomicU64::new(archive.newest()?.0),
            archive,
            window: self.settings.window,
            trim: AtomicU64::new(trim),
            failing: AtomicBool::new(false),
            bell: Mutex::default(),
            rung: Condvar::new(),
        })
    }

    /// Starts handing over.
    pub(super) fn start(self, node: &Arc<Node>) -> std::io::Result<JoinHandle<()>> {
        let archivist = Archivist {
            node: Arc::downgrade(node),
            seen: self.keeper.position(),
            sender: self.settings.sharing.clone().map(Sender::new),
            opened: self,
            snapshot_at: Instant::now(),
            vacuum: true,
        };
        std::thread::Builder::new()
            .name("chatroom-archive".to_owned())
            .spawn(move || archivist.run())
    }
}

struct Archivist {
    node: Weak<Node>,
    opened: Opened,
    sender: Option<Sender>,
    snapshot_at: Instant,
    /// The position of the state when it was last looked at.
    seen: u64,
    /// There may be free pages to give back.
    vacuum: bool,
}

impl Archivist {
    fn run(mut self) {
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!("the archive runs like everything else: {error}");
        }
        loop {
            let Some(node) = self.node.upgrade() else { return };
            let Some(shared) = node.archiving.clone() else { return };
            let done = self.round(&node, &shared);
            match &done {
                Ok(()) if shared.failing.swap(false, Ordering::Relaxed) => {
                    tracing::info!("the history can be written again");
                }
                Ok(()) => {}
                // Said once, not every round.
                Err(error) if !shared.failing.swap(true, Ordering::Relaxed) => {
                    tracing::error!("what was said stays in memory and in the log: {error}");
                }
                Err(_) => {}
            }
            drop(node);
            if !shared.wait() {
                return;
            }
        }
    }

    fn round(&mut self, node: &Arc<Node>, shared: &Shared) -> Result<(), StartError> {
        let wanted = shared.bell.lock().wanted;
        let (position, bytes) = node.look(|state| (state.position(), state.message_bytes()));
        let most = if self.sender.is_some() { TWICE_DAILY } else { DAILY };
        let aged = self.snapshot_at.elapsed() >= most && position > self.opened.snapshot;
        let due = position - self.opened.snapshot >= self.opened.settings.every || aged;
        let crowded = bytes > 2 * shared.window;
        let busy = position.saturating_sub(self.seen) >= BUSY;
        self.seen = position;
        let behind = position.saturating_sub(self.opened.keeper.position());
        let room = behind.saturating_mul(ENTRY) < shared.window as u64 / 4 * 3;
        if busy && room && !crowded && !aged && wanted.is_none() {
            return Ok(());
        }
        let worth = if due || crowded || wanted.is_some() { 1 } else { WORTH };
        while self.hand_over(node, worth)? {}
        if wanted.is_some_and(|position| self.opened.keeper.position() >= position) {
            shared.bell.lock().wanted = None;
            shared.rung.notify_all();
        }
        if due {
            self.keep_snapshot(node)?;
        }
        if let Some(sender) = &mut self.sender {
            sender.look(node, &self.opened.settings.file, self.opened.snapshot);
        }
        if self.vacuum {
            self.vacuum = self.opened.keeper.give_back()?;
        }
        Ok(())
    }

    /// Hands over what there is, if it is at least `worth` records. Whether there may be more.
    fn hand_over(&mut self, node: &Node, worth: usize) -> Result<bool, StartError> {
        let opened = &mut self.opened;
        let before = opened.keeper.position();
        let (records, position) = due(before, |from| few(&node.state.read(), from));
        let small = records.len() < worth && records.iter().all(Record::is_posted);
        if position == before || (small && worth > 1) {
            return Ok(false);
        }
        let full = records.len() >= AT_ONCE;
        let mark = opened.tail.mark(position)?;
        opened.keeper.take(&records, mark)?;
        self.vacuum |= !records.iter().all(Record::is_posted);
        node.state.write().archived(position);
        let posted = records.iter().rev().find_map(|record| match record {
            Record::Posted { message, .. } => Some(message.id.0),
            _ => None,
        });
        if let (Some(id), Some(shared)) = (posted, &node.archiving) {
            shared.archived.fetch_max(id, Ordering::Relaxed);
        }
        Ok(full)
    }

    /// Makes the next snapshot from the last: the state is not held up for it.
    fn keep_snapshot(&mut self, node: &Node) -> Result<(), StartError> {
        let opened = &mut self.opened;
        let unfit = |what| ArchiveError::damaged(&opened.settings.file, what);
        let (mut state, after) = match opened.keeper.snapshot()? {
            Some((mark, bytes)) => (State::from_snapshot(&bytes).map_err(unfit)?, mark.position),
            None => (State::default(), 0),
        };
        let Some(mark) = opened.keeper.mark().cloned() else { return Ok(()) };
        // The archive has all of it, so memory need not.
        state.keep_for_archive(0, u64::MAX);
        let mut events = Vec::new();
        opened.tail.read(after, mark.position, &mut |entry| {
            let _ = state.apply(entry, &mut events);
            events.clear();
            state.let_go(usize::MAX);
        })?;
        opened.keeper.keep_snapshot(&mark, &state.to_snapshot().map_err(unfit)?)?;
        opened.snapshot = mark.position;
        self.snapshot_at = Instant::now();
        if let Some(shared) = &node.archiving
            && self.sender.is_none()
        {
            shared.trim_through(mark.position);
        }
        node.queue.nudge();
        Ok(())
    }
}

/// What the archive does not have yet, and the position that it is at with it.
///
/// The state is looked at for moments only: this thread may be held up in the middle of one, and
/// everybody else with it.
fn due(position: u64, look: impl Fn(u64) -> (Vec<Record>, u64)) -> (Vec<Record>, u64) {
    let (mut records, mut reached) = (Vec::new(), position);
    loop {
        let (more, position) = look(reached);
        reached = position;
        if more.is_empty() || records.len() + more.len() >= AT_ONCE {
            records.extend(more);
            return (records, reached);
        }
        records.extend(more);
    }
}

/// A few records after a position, all of the last one's entry with it.
fn few(state: &State, position: u64) -> (Vec<Record>, u64) {
    let mut records: Vec<Record> = Vec::with_capacity(MOMENT);
    let mut reached = position;
    for (of, record) in state.records_after(position) {
        if records.len() >= MOMENT && of != reached {
            return (records, reached);
        }
        records.push(record.clone());
        reached = of;
    }
    let all = if records.is_empty() { state.position() } else { reached };
    (records, all)
}

impl Node {
    /// How many messages the archive has taken over since the store began.
    pub fn messages_archived(&self) -> u64 {
        self.archiving.as_ref().map_or(0, |shared| shared.archived.load(Ordering::Relaxed))
    }

    /// What the archive's files take: bytes.
    pub fn archive_bytes(&self) -> u64 {
        self.archive().map_or(0, Archive::bytes)
    }

    /// Waits until the archive has everything and memory has let go what it need not have.
    ///
    /// Blocks its thread.
    pub fn settle(&self) {
        let Some(shared) = &self.archiving else { return };
        let position = self.state.read().position();
        shared.bell.lock().wanted = Some(position);
        shared.ring();
        let mut bell = shared.bell.lock();
        while bell.wanted.is_some() && !bell.stop {
            shared.rung.wait_for(&mut bell, ROUND);
        }
        drop(bell);
        self.state.write().let_go(usize::MAX);
    }
}
