//! A stream that a store is moved to or from: no node is on it.

use std::path::Path;

use tokio::runtime::{Handle, Runtime};

use super::error::StoreError;
use super::line::MoveLine;
use super::new_store::random;
use super::settled::Settling;
use crate::cluster;
use crate::config::{self, Flags, Nats, Settings};
use crate::id::NodeId;
use crate::log::jetstream::{Connection, Vacant};
use crate::snapshots::{self, SnapshotError, Snapshots};

/// The settings that say how servers are reached, and what runs while they are waited for.
pub(super) struct Servers {
    pub(super) settings: Settings,
    runtime: Runtime,
}

impl Servers {
    pub(super) fn of(line: &MoveLine) -> Result<Servers, StoreError> {
        let flags = Flags { config: line.config.clone(), ..Flags::default() };
        let loaded = config::load_here(&flags).map_err(impossible)?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().map_err(impossible)?;
        Ok(Servers { settings: loaded.settings, runtime })
    }
}

/// The stream with its snapshots.
pub(super) struct Stream {
    connection: Connection,
    pub(super) snapshots: Snapshots,
    runtime: Handle,
    /// As it was named.
    name: String,
}

impl Stream {
    /// Begins a stream behind `position`, where there is none.
    pub(super) fn begin(
        servers: &Servers,
        to: &Nats,
        position: u64,
        from: &str,
    ) -> Result<Stream, StoreError> {
        let vacant = Vacant { nats: to, cluster: &servers.settings.cluster };
        let fresh = NodeId::from_random(random()?);
        let snapshots = snapshots::name_of(&to.stream);
        let begun = vacant.begin(fresh.as_str(), position, &snapshots, from);
        Stream::on(servers, to, servers.runtime.block_on(begun).map_err(impossible)?)
    }

    /// Opens a stream that nodes were on.
    pub(super) fn open(servers: &Servers, from: &Nats) -> Result<Stream, StoreError> {
        let vacant = Vacant { nats: from, cluster: &servers.settings.cluster };
        Stream::on(servers, from, servers.runtime.block_on(vacant.find()).map_err(impossible)?)
    }

    fn on(servers: &Servers, nats: &Nats, connection: Connection) -> Result<Stream, StoreError> {
        let runtime = servers.runtime.handle().clone();
        let (context, replicas) = (connection.context().clone(), connection.replicas());
        let snapshots = Snapshots::open(context, connection.stream(), replicas, runtime.clone());
        Ok(Stream { connection, snapshots: snapshots?, runtime, name: nats.to_string() })
    }

    pub(super) fn incarnation(&self) -> &str {
        self.connection.incarnation()
    }

    /// What the stream says of itself behind a message.
    pub(super) fn sign(&self, seq: u64) -> String {
        format!("{}:{seq}", self.connection.incarnation())
    }

    /// Refuses a stream that a node is on.
    pub(super) fn is_quiet(&self) -> Result<(), StoreError> {
        let client = self.connection.client();
        let spoken = cluster::is_spoken_on(client, self.connection.stream());
        match self.runtime.block_on(spoken).map_err(|what| self.unreachable(&what))? {
            false => Ok(()),
            true => Err(StoreError::Impossible(format!(
                "A node runs on {}. Stop all of them first.",
                self.name
            ))),
        }
    }

    /// The message that is the last; one below the first where there is none.
    fn last(&self) -> Result<u64, StoreError> {
        let extent = self.runtime.block_on(self.connection.extent());
        extent.map(|(_, last)| last).map_err(|what| self.unreachable(&what))
    }

    /// Makes the archive of the newest snapshot that can be gone on from; no file if there is none,
    /// and none is needed.
    pub(super) fn load(&self, path: &Path) -> Result<(), StoreError> {
        let join = || {
            let first = self.runtime.block_on(self.connection.extent());
            first.map(|(first, _)| first).map_err(crate::node::StartError::Unreachable)
        };
        crate::node::join(path, self.incarnation(), &self.snapshots, join).map_err(impossible)
    }

    /// Takes everything behind what `settling` has. The last message.
    pub(super) fn read(&self, settling: &mut Settling) -> Result<u64, StoreError> {
        let (first, last) = (settling.state().position() + 1, self.last()?);
        let mut taken = Ok(());
        self.connection.entries(&self.runtime, first, last, &mut |entry| {
            if taken.is_ok() {
                taken = settling.take(entry, |seq| Ok(self.sign(seq)));
            }
        })?;
        taken?;
        settling.hand_over(|seq| Ok(self.sign(seq)))?;
        Ok(last)
    }

    /// Refuses a stream that has grown meanwhile: a node was started on it.
    pub(super) fn ends_at(&self, last: u64) -> Result<(), StoreError> {
        self.is_quiet()?;
        match self.last()? == last {
            true => Ok(()),
            false => Err(StoreError::Impossible(format!(
                "Something was written to {} meanwhile. Stop all nodes, then try again.",
                self.name
            ))),
        }
    }

    /// From now on nodes start on it.
    pub(super) fn is_whole(&self) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.connection.is_whole());
        done.map_err(|what| self.unreachable(&what))
    }

    /// From now on none does: it goes on there.
    pub(super) fn moved_to(&self, place: &str) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.connection.moved_to(place));
        done.map_err(|what| self.unreachable(&what))
    }

    fn unreachable(&self, what: &str) -> StoreError {
        StoreError::Impossible(format!("{} cannot be used: {what}.", self.name))
    }
}

fn impossible(error: impl std::fmt::Display) -> StoreError {
    StoreError::Impossible(error.to_string())
}

impl From<SnapshotError> for StoreError {
    fn from(error: SnapshotError) -> StoreError {
        match error {
            SnapshotError::Damaged { .. } => StoreError::Damaged(error.to_string()),
            _ => StoreError::Impossible(error.to_string()),
        }
    }
}
