//! Three servers of NATS, which keep the log together.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use super::keeper;
use super::place::Place;
use super::{patiently, signal};

/// Three servers, killed when dropped.
pub struct Nats {
    place: Place,
    /// Tells the ports of one trio from those of another in the same process.
    shift: u16,
    servers: Vec<Child>,
    folder: TempDir,
}

/// How many servers there are.
pub const SERVERS: usize = 3;

impl Nats {
    /// Starts three servers, each with an empty folder, and waits until they have a leader.
    pub fn start(place: &Place) -> Nats {
        static TRIOS: AtomicU16 = AtomicU16::new(0);
        let shift = 10 * TRIOS.fetch_add(1, Ordering::Relaxed);
        let folder = keeper::folder();
        let mut nats = Nats { place: place.clone(), shift, servers: Vec::new(), folder };
        for server in 0..SERVERS {
            std::fs::write(nats.file(server, "conf"), nats.settings(server)).unwrap();
            nats.servers.push(nats.launch(server));
        }
        nats.wait();
        nats
    }

    /// The setting `store` of a node, with this stream.
    pub fn store(&self, stream: &str) -> String {
        let servers: Vec<String> = (0..SERVERS).map(|server| self.address(server)).collect();
        format!("nats://{}/{stream}", servers.join(","))
    }

    /// Where a server takes clients.
    pub fn address(&self, server: usize) -> String {
        self.listens(server, 4222)
    }

    /// The setting `cluster.monitor` of a node.
    pub fn monitors(&self) -> String {
        let all: Vec<String> = (0..SERVERS).map(|server| self.monitor(server)).collect();
        all.join(",")
    }

    /// Where a server says how it is.
    fn monitor(&self, server: usize) -> String {
        format!("http://{}", self.listens(server, 8222))
    }

    /// The server that leads this stream, if one does.
    pub fn leader(&self, stream: &str) -> Option<usize> {
        (0..SERVERS).find_map(|server| {
            let all = self.ask(server, "/jsz?acc=$G&streams=true")?;
            let streams = all["account_details"][0]["stream_detail"].as_array()?;
            let found = streams.iter().find(|detail| detail["name"] == stream)?;
            let name = found["cluster"]["leader"].as_str()?;
            name.strip_prefix("nats-")?.parse().ok()
        })
    }

    /// Waits until all servers say that they are well and have caught up.
    pub fn wait(&self) {
        patiently("all servers of NATS are well", 60, || {
            (0..SERVERS).all(|server| {
                self.ask(server, "/healthz").is_some_and(|health| health["status"] == "ok")
            })
        });
    }

    /// `kill -9`.
    pub fn kill(&mut self, server: usize) {
        let _ = self.servers[server].kill();
        self.servers[server].wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self, server: usize) {
        self.signal(server, "TERM");
        self.servers[server].wait().unwrap();
    }

    /// Sends the signal with this name (`STOP`, `CONT`).
    pub fn signal(&self, server: usize, name: &str) {
        signal(self.servers[server].id(), name);
    }

    /// Starts a server again that has ended, with what it had.
    pub fn restart(&mut self, server: usize) {
        self.servers[server] = self.launch(server);
    }

    fn launch(&self, server: usize) -> Child {
        let program = program();
        let mut command = self.place.command(program.to_str().unwrap());
        command.arg("-c").arg(self.file(server, "conf"));
        let log = std::fs::File::options().create(true).append(true).open(self.file(server, "log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.unwrap());
        keeper::spawn(&mut command)
    }

    /// What `deploy/nats-server.conf` says, with the addresses of this trio.
    fn settings(&self, server: usize) -> String {
        let routes: Vec<String> =
            (0..SERVERS).map(|server| format!("nats://{}", self.listens(server, 6222))).collect();
        format!(
            "server_name: nats-{server}\nlisten: {}\nhttp: {}\n\
             jetstream {{ store_dir: \"{}/{server}\", sync_interval: always }}\n\
             cluster {{ name: chatroom, listen: {}, routes: [{}] }}\n",
            self.address(server),
            self.listens(server, 8222),
            self.folder.path().display(),
            self.listens(server, 6222),
            routes.join(", "),
        )
    }

    fn listens(&self, server: usize, port: u16) -> String {
        format!("{}:{}", self.place.nats(server), port + self.shift + server as u16)
    }

    fn file(&self, server: usize, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{server}.{ending}"))
    }

    fn ask(&self, server: usize, path: &str) -> Option<Value> {
        let mut curl = self.place.command("curl");
        curl.args(["--silent", "--noproxy", "*", "--max-time", "2"]);
        let output = curl.arg(format!("{}{path}", self.monitor(server))).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// The server that `script/setup` has put next to the other clients.
pub fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/clients/nats/usr/sbin/nats-server")
}

/// A NATS server's opinion on a file of settings: nothing, or what is wrong.
pub fn opinion(settings: &Path) -> Result<(), String> {
    let output = Command::new(program()).arg("-t").arg("-c").arg(settings).output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or(says)
}
