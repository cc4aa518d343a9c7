//! Where the programs of a cluster run, which address each one has.

use std::net::Ipv4Addr;
use std::process::Command;

use super::keeper;

/// The loopback of this machine, or network namespaces of the test's own.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// On the loopback, at an address that no other process of the tests uses: the whole of
    /// 127.0.0.0/8 is this machine, and every address has all ports for itself.
    Loopback,
    /// In the middle of a star of namespaces; each node has one of its own, with two wires into
    /// the middle: `front`, where requests come from, and `back`, where the servers of NATS are.
    Namespaces,
}

impl Place {
    /// Namespaces, or why there can be none: they need the right to make them.
    pub fn namespaces() -> Result<Place, String> {
        let made = ip(&["netns", "add", &space("try")])
            .and_then(|()| ip(&["netns", "del", &space("try")]));
        made.map(|()| Place::Namespaces)
    }

    /// Makes what has to be there before programs run.
    pub(super) fn prepare(&self, nodes: usize) -> Result<(), String> {
        if *self == Place::Loopback {
            return Ok(());
        }
        let middle = space("middle");
        let within = |args: &[&str]| inside("middle", args);
        ip(&["netns", "add", &middle])?;
        within(&["link", "set", "lo", "up"])?;
        for server in 0..3 {
            within(&["address", "add", &format!("{}/32", self.nats(server)), "dev", "lo"])?;
        }
        within(&["link", "add", "front", "type", "bridge"])?;
        within(&["address", "add", "10.77.0.254/24", "dev", "front"])?;
        within(&["link", "set", "front", "up"])?;
        for node in 0..nodes {
            let name = format!("node{node}");
            ip(&["netns", "add", &space(&name)])?;
            inside(&name, &["link", "set", "lo", "up"])?;
            for wire in ["front", "back"] {
                let (here, there) = (format!("{wire}{node}"), space(&name));
                within(&[
                    "link", "add", &here, "type", "veth", "peer", "name", wire, "netns", &there,
                ])?;
                within(&["link", "set", &here, "up"])?;
                inside(&name, &["link", "set", wire, "up"])?;
            }
            within(&["link", "set", &format!("front{node}"), "master", "front"])?;
            inside(&name, &["address", "add", &format!("{}/24", self.node(node)), "dev", "front"])?;
            let (near, far) = (format!("10.78.{node}.2/30"), format!("10.78.{node}.1"));
            inside(&name, &["address", "add", &near, "dev", "back"])?;
            within(&["address", "add", &format!("{far}/30"), "dev", &format!("back{node}")])?;
            inside(&name, &["route", "add", "10.79.0.0/24", "via", &far])?;
        }
        Ok(())
    }

    /// Takes away what was made.
    pub(super) fn clear(&self, nodes: usize) {
        if *self == Place::Namespaces {
            let names = (0..nodes).map(|node| format!("node{node}")).chain(["middle".to_owned()]);
            names.for_each(|name| drop(ip(&["netns", "del", &space(&name)])));
        }
    }

    /// The address of a server of NATS.
    pub(super) fn nats(&self, server: usize) -> Ipv4Addr {
        match self {
            Place::Loopback => loopback(),
            Place::Namespaces => Ipv4Addr::new(10, 79, 0, 1 + server as u8),
        }
    }

    /// The address of a node.
    pub(super) fn node(&self, node: usize) -> Ipv4Addr {
        match self {
            Place::Loopback => Ipv4Addr::LOCALHOST,
            Place::Namespaces => Ipv4Addr::new(10, 77, 0, 1 + node as u8),
        }
    }

    /// A command that runs in the middle.
    pub fn command(&self, program: &str) -> Command {
        match self {
            Place::Loopback => Command::new(program),
            Place::Namespaces => entering("middle", program),
        }
    }

    /// A command that runs where this node runs.
    pub(super) fn command_of_node(&self, node: usize, program: &str) -> Command {
        match self {
            Place::Loopback => Command::new(program),
            Place::Namespaces => entering(&format!("node{node}"), program),
        }
    }

    /// Cuts a node off from the servers of NATS, or mends that. Nobody is told: packets are lost.
    pub fn cut(&self, node: usize, cut: bool) {
        let state = if cut { "down" } else { "up" };
        inside("middle", &["link", "set", &format!("back{node}"), state]).unwrap();
    }
}

/// An address for this process alone: its number has at most 22 bits.
fn loopback() -> Ipv4Addr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 + high, middle, low)
}

fn space(name: &str) -> String {
    format!("{}-{name}", keeper::namespaces())
}

fn entering(name: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &space(name), program]);
    command
}

fn inside(name: &str, args: &[&str]) -> Result<(), String> {
    let space = space(name);
    ip(&[&["-n", space.as_str()], args].concat())
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(args).output().map_err(|error| format!("ip: {error}"))?;
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    output.status.success().then_some(()).ok_or(format!("ip {}: {why}", args.join(" ")))
}
