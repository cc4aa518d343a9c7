//! What has arrived but was not taken yet.

use std::fmt;

use parking_lot::Mutex;

use super::super::{Arrived, Damage};

/// Batches that wait at most; more are left in the servers until there is room.
const MOST: usize = 4096;

/// Filled by the follower, emptied by the node's writer.
#[derive(Default)]
pub(super) struct Inbox {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    arrived: Vec<Arrived>,
    /// Why nothing more comes.
    failed: Option<String>,
    waker: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Inbox {
    pub(super) fn on_arrival(&self, waker: Box<dyn Fn() + Send + Sync>) {
        let mut inside = self.inside.lock();
        waker();
        inside.waker = Some(waker);
    }

    /// Something else has changed for whoever waits here.
    pub(super) fn wake(&self) {
        if let Some(waker) = &self.inside.lock().waker {
            waker();
        }
    }

    pub(super) fn push(&self, batch: Arrived) {
        let mut inside = self.inside.lock();
        inside.arrived.push(batch);
        if let (1, Some(waker)) = (inside.arrived.len(), &inside.waker) {
            waker();
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.inside.lock().arrived.len() >= MOST
    }

    /// Nothing can come any more.
    pub(super) fn fail(&self, why: String) {
        self.inside.lock().failed.get_or_insert(why);
        self.wake();
    }

    pub(super) fn take(&self, into: &mut Vec<Arrived>) -> Result<(), Damage> {
        let mut inside = self.inside.lock();
        into.append(&mut inside.arrived);
        match &inside.failed {
            Some(why) if into.is_empty() => Err(Damage(why.clone())),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
