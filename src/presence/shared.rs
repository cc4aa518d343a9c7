//! What presence has in common with the other nodes: what they told, what they are to be told.

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, mpsc};

use super::news::News;
use super::others::{Changed, Others};

/// There is none of this on a node that is alone.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Held to look something up, or to take news in.
    pub(super) others: RwLock<Others>,
    due: Mutex<News>,
    ring: Notify,
    watcher: Mutex<Option<mpsc::UnboundedSender<Changed>>>,
}

impl Shared {
    /// Something is to be told.
    pub(super) fn tell<T>(&self, add: impl FnOnce(&mut News) -> T) {
        add(&mut self.due.lock());
        self.ring.notify_one();
    }

    /// Waits for something to be told.
    pub(super) async fn due(&self) {
        self.ring.notified().await;
    }

    /// What is to be told.
    pub(super) fn take(&self) -> News {
        std::mem::take(&mut self.due.lock())
    }

    /// What changes on the other nodes from now on.
    pub(super) fn watch(&self) -> mpsc::UnboundedReceiver<Changed> {
        let (watcher, changes) = mpsc::unbounded_channel();
        *self.watcher.lock() = Some(watcher);
        changes
    }

    /// Tells the one who watches.
    pub(super) fn changed(&self, changed: Changed) {
        if !changed.is_nothing()
            && let Some(watcher) = &*self.watcher.lock()
        {
            let _ = watcher.send(changed);
        }
    }
}
