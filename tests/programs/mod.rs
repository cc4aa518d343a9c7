//! Client programs in other languages, run as children of a test.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this module")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long one line of output may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command, run by bash in the project's folder, as its reader would type it.
///
/// `python3` is the one that has the clients' modules. Whatever it starts ends with it, after
/// `seconds` at the latest.
pub fn shell(line: &str, seconds: u32) -> Command {
    let venv =
        installed("tests/clients/.venv/installed", "the Python clients").with_file_name("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(venv).chain(std::env::split_paths(&path));
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", &seconds.to_string(), "bash", "-c", line])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("PYTHONUNBUFFERED", "1");
    // What cargo tells a test would make a cargo inside it build everything anew.
    for (name, _) in std::env::vars() {
        let of_cargo = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_PRIMARY_", "CARGO_CRATE_"];
        if of_cargo.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end and gives what it printed; panics with that when it fails.
pub fn output(line: &str, seconds: u32) -> String {
    let output = shell(line, seconds).stdin(Stdio::null()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{}\n{printed}\n{errors}", output.status);
    printed.into_owned()
}

/// Panics with what to do unless each of these programs is installed.
pub fn need(programs: &[&str]) {
    for program in programs {
        let found = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
        });
        assert!(found, "{program} is not installed: script/test installs what the tests need");
    }
}

/// Panics with what to do unless `npm` installed the JavaScript clients.
pub fn need_node_modules() {
    need(&["node"]);
    installed("tests/clients/node_modules/installed", "the JavaScript clients");
}

fn installed(marker: &str, what: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(marker);
    assert!(path.exists(), "{what} are not installed: script/test installs what the tests need");
    path
}

/// A running program that is talked to by its lines; killed when dropped.
pub struct Program {
    line: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Program {
    /// Starts what `line` says.
    pub fn start(line: &str) -> Program {
        let mut child = shell(line, 300)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        let stdin = child.stdin.take();
        Program { line: line.to_owned(), child, stdin, lines, seen: Vec::new() }
    }

    /// Types a line.
    pub fn types(&mut self, text: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Waits for a line that holds `part`, and gives it.
    pub fn shows(&mut self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{}: no line with {part:?} came, only {:#?}", self.line, self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        // The programs and `timeout` above them are a process group of their own.
        let group = format!("-{}", self.child.id());
        let status = Command::new("kill").args(["-INT", "--", &group]).status().unwrap();
        assert!(status.success());
    }

    /// Ends its input, waits for its end and gives all lines it printed; panics unless it went
    /// well.
    pub fn ends(mut self) -> Vec<String> {
        self.stdin = None;
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{}: {status}, {:#?}", self.line, self.seen);
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // `timeout` hands the signal on to what it started.
        let _ =
            Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

fn forward(output: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| to.send(line))
            .ok();
    });
}
