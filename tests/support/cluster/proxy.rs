//! HAProxy in front of the nodes, set up as `deploy/haproxy.cfg` says.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::place::Place;
use super::{keeper, patiently, signal};

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
    /// Listens on a free port of the loopback for the nodes at these addresses.
    pub fn start(place: &Place, nodes: &[SocketAddr]) -> Proxy {
        Proxy::launch(place, 0, settings(nodes))
    }

    /// Listens on this port (0: a free one), and says nothing of whom it asks for: some tests play
    /// the proxy themselves.
    pub fn silent(port: u16, nodes: &[SocketAddr]) -> Proxy {
        let settings = settings(nodes);
        let kept = |line: &&str| !line.contains("X-Forwarded") && !line.contains("forwardfor");
        let settings: Vec<&str> = settings.lines().filter(kept).collect();
        Proxy::launch(&Place::Loopback, port, settings.join("\n") + "\n")
    }

    fn launch(place: &Place, port: u16, settings: String) -> Proxy {
        let folder = keeper::folder();
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, settings).unwrap();
        // It is given the open socket: its port is known, and taken, before it runs. Sockets stay
        // in the namespace where they were made, so a test reaches into the others through it.
        let mut listener = None;
        // One that retires lets go of its port soon.
        patiently("the port is free", 10, || {
            listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
            listener.is_some()
        });
        let listener = listener.unwrap();
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

    /// Has it give away its port, and pass on what is on the way.
    pub fn retire(&self) {
        signal(self.child.id(), "USR1");
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
    let numbered = || (1..).zip(nodes);
    let servers: Vec<String> =
        numbered().map(|(number, address)| format!("    server node{number} {address}")).collect();
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.trim_start() {
            "bind :80 tcp-ut 30s" => lines.push(line.replace(":80", "fd@0")),
            // A test has fewer open files than a machine of its own.
            "maxconn 50000" => lines.push("maxconn 4000".to_owned()),
            "default_backend nodes" => {
                lines.extend(numbered().map(|(number, _)| {
                    format!("    use_backend node{number} if {{ req.hdr({NODE}) {number} }}")
                }));
                lines.push(line.to_owned());
            }
            rest if rest.starts_with("server node1 ") => lines.extend(servers.clone()),
            rest if rest.starts_with("server ") => {}
            _ => lines.push(line.to_owned()),
        }
    }
    // Picked, it is asked even if it says that it is not well.
    for (number, server) in (1..).zip(&servers) {
        lines.push(format!("backend node{number}\n{server}"));
    }
    assert!(lines.iter().any(|line| line.contains("fd@0")), "where it listens");
    lines.join("\n") + "\n"
}

/// The path of this process, and where Debian keeps what is not for everyone.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
