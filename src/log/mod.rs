//! The log: every entry in order; nothing is acknowledged before it is in there.
//!
//! The rest of the server knows a log by [`Log`] alone. There are two: [`memory`] keeps nothing,
//! [`sqlite`] is a file. `tests/log_suite.rs` is what each must pass.

pub mod codec;
pub mod memory;
pub mod sqlite;

use crate::command::Entry;

/// One ordered log. Its node is its only writer, from one thread.
pub trait Log: Send {
    /// Gives every entry to `each`, from the first, in order. Called once, before any append.
    ///
    /// # Errors
    /// [`Damage`] when an entry is not what was written: nothing after it can be trusted.
    fn replay(&mut self, each: &mut dyn FnMut(Entry)) -> Result<(), Damage>;

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
