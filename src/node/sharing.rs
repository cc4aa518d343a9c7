//! The thread that sends snapshots to where other nodes find them: the log is trimmed behind them.
//!
//! Behind the older of the two that are kept, that is: a node that was cut off for a while goes on
//! from the log, and when the newest snapshot is damaged, the one before is as good.
//!
//! Neither the archive nor the log waits for it: it sends a copy of the archive, which nobody
//! writes to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Node, StartError};
use crate::archive;
use crate::database::beside;
use crate::snapshots::{Of, Sent, SnapshotError, Snapshots};

/// How long after an attempt that failed the same snapshot is tried again.
const RETRY: Duration = Duration::from_secs(60);

/// Where snapshots go, and whose turn it is.
#[derive(Clone)]
pub struct Sharing {
    /// Where they go.
    pub snapshots: Snapshots,
    /// Whether it is this node's turn. Several may think so for a while: one of them succeeds.
    pub turn: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharing").field("snapshots", &self.snapshots).finish_non_exhaustive()
    }
}

/// Sends a snapshot when there is one that was not sent.
pub(super) struct Sender {
    sharing: Sharing,
    running: Option<JoinHandle<()>>,
    /// Up to which position a snapshot is known to be there.
    sent: Arc<AtomicU64>,
    /// The snapshot that was tried last, and when.
    tried: Option<(u64, Instant)>,
}

impl Sender {
    pub(super) fn new(sharing: Sharing) -> Sender {
        Sender { sharing, running: None, sent: Arc::default(), tried: None }
    }

    /// Begins to send the archive in `file`, if its snapshot, of `position`, is worth it.
    pub(super) fn look(&mut self, node: &Arc<Node>, file: &Path, position: u64) {
        if self.running.as_ref().is_some_and(|running| !running.is_finished()) {
            return;
        }
        if self.running.take().is_some_and(|running| running.join().is_err()) {
            tracing::error!("the thread that sends snapshots has failed");
        }
        let done = position <= self.sent.load(Ordering::Relaxed);
        let lately =
            self.tried.is_some_and(|(tried, at)| tried == position && at.elapsed() < RETRY);
        if done || lately || !(self.sharing.turn)() {
            return;
        }
        let sending = Sending {
            node: Arc::downgrade(node),
            snapshots: self.sharing.snapshots.clone(),
            file: file.to_owned(),
            sent: self.sent.clone(),
        };
        self.tried = Some((position, Instant::now()));
        let thread = std::thread::Builder::new().name("chatroom-snapshot".to_owned());
        match thread.spawn(move || sending.run()) {
            Ok(running) => self.running = Some(running),
            Err(error) => tracing::warn!("the snapshot cannot be sent: {error}"),
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.sharing.snapshots.stop();
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

struct Sending {
    node: Weak<Node>,
    snapshots: Snapshots,
    file: PathBuf,
    sent: Arc<AtomicU64>,
}

impl Sending {
    fn run(self) {
        let copy = beside(&self.file, ".sending");
        let done = self.send(&copy);
        let _ = std::fs::remove_file(&copy);
        match done {
            Ok(sent) => {
                let of = &sent.manifest.of;
                self.sent.fetch_max(of.position, Ordering::Relaxed);
                tracing::info!(
                    "the snapshot of entry {} is in the servers: {} bytes, {} of them new",
                    of.position,
                    sent.manifest.bytes,
                    sent.bytes
                );
                let Some(node) = self.node.upgrade() else { return };
                if let Some(shared) = &node.archiving {
                    shared.trim_through(sent.spares);
                    node.queue.nudge();
                }
            }
            Err(StartError::Snapshots(SnapshotError::Stopped | SnapshotError::Overtaken)) => {}
            Err(error) => tracing::warn!("the snapshot was not sent: {error}"),
        }
    }

    fn send(&self, copy: &Path) -> Result<Sent, StartError> {
        let _ = std::fs::remove_file(copy);
        let Some(mark) = archive::copy(&self.file, copy)? else {
            return Err(SnapshotError::Overtaken.into());
        };
        let epoch = self.node.upgrade().map(|node| node.epoch.as_str().to_owned());
        let (Some(epoch), Some((incarnation, seq))) = (epoch, mark.sign.split_once(':')) else {
            return Err(SnapshotError::Stopped.into());
        };
        let of = Of {
            incarnation: incarnation.to_owned(),
            position: mark.position,
            seq: seq.parse().unwrap_or_default(),
            epoch,
            digest: None,
        };
        Ok(self.snapshots.send(copy, &of)?)
    }
}
