//! What the system knows about a running server.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// How often the system is asked again.
const PAUSE: Duration = Duration::from_millis(20);

/// Raises the limit on open files of this process, which its children inherit, to `wanted`.
pub fn raise_file_limit(wanted: u64) {
    let pid = std::process::id().to_string();
    let limit = format!("--nofile={wanted}:");
    let status = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    let raised = status.expect("prlimit, of util-linux").success();
    assert!(raised, "this test needs {wanted} open files: ulimit -Hn is too low");
}

/// The number of open files, sockets included.
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// The number of threads.
pub fn threads(pid: u32) -> u64 {
    status(pid, "Threads:")
}

/// The most memory that was ever resident, in bytes.
pub fn peak_resident(pid: u32) -> u64 {
    status(pid, "VmHWM:") * 1024
}

/// Waits until the server has read all that was sent to its port and has nothing left to do:
/// then every poll that can be answered is answered, and the others wait.
pub async fn settled(pid: u32, port: u16) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut calm = 0;
    let mut spent = cpu_ticks(pid);
    while calm < 10 {
        assert!(Instant::now() < deadline, "the server did not come to rest");
        tokio::time::sleep(PAUSE).await;
        let now = cpu_ticks(pid);
        let idle = now == spent && (calm > 0 || unread(port) == 0);
        calm = if idle { calm + 1 } else { 0 };
        spent = now;
    }
}

/// Waits until `holds` is true; panics with `what` when it is not in `seconds`.
pub async fn until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < deadline, "not in {seconds} s: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The bytes that arrived at a port and were not yet read by who listens there.
pub fn unread(port: u16) -> u64 {
    let here = format!(":{port:04X}");
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let lines = tables.iter().flatten().flat_map(|table| table.lines().skip(1));
    lines.map(|line| waiting(line, &here)).sum()
}

/// The receive queue of a line of `/proc/net/tcp`, if its local port is `here` and it is a
/// connection: a listener shows the length of its backlog there, which counts as well.
fn waiting(line: &str, here: &str) -> u64 {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let queue = fields[4].split(':').nth(1);
    if !fields[1].ends_with(here) {
        return 0;
    }
    queue.map_or(0, |queue| u64::from_str_radix(queue, 16).unwrap())
}

/// The processor time spent so far, in ticks.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name before the last bracket may hold spaces; user and system time are 12th and 13th
    // behind it.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

fn status(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
