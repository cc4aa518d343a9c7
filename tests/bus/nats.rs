//! One nats-server on a free port.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running server, killed when dropped.
pub(crate) struct Nats {
    child: Child,
    address: SocketAddr,
}

impl Nats {
    /// Starts one that keeps nothing.
    pub(crate) fn start() -> Nats {
        let address = free_address();
        let port = address.port().to_string();
        let mut command = Command::new(program());
        command.args(["-a", "127.0.0.1", "-p", &port]).stderr(Stdio::null());
        let nats = Nats { child: command.spawn().unwrap(), address };
        until("nats-server takes connections", || TcpStream::connect(address).is_ok());
        nats
    }

    /// A connection to it.
    pub(crate) async fn client(&self) -> async_nats::Client {
        async_nats::connect(self.address.to_string()).await.unwrap()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Waits until `holds`; panics with `what` when it takes too long.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The server that `script/setup` has put next to the other clients.
fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("tests/clients/nats/usr/sbin/nats-server");
    let what = "nats-server is not installed: script/test installs what the tests need";
    assert!(program.exists(), "{what}");
    program
}
