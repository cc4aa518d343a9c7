//! The log: every entry in order; nothing is acknowledged before it is in there.
//!
//! The rest of the server knows a log by [`Log`] alone. There are two: [`memory`] keeps nothing,
//! [`sqlite`] is a file, which [`stored`] looks through and copies. `tests/log_suite.rs` is what each
//! must pass. [`measured`] counts what goes into either.

pub mod codec;
pub mod measured;
pub mod memory;
pub mod moved;
pub mod sqlite;
pub mod stored;

use crate::command::Entry;
use crate::history::Mark;

/// One ordered log. Its node is its only writer, from one thread.
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
}

/// Reads a log while it is being written.
pub trait Tail: Send {
    /// The place of an entry that is there, or the last that was trimmed. It is on the disk when
    /// this returns, with every entry before it, however little the log promises.
    ///
    /// # Errors
    /// There is no such place.
    fn mark(&mut self, position: u64) -> Result<Mark, Damage>;

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
