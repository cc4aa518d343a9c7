//! The load harness: `cargo bench --bench load [-- FILTER…]` prints one table of ratios.

mod chat;
mod child;
mod cluster;
mod compare;
mod disk;
mod drive;
mod history;
mod http;
mod latency;
mod logins;
mod nats;
mod ratios;
mod serve;
mod sockets;
mod table;
mod waiting;
mod websocket;
mod years;

use std::error::Error;
use std::process::Command;

/// The same as the real program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The argument that makes this program the server.
const SERVE: &str = "--serve";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((SERVE, servers)) = arguments.split_first().map(|(first, rest)| (&**first, rest)) {
        return serve::run(servers);
    }
    // Cargo says `--bench`; every other word chooses sections whose name contains it.
    let filter: Vec<_> = arguments.iter().filter(|word| !word.starts_with("--")).collect();
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|word| name.contains(*word));

    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let home = home.path();
    let mut disk = disk::Disk::new(home)?;
    disk.sync(200)?;
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores; {} connections; a sync of the disk takes {:.2} ms (median of 200)\n",
        chat::CLIENTS,
        disk.median().as_secs_f64() * 1e3,
    );
    table::head();
    if wanted("noise") {
        ratios::noise(home)?;
    }
    if wanted("parse") {
        ratios::parse(home)?;
    }
    if wanted("poll") {
        ratios::poll(home)?;
    }
    if wanted("send") {
        ratios::send(home)?;
    }
    if wanted("history") {
        history::history(home)?;
    }
    if wanted("logins") {
        logins::logins(home)?;
    }
    if wanted("latency") {
        latency::latency(home)?;
    }
    if wanted("waiting") {
        raise_open_files()?;
        waiting::waiting(home)?;
    }
    if filter.iter().any(|word| *word == "cluster") {
        cluster::cluster(home)?;
    }
    if filter.iter().any(|word| *word == "years") {
        years::years(home)?;
    }
    if wanted("sockets") {
        raise_open_files()?;
        sockets::sockets(home)?;
    }
    Ok(())
}

/// Lets this process and its children open as many files as the system allows.
fn raise_open_files() -> Result<(), Box<dyn Error>> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let hard = line.and_then(|line| line.split_whitespace().nth(4)).unwrap_or("unlimited");
    let status = Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string(), &format!("--nofile={hard}:{hard}")])
        .status()?;
    if !status.success() {
        return Err("ten thousand connections need more open files: ulimit -n 11000".into());
    }
    Ok(())
}
