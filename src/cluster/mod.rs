//! What the nodes that share a log say to each other beside it: soft, over core NATS.
//!
//! Nothing here is needed for what is written to be right; it is for who is live, who is here, and
//! what is told at once. A message may be lost: heartbeats come again, news are numbered and asked
//! for. A node that is alone has no [`Cluster`].
//!
//! Reading order: `message` is what is said, `bus` where; `peers` are the other nodes, `digests`
//! whether their states agree; `voice` is the task that speaks and listens.

mod bus;
mod digests;
mod message;
mod peers;
mod voice;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, mpsc, watch};

use crate::clock;
use crate::id::NodeId;
use crate::presence::Presence;
use crate::timestamp::Timestamp;
use bus::Bus;
pub use bus::is_spoken_on;
pub use digests::Difference;
use digests::Digests;
pub use message::{Beat, Emit, Message, Says};
pub use peers::{LEASE, Peer, Peers};

/// How long a node waits after its first word until it goes on: by then whoever is live has heard
/// of it, and waits for it before telling a success.
const INTRODUCED: Duration = Duration::from_millis(600);

/// This node among the others.
#[derive(Debug)]
pub struct Cluster {
    id: NodeId,
    since: Timestamp,
    address: RwLock<String>,
    /// The address that the server of NATS sees.
    seen: Option<IpAddr>,
    peers: Peers,
    presence: Arc<Presence>,
    digests: Mutex<Digests>,
    difference: watch::Sender<Option<Difference>>,
    applied: watch::Sender<u64>,
    /// What is to be said; the task of `voice` says it.
    words: mpsc::UnboundedSender<Says>,
    listeners: Mutex<Vec<mpsc::UnboundedSender<Arc<Message>>>>,
    leaving: watch::Sender<bool>,
    /// The others should know something new of this node at once.
    hurry: Notify,
}

/// Who joins.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The name of the stream that the nodes share.
    pub stream: String,
    /// The id of this one.
    pub id: NodeId,
    /// Where it is reached over HTTP, as `host:port`; empty if that is where it listens.
    pub address: String,
    /// Where it will listen. With the port 0 that is not known yet.
    pub listens: SocketAddr,
    /// After how long without a sign the others hear that somebody is not here any more.
    pub away: Duration,
    /// After how long without use a session ends.
    pub session: Duration,
}

/// The other nodes cannot be talked with.
#[derive(Debug, thiserror::Error)]
#[error("The other nodes cannot be talked with: {0}.")]
pub struct JoinError(String);

impl Cluster {
    /// Joins the other nodes, which know of this one when it returns. So: join first, then catch
    /// up with the log, then serve. What is acknowledged after that was applied here.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn join(
        client: async_nats::Client,
        joining: Joining,
    ) -> Result<Arc<Cluster>, JoinError> {
        let seen = client.server_info().client_ip.parse().ok();
        let (words, to_say) = mpsc::unbounded_channel();
        let bus = Bus::open(client, &joining.stream).await.map_err(JoinError)?;
        let cluster = Arc::new(Cluster {
            id: joining.id,
            since: clock::now(),
            address: RwLock::new(joining.address),
            seen,
            peers: Peers::new(),
            presence: Arc::new(Presence::shared()),
            digests: Mutex::default(),
            difference: watch::Sender::new(None),
            applied: watch::Sender::new(0),
            words,
            listeners: Mutex::default(),
            leaving: watch::Sender::new(false),
            hurry: Notify::new(),
        });
        if joining.listens.port() != 0 {
            cluster.listens_at(joining.listens);
        }
        let pace = voice::Pace::new(joining.away, joining.session);
        tokio::spawn(voice::run(cluster.clone(), bus, to_say, pace));
        tokio::time::sleep(INTRODUCED).await;
        Ok(cluster)
    }

    /// The id of this node.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// This node is reached there over HTTP, if nobody has said otherwise. One that listens at all
    /// its addresses is reached at the one by which the servers of NATS know it.
    pub fn listens_at(&self, address: SocketAddr) {
        let seen = self.seen.filter(|_| address.ip().is_unspecified());
        let mut known = self.address.write();
        if known.is_empty() {
            *known = SocketAddr::new(seen.unwrap_or(address.ip()), address.port()).to_string();
            self.hurry.notify_one();
        }
    }

    /// Whether no live node has been there longer: then nobody knows better who is here.
    pub fn is_eldest(&self) -> bool {
        self.peers.none_before(self.since, &self.id)
    }

    /// The other nodes.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Who is here, on all nodes.
    pub fn presence(&self) -> &Arc<Presence> {
        &self.presence
    }

    /// Whether this is the node that does what only one should do: the live one with the lowest
    /// id. Two may think so for as long as a lease.
    pub fn leads(&self) -> bool {
        self.peers.none_below(&self.id)
    }

    /// This node has applied the log up to this sequence. The others are told at once, the newest
    /// counting.
    pub fn applied(&self, seq: u64) {
        self.peers.applied_here(seq);
        self.applied.send_replace(seq);
    }

    /// What this node's state came to at a position.
    pub fn reached(&self, position: u64, digest: &str) {
        self.digests.lock().here(position, digest.to_owned());
        self.say(Says::Digest { position, digest: digest.to_owned() });
    }

    /// Resolves when this node's state is found to differ from what most others have: it must stop.
    pub async fn differs(&self) -> Difference {
        let mut difference = self.difference.subscribe();
        match difference.wait_for(Option::is_some).await.map(|found| found.clone()) {
            Ok(Some(found)) => found,
            _ => std::future::pending().await,
        }
    }

    /// Says something to the others, as soon as possible.
    pub fn say(&self, says: Says) {
        let _ = self.words.send(says);
    }

    /// Everything that the others say from now on. The receiver must keep up.
    pub fn hear(&self) -> mpsc::UnboundedReceiver<Arc<Message>> {
        let (listener, heard) = mpsc::unbounded_channel();
        self.listeners.lock().push(listener);
        heard
    }

    /// Says goodbye, so that nobody waits for this node's lease to end.
    pub async fn leave(&self) {
        self.leaving.send_replace(true);
        // The task of `voice` has its end of this channel until it has spoken its last.
        let _ = tokio::time::timeout(INTRODUCED, self.words.closed()).await;
    }
}
