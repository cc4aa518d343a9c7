//! HAProxy in front of the nodes, set up as `deploy/haproxy.cfg` says.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::keeper;
use super::place::Place;

/// The header by which a test picks a node: `1`, `2`, `3`.
const NODE: &str = "X-Node";

/// The header line that picks the node of this number, counted from 0.
pub fn picks(node: usize) -> String {
    format!("{NODE}: {}\r\n", node + 1)
}

/// A running HAProxy, killed when dropped.
pub struct Proxy {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Proxy {
    /// Listens on this port of the loopback (0: any) for the nodes at these addresses.
    pub fn start(place: &Place, port: u16, nodes: &[SocketAddr]) -> Proxy {
        let folder = keeper::folder();
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, settings(nodes)).unwrap();
        // It is given the open socket: its port is known, and taken, before it runs. Sockets stay
        // in the namespace where they were made, so a test reaches into the others through it.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut command = place.command("haproxy");
        command.env("PATH", path()).args(["-db", "-f"]).arg(file);
        command.stdin(OwnedFd::from(listener)).stdout(Stdio::null());
        Proxy { child: keeper::spawn(&mut command), port, _folder: folder }
    }

    /// The port that clients know.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the node of this number, counted from 0, says that it is well.
    pub fn answers(&self, node: usize) -> bool {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--noproxy", "*", "--max-time", "2", "--output"]);
        curl.arg("/dev/null").arg("--header").arg(picks(node).trim_end());
        curl.arg(format!("http://127.0.0.1:{}/api/health", self.port));
        curl.status().unwrap().success()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The settings of `deploy/`, with these nodes, and a way to pick one of them.
fn settings(nodes: &[SocketAddr]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("deploy/haproxy.cfg")).unwrap();
    let (before, after) = text.split_once("bind :80 ").expect("where it listens");
    let (before, after) = (before.to_owned() + "bind fd@0 ", after);
    // A test has fewer open files than a machine of its own.
    let before = before.replace("maxconn 50000", "maxconn 4000");
    let kept = |line: &&str| !line.trim_start().starts_with("server ");
    let after: Vec<&str> = after.lines().filter(kept).collect();
    let mut text = before + &after.join("\n");
    for (number, address) in nodes.iter().enumerate().map(|(at, address)| (at + 1, address)) {
        // Picked, it is asked even if it says that it is not well.
        text += &format!("\n    use-server node{number} if {{ req.hdr({NODE}) {number} }}");
        text += &format!("\n    force-persist if {{ req.hdr({NODE}) {number} }}");
        text += &format!("\n    server node{number} {address}");
    }
    text + "\n"
}

/// The path of this process, and where Debian keeps what is not for everyone.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
