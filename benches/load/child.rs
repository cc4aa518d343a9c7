//! The server's process, as its parent sees it.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server process, killed when dropped.
pub(crate) struct Child {
    process: process::Child,
    ports: Vec<u16>,
}

impl Child {
    /// Runs this program once more as a process that holds these servers (`trivial`, or a store
    /// and its durability), in the folder `home`.
    pub(crate) fn start(home: &Path, servers: &[&str]) -> io::Result<Child> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(super::SERVE).args(servers).current_dir(home);
        Child::run(&mut command, servers.len())
    }

    /// Runs any program that holds so many servers, prints their ports in one line, and ends with
    /// its input.
    pub(crate) fn run(command: &mut Command, servers: usize) -> io::Result<Child> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let ports: Vec<u16> =
            line.split_whitespace().filter_map(|port| port.parse().ok()).collect();
        if ports.len() != servers {
            let _ = process.kill();
            return Err(io::Error::other(format!("the server did not start: {line:?}")));
        }
        Ok(Child { process, ports })
    }

    /// The port of the server that was named `place`-th.
    pub(crate) fn port(&self, place: usize) -> u16 {
        self.ports[place]
    }

    /// Processor time used so far, of the user and of the system, ended threads included.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The second field is the name in parentheses; `utime` and `stime` are the 14th and 15th.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        // A tick is 10 ms on every Linux: it is part of the interface, whatever the kernel's own.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Waits until it does nothing of its own any more, such as archiving what a load has left.
    pub(crate) fn rest(&self) -> io::Result<()> {
        const LOOK: Duration = Duration::from_millis(500);
        let begun = Instant::now();
        let mut before = self.cpu()?;
        loop {
            std::thread::sleep(LOOK);
            let now = self.cpu()?;
            if now - before <= LOOK / 50 {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(120) {
                return Err(io::Error::other("the server finds no rest"));
            }
            before = now;
        }
    }

    /// Resident memory in MiB.
    pub(crate) fn resident(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
            .ok_or_else(|| io::Error::other("no VmRSS"))?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
