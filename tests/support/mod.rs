//! The real binary on a free port, and a small client for it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this module")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

pub mod account;
pub mod answers;
pub mod chat;
pub mod checker;
pub mod cluster;
pub mod events;
pub mod process;
pub mod raw;
pub mod streams;
pub mod went;
pub mod wire;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use cluster::NODES;
use cluster::node::Node;
use cluster::spread::{self, Spread};

/// A running `chatroom`, killed when dropped.
pub struct Server {
    runs: Runs,
    scheme: &'static str,
    port: u16,
    home: PathBuf,
    /// Owned when the server was started in a folder made for it.
    _made: Option<TempDir>,
}

/// The archives beside the default store of a server in `home`: that of each node.
pub fn archives(home: &Path) -> Vec<PathBuf> {
    match spread::asked() {
        false => vec![home.join("chatroom.db-archive")],
        true => (0..NODES).map(|number| home.join(format!("node{number}/archive.db"))).collect(),
    }
}

/// Asserts that this is the answer: at once or, where another node is asked than the one that
/// knows, in a moment.
pub async fn is_soon<T: PartialEq + std::fmt::Debug>(wanted: T, mut ask: impl AsyncFnMut() -> T) {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if !spread::asked() || answer == wanted || began.elapsed() > Duration::from_secs(10) {
            assert_eq!(answer, wanted);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What runs.
enum Runs {
    One(Child),
    /// Three in its place, with `CHATROOM_TEST_CLUSTER=1`.
    Spread(Spread),
}

impl Server {
    /// Starts `chatroom serve` in a new folder with `--store memory:`.
    pub fn memory() -> Server {
        Server::start(&["--store", "memory:"])
    }

    /// Starts `chatroom serve --port 0 ARGS…` in a new folder.
    pub fn start(args: &[&str]) -> Server {
        let made = tempfile::tempdir().unwrap();
        let mut server = Server::start_in(made.path(), args);
        server._made = Some(made);
        server
    }

    /// Starts `chatroom serve --port 0 --store memory:` in a new folder with this `chatroom.toml`.
    pub fn configured(settings: &str) -> Server {
        let made = tempfile::tempdir().unwrap();
        std::fs::write(made.path().join("chatroom.toml"), settings).unwrap();
        let mut server = Server::start_in(made.path(), &["--store", "memory:"]);
        server._made = Some(made);
        server
    }

    /// Starts `chatroom serve --port 0` in a new folder, where `root` may administer; gives the
    /// token of a session of root.
    pub fn with_root() -> (Server, String) {
        let made = tempfile::tempdir().unwrap();
        let administer = |words: &[&str]| {
            let mut command = command(made.path());
            command.arg("admin").args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        administer(&["create", "--admin", "root"]);
        let token = administer(&["token", "root"]);
        let mut server = Server::start_in(made.path(), &[]);
        server._made = Some(made);
        (server, token)
    }

    /// Starts it in `home`, which stays when the server goes: a second start there is a restart.
    pub fn start_in(home: &Path, args: &[&str]) -> Server {
        Server::launch(home, command(home).args(["serve", "--port", "0"]).args(args))
    }

    /// Starts what `command` says, whose banner names the port.
    pub fn launch(home: &Path, command: &mut Command) -> Server {
        Server::try_launch(home, command).expect("the banner names the address")
    }

    /// The same; or how it ended, if it did so without a banner.
    pub fn try_launch(home: &Path, command: &mut Command) -> Result<Server, ExitStatus> {
        let announcement = home.join("announcement.txt");
        if !announcement.exists() {
            std::fs::write(announcement, "Welcome!\n").unwrap();
        }
        if spread::asked() {
            let spread = Spread::start(command);
            let port = spread.port();
            let runs = Runs::Spread(spread);
            let home = home.to_owned();
            return Ok(Server { runs, scheme: "http", port, home, _made: None });
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        let Some((scheme, port)) = address else {
            return Err(child.wait().unwrap());
        };
        // The rest of the output must be read, or the server would block on a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let runs = Runs::One(child);
        Ok(Server { runs, scheme, port, home: home.to_owned(), _made: None })
    }

    /// The address of `path` on this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder it runs in.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The process id; that of the first of three.
    pub fn pid(&self) -> u32 {
        match &self.runs {
            Runs::One(child) => child.id(),
            Runs::Spread(spread) => spread.nodes[0].pid(),
        }
    }

    /// `kill -9`, and waits until the process is gone.
    pub fn kill(&mut self) {
        match &mut self.runs {
            Runs::One(child) => {
                let _ = child.kill();
                child.wait().unwrap();
            }
            Runs::Spread(spread) => {
                spread.nodes.iter_mut().for_each(Node::kill);
                spread.close();
            }
        }
    }

    /// SIGTERM, and waits for the end: how it ended and how long that took.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        self.signal("TERM");
        let status = match &mut self.runs {
            Runs::One(child) => child.wait().unwrap(),
            Runs::Spread(spread) => spread.wait(),
        };
        (status, started.elapsed())
    }

    /// Sends the signal with this name (`TERM`, `STOP`, `CONT`).
    pub fn signal(&self, name: &str) {
        match &self.runs {
            Runs::One(child) => cluster::signal(child.id(), name),
            Runs::Spread(spread) => spread.nodes.iter().for_each(|node| node.signal(name)),
        }
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// A client of this server with its own pool of connections.
    pub fn client(&self) -> Client {
        Client { http: reqwest::Client::new(), base: self.url("") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Runs::One(child) = &mut self.runs {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// `chatroom` in `home`, with none of the caller's settings in its environment.
pub fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatroom"));
    command.current_dir(home);
    for (name, _) in std::env::vars() {
        if name.starts_with("CHATROOM_")
            || ["HOST", "PORT", "DATABASE_URL"].contains(&name.as_str())
        {
            command.env_remove(name);
        }
    }
    if spread::asked() {
        command.env("CHATROOM_STORE", spread::store(home, None));
    }
    command
}

/// The scheme and the port of the address that a line of the banner names.
pub fn address_in(line: &str) -> Option<(&'static str, u16)> {
    let (before, after) = line.split_once("://")?;
    let scheme = if before.ends_with("https") { "https" } else { "http" };
    let digits: String =
        after.rsplit(':').next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((scheme, digits.parse().ok()?))
}

/// A JSON client: every answer as status and body.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// The `reqwest` client beneath.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.http.get(self.url(path))).await
    }

    /// `GET path` with these query parameters.
    pub async fn query(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        answer(self.http.get(self.url(path)).query(query)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.http.post(self.url(path)).json(&body)).await
    }

    /// Registers each name; panics unless all are free.
    pub async fn register(&self, names: &[&str]) {
        for name in names {
            let (status, body) =
                self.post("/register", serde_json::json!({ "username": name })).await;
            assert_eq!(status, 200, "{body}");
        }
    }

    /// Sends and gives the id of the new message, which a `client_msg_id` asks for.
    pub async fn send(&self, sender: &str, recipient: &str, message: &str, key: &str) -> u64 {
        let body = serde_json::json!({
            "sender": sender, "recipient": recipient, "message": message, "client_msg_id": key,
        });
        let (status, body) = self.post("/send", body).await;
        assert_eq!(status, 200, "{body}");
        body["id"].as_u64().unwrap()
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text:?}"));
    (status, body)
}
