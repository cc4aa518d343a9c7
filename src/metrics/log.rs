//! What the log takes: time, syncs, batches.

use prometheus::{Histogram, HistogramOpts, Registry};

use super::kept;

/// Bounds of times, in seconds: from a page that the system takes to a disk that hangs.
const SECONDS: [f64; 14] =
    [2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5, 2.0];

/// Bounds of batches, in entries.
const ENTRIES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// What whoever writes the log counts.
#[derive(Clone, Debug)]
pub struct LogFigures {
    /// How long a batch takes until it is as durable as it is to be, in seconds.
    pub append: Histogram,
    /// How much of that is the commit, in seconds: with durability "full" the sync of the disk.
    pub sync: Histogram,
    /// Entries in a batch.
    pub batch: Histogram,
}

impl LogFigures {
    pub(super) fn new(registry: &Registry) -> LogFigures {
        let histogram = |name: &str, help: &str, bounds: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
            kept(registry, Histogram::with_opts(options))
        };
        LogFigures {
            append: histogram(
                "chatroom_log_append_seconds",
                "Time until a batch is as durable as the setting durability says.",
                &SECONDS,
            ),
            sync: histogram(
                "chatroom_log_sync_seconds",
                "The part of it that the commit takes; with durability = \"full\" the disk's sync.",
                &SECONDS,
            ),
            batch: histogram(
                "chatroom_log_batch_entries",
                "Entries that became durable together.",
                &ENTRIES,
            ),
        }
    }
}
