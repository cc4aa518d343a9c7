//! A node of a cluster: `chatroom` with the log of a NATS stream.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::super::address_in;
use super::place::Place;
use super::{keeper, signal};

/// A running node, killed when dropped.
pub struct Node {
    child: Child,
    number: usize,
    place: Place,
    port: u16,
    start: Start,
}

/// How a node is started: as a single server would be, but for the store.
#[derive(Clone)]
pub struct Start {
    args: Vec<OsString>,
    envs: Vec<(OsString, Option<OsString>)>,
    program: OsString,
    home: std::path::PathBuf,
}

impl Start {
    /// What `command` would start, with this store in place of its own.
    pub fn like(command: &Command, store: &str) -> Start {
        let mut args: Vec<OsString> = Vec::new();
        let mut given = command.get_args();
        while let Some(arg) = given.next() {
            if arg == "--store" || arg == "--port" {
                given.next();
            } else {
                args.push(arg.to_owned());
            }
        }
        args.extend(["--store", store].map(OsString::from));
        let owned = |value: &OsStr| value.to_owned();
        Start {
            args,
            envs: command.get_envs().map(|(name, value)| (owned(name), value.map(owned))).collect(),
            program: command.get_program().to_owned(),
            home: command.get_current_dir().expect("a home").to_owned(),
        }
    }

    /// Sets a variable of the environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.envs.push((name.into(), Some(value.into())));
    }
}

impl Node {
    /// Starts the node of this number, counted from 0, and waits for its banner.
    pub fn start(place: &Place, number: usize, start: &Start) -> Node {
        let start = start.clone();
        let (child, port) = launch(place, number, 0, &start);
        Node { child, number, place: place.clone(), port, start }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (self.place.node(self.number), self.port).into()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Sends the signal with this name (`STOP`, `CONT`).
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Starts it again where it was, with what it had.
    pub fn restart(&mut self) {
        (self.child, self.port) = launch(&self.place, self.number, self.port, &self.start);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(place: &Place, number: usize, port: u16, start: &Start) -> (Child, u16) {
    let program = start.program.to_str().unwrap();
    let mut command = place.command_of_node(number, program);
    command.current_dir(&start.home).args(&start.args).args(["--port", &port.to_string()]);
    if !start.args.iter().any(|arg| arg == "--host") {
        command.args(["--host", &place.node(number).to_string()]);
    }
    for (name, value) in &start.envs {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // All share the working directory, with its settings and uploads.
    command.env("CHATROOM_CLUSTER_FOLDER", format!("node{number}"));
    let mut child = keeper::spawn(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
    let (_, port) = address.expect("the banner names the address");
    // The rest of the output must be read, or the server would block on a full pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (child, port)
}
