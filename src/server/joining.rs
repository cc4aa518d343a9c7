//! How a server becomes one of several nodes that share a log.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::ServerError;
use crate::cluster::{Cluster, Joining};
use crate::config::{Nats, Settings};
use crate::id::NodeId;
use crate::log::jetstream::{Connection, JetstreamLog};
use crate::node::{self, Archiving, Folder, Sharing, StartError};
use crate::snapshots::Snapshots;

/// A snapshot comes after so many entries as the settings say, or fewer: what is counted here is
/// batches, of some entries each.
const TOGETHER: u64 = 8;

/// What a node among others is made of.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) cluster: Arc<Cluster>,
    pub(super) log: JetstreamLog,
    pub(super) archiving: Archiving,
    /// Held for its lock.
    pub(super) folder: Folder,
    /// What may be lost, for the banner.
    pub(super) doubts: Vec<&'static str>,
}

/// Connects, tells the others, and has an archive from which the log can be gone on with.
pub(super) async fn join(nats: &Nats, settings: &Settings) -> Result<Joined, ServerError> {
    let folder = Folder::take(&settings.cluster.folder).map_err(sentence)?;
    let fresh = NodeId::from_random(random()?);
    let connection = Connection::open(nats, &settings.cluster, fresh.as_str()).await;
    let connection = connection.map_err(sentence)?;
    let address = settings.cluster.address.as_ref().map(ToString::to_string);
    let joining = Joining {
        stream: nats.stream.clone(),
        id: NodeId::from_random(random()?),
        address: address.unwrap_or_default(),
        listens: (settings.host, settings.port).into(),
        away: settings.presence.timeout,
        session: settings.sessions.keep,
    };
    let id = joining.id.clone();
    let cluster = Cluster::join(connection.client().clone(), joining).await.map_err(sentence)?;
    let snapshots = load(&folder, &connection).await?;
    let turn = {
        let cluster = Arc::downgrade(&cluster);
        Arc::new(move || cluster.upgrade().is_some_and(|cluster| cluster.leads()))
    };
    let history = &settings.history;
    let archiving = Archiving {
        file: folder.archive(),
        window: history.memory_bytes,
        every: (history.snapshot_entries / TOGETHER).max(1),
        sharing: Some(Sharing { snapshots, turn }),
    };
    let doubts = connection.doubts().to_vec();
    Ok(Joined { cluster, log: JetstreamLog::new(connection, id), archiving, folder, doubts })
}

/// Has the newest snapshot where it is needed.
async fn load(folder: &Folder, connection: &Connection) -> Result<Snapshots, ServerError> {
    let (archive, connection, runtime) = (folder.archive(), connection.clone(), Handle::current());
    let loading = tokio::task::spawn_blocking(move || {
        let (context, stream) = (connection.context().clone(), connection.stream());
        let replicas = connection.replicas();
        let snapshots = Snapshots::open(context, stream, replicas, runtime.clone())?;
        node::join(&archive, connection.incarnation(), &snapshots, || {
            let extent = runtime.block_on(connection.extent());
            extent.map(|(first, _)| first).map_err(StartError::Unreachable)
        })?;
        Ok::<_, StartError>(snapshots)
    });
    loading.await.map_err(sentence)?.map_err(sentence)
}

fn random() -> Result<[u8; 10], ServerError> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(sentence)?;
    Ok(random)
}

fn sentence(error: impl std::fmt::Display) -> ServerError {
    ServerError(error.to_string())
}
