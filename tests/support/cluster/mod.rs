//! Three nodes behind HAProxy over three servers of NATS: real programs, all on this machine.

pub mod alone;
mod keeper;
pub mod nats;
pub mod node;
pub mod place;
pub mod proxy;
pub mod spread;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use nats::Nats;
use node::{Node, Start};
use place::Place;
use proxy::Proxy;

use super::command;

/// How many nodes there are.
pub const NODES: usize = 3;

/// The stream of a cluster's log.
pub const STREAM: &str = "chatroom";

/// A whole cluster, killed when dropped.
pub struct Cluster {
    /// What clients talk to. The fields are dropped in this order.
    pub proxy: Proxy,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The servers that keep the log.
    pub nats: Nats,
    /// Where all that is.
    pub place: Place,
    /// How often a node ended by itself, and was started again.
    pub restarts: usize,
    home: TempDir,
}

impl Cluster {
    /// Starts it on the loopback with this `chatroom.toml`.
    pub fn start(settings: &str) -> Cluster {
        Cluster::start_in(&Place::Loopback, settings, |_, _| ())
    }

    /// Starts it at a place. `prepare` may change the command of the node of a number.
    pub fn start_in(
        place: &Place,
        settings: &str,
        prepare: impl Fn(usize, &mut Command),
    ) -> Cluster {
        place.prepare(NODES).unwrap();
        let home = keeper::folder();
        std::fs::write(home.path().join("chatroom.toml"), settings).unwrap();
        std::fs::write(home.path().join("announcement.txt"), "Welcome!\n").unwrap();
        let nats = Nats::start(place);
        let start = |number| {
            let mut serve = command(home.path());
            serve.arg("serve");
            prepare(number, &mut serve);
            let mut start = Start::like(&serve, &nats.store(STREAM));
            start.set("CHATROOM_CLUSTER_MONITOR", &nats.monitors());
            Node::start(place, number, &start)
        };
        let nodes: Vec<Node> = (0..NODES).map(start).collect();
        let addresses: Vec<_> = nodes.iter().map(Node::address).collect();
        let proxy = Proxy::start(place, &addresses);
        Cluster { proxy, nodes, nats, place: place.clone(), restarts: 0, home }
    }

    /// Waits until all servers and nodes say that they are well, each for itself.
    ///
    /// A node that has ended because it could not go on is started again, as systemd would.
    pub fn wait(&mut self) {
        self.nats.wait();
        patiently("all nodes are well", 60, || {
            self.nodes.iter_mut().enumerate().all(|(number, node)| {
                if let Some(end) = node.ended() {
                    assert_eq!(end.code(), Some(1), "node {number} ended by itself");
                    node.restart();
                    self.restarts += 1;
                }
                self.proxy.answers(number)
            })
        });
    }

    /// The folder in which the nodes run.
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A paused process ends only when it goes on; a killed one does not mind.
        self.nodes.iter_mut().for_each(Node::kill);
        self.place.clear(NODES);
    }
}

/// Waits, without a runtime, until `holds` is true; panics with `what` when it is not in `seconds`.
pub fn patiently(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < deadline, "not in {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a process the signal with this name.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.unwrap().success());
}
