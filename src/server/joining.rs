//! How a server becomes one of several nodes that share a log.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::ServerError;
use crate::cluster::{Cluster, Joining};
use crate::command::Policy;
use crate::config::{self, Nats, Settings};
use crate::id::NodeId;
use crate::log::jetstream::{Connection, JetstreamLog};
use crate::node::{self, Absence, Archiving, Folder, Node, Sharing, StartError};
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

/// A node among the others that serves nobody, for as long as somebody administers the store. What
/// the settings of those that serve say goes on to hold.
#[derive(Debug)]
pub struct Beside {
    node: Arc<Node>,
    folder: PathBuf,
    _folder: Folder,
}

impl Beside {
    /// Joins them, and knows all that was acknowledged. Its history is in a folder that is removed
    /// when it leaves.
    ///
    /// # Errors
    /// The log cannot be joined.
    pub async fn join(nats: &Nats, settings: &Settings) -> Result<Beside, ServerError> {
        let folder = std::env::temp_dir().join(format!("chatroom-admin-{}", std::process::id()));
        let cluster =
            config::Cluster { folder: folder.clone(), address: None, ..settings.cluster.clone() };
        // No port: nobody is to be passed on to it.
        let settings = Settings { cluster, port: 0, ..settings.clone() };
        let begun = Beside::begin(nats, &settings, folder.clone()).await;
        if begun.is_err() {
            let _ = std::fs::remove_dir_all(folder);
        }
        begun
    }

    async fn begin(nats: &Nats, settings: &Settings, path: PathBuf) -> Result<Beside, ServerError> {
        let Joined { cluster, log, archiving, folder, .. } = join(nats, settings).await?;
        // No time runs out here: that is for the others to say.
        let absence = Absence::NEVER;
        let node = tokio::task::block_in_place(|| {
            let (log, policy) = (Box::new(log), None::<Policy>);
            Node::start_among(
                Some(cluster),
                log,
                Some(&archiving),
                policy,
                absence,
                settings.access,
            )
        });
        let node = node.map_err(sentence)?;
        node.catch_up()
            .await
            .map_err(|_| ServerError("The log takes nothing at the moment.".to_owned()))?;
        Ok(Beside { node, folder: path, _folder: folder })
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Says goodbye to the others.
    pub async fn leave(&self) {
        if let Some(cluster) = self.node.cluster() {
            cluster.leave().await;
        }
        tokio::task::block_in_place(|| self.node.stop());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Connects, tells the others, and has an archive from which the log can be gone on with.
pub(super) async fn join(nats: &Nats, settings: &Settings) -> Result<Joined, ServerError> {
    let folder = Folder::take(&settings.cluster.folder).map_err(sentence)?;
    let fresh = NodeId::from_random(random()?);
    let connection = Connection::open(nats, &settings.cluster, fresh.as_str()).await;
    let connection = connection.map_err(sentence)?;
    check_room(nats, settings, &connection)?;
    let address = settings.cluster.address.as_ref().map(ToString::to_string);
    let joining = Joining {
        stream: nats.stream.clone(),
        id: NodeId::from_random(random()?),
        address: address.unwrap_or_default(),
        listens: (settings.host, settings.port).into(),
        // Who leads ends guests that are silent, and has to hear of it by then.
        away: settings.presence.timeout.min(settings.guests.keep),
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

/// Refuses servers that would not take what the settings let a client ask for.
fn check_room(
    nats: &Nats,
    settings: &Settings,
    connection: &Connection,
) -> Result<(), ServerError> {
    // A text stands there once, a name as it was given and as it is looked up. A list of very many
    // short names may come to more: that is refused when it comes.
    let largest = settings.limits.body_bytes.saturating_mul(2);
    let most = connection.most_at_once();
    if largest <= most {
        return Ok(());
    }
    let body = settings.limits.body_bytes;
    Err(ServerError(format!(
        "The servers of {nats} take {most} bytes at once, and a request of {body} bytes \
         (limits.body_bytes) may come to {largest} in the log. Raise max_payload in the settings of \
         nats-server, or lower limits.body_bytes."
    )))
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
