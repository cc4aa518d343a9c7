//! What can fail: servers of NATS, nodes, the wire between them.

use std::time::Duration;

use rand::random_range;

use crate::support::cluster::nats::SERVERS;
use crate::support::cluster::{Cluster, NODES, STREAM, patiently};

/// How long a paused process stands still, and a wire stays cut.
const PAUSE: Duration = Duration::from_secs(10);

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// `kill -9`, and a start within some seconds.
    Kill,
    /// SIGSTOP for ten seconds.
    Pause,
    /// SIGTERM, and a start within some seconds.
    End,
    /// No packet passes between a node and NATS for ten seconds.
    Cut,
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Whom {
    /// The server of NATS that leads the log.
    Leader,
    /// One that does not.
    Follower,
    /// The leader and another one: nothing can be acknowledged.
    TwoServers,
    /// A node.
    Node,
}

/// One fault.
pub(crate) type Fault = (Way, Whom);

/// Every fault; the cut needs network namespaces.
pub(crate) const FAULTS: [Fault; 13] = [
    (Way::Kill, Whom::Leader),
    (Way::Cut, Whom::Node),
    (Way::Kill, Whom::Node),
    (Way::Pause, Whom::Leader),
    (Way::End, Whom::Node),
    (Way::Kill, Whom::TwoServers),
    (Way::Pause, Whom::Node),
    (Way::Kill, Whom::Follower),
    (Way::End, Whom::Leader),
    (Way::Pause, Whom::TwoServers),
    (Way::End, Whom::Follower),
    (Way::Pause, Whom::Follower),
    (Way::End, Whom::TwoServers),
];

/// Lets a fault happen, and mends it. Ends when all is well again.
pub(crate) fn strike(cluster: &mut Cluster, (way, whom): Fault) {
    let mut leader = None;
    patiently("the log has a leader", 60, || {
        leader = cluster.nats.leader(STREAM);
        leader.is_some()
    });
    let leader = leader.unwrap();
    let other = (leader + random_range(1..SERVERS)) % SERVERS;
    let servers = match whom {
        Whom::Leader => vec![leader],
        Whom::Follower => vec![other],
        Whom::TwoServers => vec![leader, other],
        Whom::Node => Vec::new(),
    };
    let nodes = if whom == Whom::Node { vec![random_range(0..NODES)] } else { Vec::new() };
    for node in &nodes {
        match way {
            Way::Kill => cluster.nodes[*node].kill(),
            Way::Pause => cluster.nodes[*node].signal("STOP"),
            Way::End => assert!(cluster.nodes[*node].terminate().success()),
            Way::Cut => cluster.place.cut(*node, true),
        }
    }
    for server in &servers {
        match way {
            Way::Kill => cluster.nats.kill(*server),
            Way::Pause => cluster.nats.signal(*server, "STOP"),
            Way::End => cluster.nats.terminate(*server),
            Way::Cut => unreachable!("only nodes are cut off"),
        }
    }
    // How long it lasts.
    std::thread::sleep(match way {
        Way::Kill | Way::End => Duration::from_millis(random_range(0..4000)),
        Way::Pause | Way::Cut => PAUSE,
    });
    for node in nodes {
        match way {
            Way::Kill | Way::End => cluster.nodes[node].restart(),
            Way::Pause => cluster.nodes[node].signal("CONT"),
            Way::Cut => cluster.place.cut(node, false),
        }
    }
    for server in servers {
        match way {
            Way::Kill | Way::End => cluster.nats.restart(server),
            Way::Pause => cluster.nats.signal(server, "CONT"),
            Way::Cut => unreachable!("only nodes are cut off"),
        }
    }
    cluster.wait();
}
