//! Any test of one server against three nodes: `CHATROOM_TEST_CLUSTER=1 cargo test --test NAME`.
//!
//! A [`Server`](super::super::Server) is then the first of three nodes with the same settings
//! behind HAProxy, whose port it says is its own: one request after the other comes to another
//! node. All servers of a process share three servers of NATS; each store is a stream of its own.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::NODES;
use super::nats::Nats;
use super::node::{Node, Start};
use super::place::Place;
use super::proxy::Proxy;

/// Kept until the process ends, and ended by its keeper.
static NATS: LazyLock<Nats> = LazyLock::new(|| Nats::start(&Place::Loopback));

/// Whether a server shall be three nodes.
pub fn asked() -> bool {
    std::env::var("CHATROOM_TEST_CLUSTER").is_ok_and(|asked| asked == "1")
}

/// Three nodes in place of one server.
pub struct Spread {
    proxy: Option<Proxy>,
    /// The nodes.
    pub nodes: Vec<Node>,
}

impl Spread {
    /// Starts three of what `command` would start, behind the port it names.
    pub fn start(command: &Command) -> Spread {
        let args: Vec<&str> = command.get_args().filter_map(|arg| arg.to_str()).collect();
        let after = |flag: &str| {
            let at = args.iter().position(|arg| *arg == flag);
            at.map(|at| args[at + 1])
        };
        let home = command.get_current_dir().expect("a home");
        let mut start = Start::like(command, &store(home, after("--store")));
        start.set("CHATROOM_CLUSTER_MONITOR", &NATS.monitors());
        let nodes: Vec<Node> =
            (0..NODES).map(|number| Node::start(&Place::Loopback, number, &start)).collect();
        let addresses: Vec<_> = nodes.iter().map(Node::address).collect();
        let port = after("--port").map_or(0, |port| port.parse().unwrap());
        Spread { proxy: Some(Proxy::silent(port, &addresses)), nodes }
    }

    /// The port that clients know.
    pub fn port(&self) -> u16 {
        self.proxy.as_ref().expect("it runs").port()
    }

    /// Waits for the end of all: the first failure, if there is one.
    pub fn wait(&mut self) -> ExitStatus {
        let ends: Vec<ExitStatus> = self.nodes.iter_mut().map(Node::wait).collect();
        if let Some(proxy) = &self.proxy {
            proxy.retire();
        }
        *ends.iter().find(|end| !end.success()).unwrap_or(&ends[0])
    }

    /// Breaks all connections, once the nodes are gone.
    pub fn close(&mut self) {
        self.proxy = None;
    }
}

/// The stream in place of a store: the same one whenever that is opened again.
pub fn store(home: &Path, store: Option<&str>) -> String {
    static FRESH: AtomicU32 = AtomicU32::new(0);
    let store = store.unwrap_or("sqlite:chatroom.db");
    let mut hasher = DefaultHasher::new();
    (home, store).hash(&mut hasher);
    if store == "memory:" {
        FRESH.fetch_add(1, Ordering::Relaxed).hash(&mut hasher);
    }
    NATS.store(&format!("store-{:016x}", hasher.finish()))
}
