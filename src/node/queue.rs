//! The commands that wait to be written.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::{Answer, Failure};
use crate::command::Command;

/// A command and the one who waits for its verdict; no command where somebody only wants to know
/// when everything that is in the log by now has been applied.
pub(super) type Submission = (Option<Command>, oneshot::Sender<Answer>);

/// Many submit, one drains. A plain vector under a lock: whatever has gathered while the last
/// batch was written is the next batch.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    submissions: Vec<Submission>,
    closed: bool,
    /// There is something else to do.
    nudged: bool,
}

impl Queue {
    /// Adds a command behind all others.
    pub(super) fn push(
        &self,
        command: Option<Command>,
        reply: oneshot::Sender<Answer>,
    ) -> Result<(), Failure> {
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err(Failure::Unavailable);
        }
        waiting.submissions.push((command, reply));
        if waiting.submissions.len() == 1 {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// There is something else to do for whoever drains.
    pub(super) fn nudge(&self) {
        self.waiting.lock().nudged = true;
        self.filled.notify_one();
    }

    /// Takes everything that waits, in order, or waits for something; with `patience` it takes
    /// nothing when nothing came for that long, and none when it is nudged. False when the queue is
    /// closed and empty.
    pub(super) fn drain(&self, into: &mut Vec<Submission>, patience: Option<Duration>) -> bool {
        let mut waiting = self.waiting.lock();
        while waiting.submissions.is_empty() {
            if waiting.closed {
                return false;
            }
            if std::mem::take(&mut waiting.nudged) {
                break;
            }
            match patience {
                None => self.filled.wait(&mut waiting),
                Some(patience) => {
                    if self.filled.wait_for(&mut waiting, patience).timed_out() {
                        break;
                    }
                }
            }
            if waiting.submissions.len() == 1 {
                // One came, and its neighbours are likely on their way: let them join.
                parking_lot::MutexGuard::unlocked(&mut waiting, std::thread::yield_now);
            }
        }
        std::mem::swap(&mut waiting.submissions, into);
        true
    }

    /// Lets nothing more in, and drops what waits, whose submitters are told so.
    pub(super) fn abandon(&self) {
        self.close();
        self.waiting.lock().submissions.clear();
    }

    /// Whether nothing more is let in.
    pub(super) fn is_closed(&self) -> bool {
        self.waiting.lock().closed
    }

    /// Lets nothing more in.
    pub(super) fn close(&self) {
        self.waiting.lock().closed = true;
        self.filled.notify_all();
    }
}
