//! The log: every entry in order; nothing is acknowledged before it is in there.
//!
//! The rest of the server knows a log by [`Log`] alone. There are three: [`memory`] keeps nothing,
//! [`sqlite`] is a file, which [`stored`] looks through and copies, [`jetstream`] is a stream that
//! several nodes share, which makes it [`Shared`] too. `tests/log_suite.rs` is what each must pass.
//! [`measured`] counts what goes into any of them.

pub mod codec;
pub mod jetstream;
pub mod measured;
pub mod memory;
pub mod moved;
pub mod sqlite;
pub mod stored;

use crate::command::Entry;
use crate::history::Mark;

/// One ordered log. Its node writes to it from one thread, and is its only writer unless the log is
/// [`Shared`].
pub trait Log: Send {
    /// Gives every entry after position `after` to `each`, in order. Called once, before any append.
    ///
    /// # Errors
    /// [`Damage`] when an entry is not what was written: nothing after it can be trusted. Also
    /// when the log has been trimmed further than `after`, or is not that long.
    fn replay(&mut self, after: u64, each: &mut dyn FnMut(Entry)) -> Result<(), Damage>;

    /// Appends `entries` behind the last one, all or none, and returns when they are as durable
    /// as the log was asked to make them.
    ///
    /// # Errors
    /// See [`AppendError`]. Nothing of the batch is in the log then, except after
    /// [`AppendError::Broken`], where that is unknown.
    fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError>;

    /// Tries whether the next append may succeed, and leaves everything as it was.
    ///
    /// # Errors
    /// What that append would likely come to.
    fn probe(&mut self) -> Result<(), AppendError>;

    /// Deletes entries up to position `through`, the oldest first, so few that nobody waits long.
    /// Whether there are more. Who trims has a snapshot of what they came to.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing is deleted then.
    fn trim(&mut self, through: u64) -> Result<bool, AppendError>;

    /// The log as somebody reads it beside its writer; none where nothing is kept.
    ///
    /// # Errors
    /// It cannot be opened once more.
    fn tail(&self) -> Result<Option<Box<dyn Tail>>, Damage>;

    /// The log as one that others append to as well; none if nobody does.
    fn shared(&mut self) -> Option<&mut dyn Shared> {
        None
    }
}

/// What can be done with a log that several nodes append to: what one node sends arrives at all of
/// them, between what others have sent, in the same order everywhere.
///
/// [`Log::append`] waits until a batch is in the log; whoever used it takes the batch here like any
/// other.
pub trait Shared {
    /// Has `waker` called whenever something has arrived, or there is room for another batch.
    fn on_arrival(&mut self, waker: Box<dyn Fn() + Send + Sync>);

    /// Whether another batch may be sent now.
    fn has_room(&self) -> bool;

    /// How many of these entries, the first ones, may be sent as one batch now. None although there
    /// is room for a batch: the first is larger than the servers take.
    fn room_for(&self, entries: &[Entry]) -> usize;

    /// Sends a batch on its way, which may have no entry: then it only shows when everything before
    /// it has arrived. It is sent again until it is in the log. Its number, by which it is known
    /// when it arrives.
    fn send(&mut self, entries: &[Entry]) -> u64;

    /// Takes what has arrived, each batch behind the one before it in the log.
    ///
    /// # Errors
    /// The log cannot be followed any more: the node must stop.
    fn take(&mut self, into: &mut Vec<Arrived>) -> Result<(), Damage>;

    /// Whether what was sent is not in the log after a time in which it usually is.
    fn is_stalled(&self) -> bool;
}

/// A batch that has come through the log.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Its place in the log.
    pub seq: u64,
    /// Its entries, each with its origin.
    pub entries: Vec<Entry>,
    /// Its number, if this node has sent it.
    pub own: Option<u64>,
}

/// Reads a log while it is being written.
pub trait Tail: Send {
    /// The place of an entry that is there, or the last that was trimmed. It is on the disk when
    /// this returns, with every entry before it, however little the log promises.
    ///
    /// # Errors
    /// There is no such place.
    fn mark(&mut self, position: u64) -> Result<Mark, Damage>;

    /// Whether a mark is of this log, and everything behind it is still there.
    fn holds(&mut self, mark: &Mark) -> bool {
        self.mark(mark.position).is_ok_and(|found| found == *mark)
    }

    /// Gives the entries after one place, up to and with another, to `each`.
    ///
    /// # Errors
    /// See [`Log::replay`].
    fn read(&mut self, after: u64, through: u64, each: &mut dyn FnMut(Entry))
    -> Result<(), Damage>;
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk is full. The next append may succeed.
    #[error("the disk is full")]
    Full,
    /// The batch was not written. The next append may succeed.
    #[error("the log could not be written: {0}")]
    Failed(String),
    /// Whether the batch is durable is unknown, so this log must not be appended to again: a sync
    /// that failed once may report success the next time without having written anything.
    #[error("the log could not be synced: {0}; restart the server once the disk is well")]
    Broken(String),
}

/// A log that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Damage(pub String);
