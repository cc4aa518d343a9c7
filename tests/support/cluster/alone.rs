//! A server of NATS by itself.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::nats::program;
use super::{keeper, patiently};

/// A running server, killed when dropped.
pub struct Alone {
    child: Child,
    address: String,
    monitor: String,
    _folder: TempDir,
}

impl Alone {
    /// Starts one with `jetstream` in that block of its settings, and `more` beside it.
    pub fn start(jetstream: &str, more: &str) -> Alone {
        let folder = keeper::folder();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (address, monitor) = (free(), free());
        let store = folder.path().join("store");
        let settings = format!(
            "listen: {address}\nhttp: {monitor}\n{more}\n\
             jetstream {{ store_dir: {:?}, {jetstream} }}\n",
            store.display()
        );
        let file = folder.path().join("nats.conf");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(program());
        command.arg("-c").arg(&file).stdin(Stdio::null());
        let child = keeper::spawn(command.stdout(Stdio::null()).stderr(Stdio::null()));
        patiently("the server takes connections", 30, || {
            [&address, &monitor].iter().all(|address| TcpStream::connect(address).is_ok())
        });
        Alone { child, address, monitor, _folder: folder }
    }

    /// The setting `store` of a node, with this stream.
    pub fn store(&self, stream: &str) -> String {
        format!("nats://{}/{stream}", self.address)
    }

    /// The setting `cluster.monitor` of a node.
    pub fn monitor(&self) -> String {
        format!("http://{}", self.monitor)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
