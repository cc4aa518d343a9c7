//! Nodes in this process, each with a runtime that can be killed.

use std::sync::Arc;
use std::time::Duration;

use chatroom::cluster::{Cluster, Joining};
use chatroom::id::NodeId;
use tokio::runtime::Runtime;

use super::nats::Nats;

/// After how long without a sign nobody is online any more.
pub(crate) const AWAY: Duration = Duration::from_secs(60);

/// A node with nothing around it.
pub(crate) struct Member {
    pub(crate) cluster: Arc<Cluster>,
    /// None when it is dead.
    runtime: Option<Runtime>,
}

impl Member {
    /// Joins the nodes on this server.
    pub(crate) fn join(nats: &Nats, number: u8) -> Member {
        let runtime = Runtime::new().unwrap();
        let cluster = runtime
            .block_on(async { Cluster::join(nats.client().await, joining(number)).await.unwrap() });
        Member { cluster, runtime: Some(runtime) }
    }

    /// Its tasks end where they stand, as with a killed process.
    pub(crate) fn kill(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    /// It says goodbye.
    pub(crate) fn leave(&mut self) {
        let runtime = self.runtime.take().unwrap();
        runtime.block_on(self.cluster.leave());
        runtime.shutdown_background();
    }

    /// Does something as one of its tasks would.
    pub(crate) fn within<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(future)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The node of this number, whose id is as high as that.
pub(crate) fn id(number: u8) -> NodeId {
    NodeId::from_random([number; 10])
}

fn joining(number: u8) -> Joining {
    Joining {
        stream: "test".to_owned(),
        id: id(number),
        address: String::new(),
        listens: ([127, 0, 0, 1], number.into()).into(),
        away: AWAY,
        session: Duration::from_secs(1),
    }
}
