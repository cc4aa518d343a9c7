//! Snapshots in the servers of NATS: what was sent is what is loaded, or nothing is.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod bucket;
mod joining;
mod moving;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use async_nats::jetstream::{self, Context};
use chatroom::snapshots::{Of, Snapshots};
use support::cluster::nats::Nats;
use support::cluster::place::Place;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// The servers, which all tests share; each has a log of its own in them.
static NATS: LazyLock<Nats> = LazyLock::new(|| Nats::start(&Place::Loopback));

/// A log's snapshots, and the servers as anybody sees them.
struct World {
    stream: String,
    context: Context,
}

impl World {
    fn new() -> World {
        static LOGS: AtomicU32 = AtomicU32::new(0);
        let stream = format!("log{}", LOGS.fetch_add(1, Ordering::Relaxed));
        let address = NATS.address(0);
        let _inside = RUNTIME.enter();
        let client = RUNTIME.block_on(async_nats::connect(address)).unwrap();
        World { stream, context: jetstream::new(client) }
    }

    /// The snapshots as one node has them.
    fn snapshots(&self) -> Snapshots {
        Snapshots::open(self.context.clone(), &self.stream, 3, RUNTIME.handle().clone()).unwrap()
    }

    /// How many messages there are: chunks, and the catalogue.
    fn messages(&self) -> usize {
        let name = format!("{}-snapshots", self.stream);
        RUNTIME.block_on(async {
            let Ok(stream) = self.context.get_stream(name).await else { return 0 };
            stream.get_info().await.unwrap().state.messages as usize
        })
    }

    /// Puts something else in the place of a chunk.
    fn damage(&self, chunk: &str) {
        let subject = format!("{}-snapshots.chunk.{chunk}", self.stream);
        RUNTIME.block_on(async {
            let sent = self.context.publish(subject, "something else".into()).await.unwrap();
            sent.await.unwrap();
        });
    }
}

fn of(position: u64) -> Of {
    Of {
        incarnation: "a2b3".to_owned(),
        position,
        seq: position / 2,
        epoch: "k6gq4zxe52ynkmd7".to_owned(),
        digest: None,
    }
}
