//! Polls and sends against the trivial route.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::chat::{self, CLIENTS};
use super::child::Child;
use super::compare::{PAIRS, compare, compare_beside};
use super::disk::Disk;
use super::drive::Load;
use super::http::{Pool, request};
use super::table;

/// The trivial route.
pub(crate) fn trivial(server: &Child) -> io::Result<Load> {
    Load::new(server.port(0), CLIENTS, |_| request("GET", "/trivial", None))
}

/// The trivial route against itself: how far ratios can be trusted here, today.
pub(crate) fn noise(home: &Path) -> io::Result<()> {
    let server = Child::start(home, &["trivial"])?;
    let ratio = compare(&server, &mut trivial(&server)?, &mut trivial(&server)?)?;
    table::ratio("trivial GET against itself (noise)", None, &ratio, "");
    Ok(())
}

/// What parsing a body costs before a server has done anything.
pub(crate) fn parse(home: &Path) -> io::Result<()> {
    let server = Child::start(home, &["trivial"])?;
    let body = r#"{"sender":"user_1","recipient":"user_2","message":"Good morning."}"#;
    let mut parse =
        Load::new(server.port(0), CLIENTS, |_| request("POST", "/trivial", Some(body)))?;
    let ratio = compare(&server, &mut trivial(&server)?, &mut parse)?;
    table::ratio("trivial POST that parses JSON", None, &ratio, "");
    Ok(())
}

/// A plain poll of somebody with three rooms who has seen everything.
pub(crate) fn poll(home: &Path) -> io::Result<()> {
    let server = Child::start(home, &["trivial", "memory"])?;
    let port = server.port(1);
    chat::populate(port)?;
    let mut pool = Pool::open(port, 1)?;
    let newest = chat::send_for_id(&mut pool, &chat::name(0), &chat::name(1), 0)?;
    let mut poll = Load::new(port, CLIENTS, |n| chat::poll(&chat::name(n), newest, ""))?;
    let ratio = compare(&server, &mut trivial(&server)?, &mut poll)?;
    table::ratio("poll, nothing new", Some(0.93), &ratio, "0.026");
    Ok(())
}

/// How often the disk is synced for its time, over all pairs of slices.
const SYNCS: usize = 310;

/// `/send` on each kind of store.
pub(crate) fn send(home: &Path) -> io::Result<()> {
    for (store, what, goal) in [
        ("memory", "send, memory", 0.65),
        ("fast", "send, SQLite, fast", 0.55),
        ("full", "send, SQLite, full", 0.45),
    ] {
        let server = Child::start(home, &["trivial", store])?;
        let port = server.port(1);
        chat::populate(port)?;
        let mut send = Load::new(port, CLIENTS, |n| {
            chat::send(&chat::name(n), &chat::name((n + 1) % CLIENTS))
        })?;
        let mut trivial = trivial(&server)?;
        if store != "full" {
            let ratio = compare(&server, &mut trivial, &mut send)?;
            table::ratio(what, Some(goal), &ratio, "0.023");
            continue;
        }
        // A disk that others use is now fast, now slow: it is measured all along.
        let mut disk = Disk::new(home)?;
        let between = || disk.sync(SYNCS / PAIRS);
        let ratio = compare_beside(&server, &mut trivial, &mut send, between)?;
        let sync = disk.median();
        let slow = sync >= Duration::from_millis(1);
        let what = format!("{what} (a sync: {:.2} ms)", sync.as_secs_f64() * 1e3);
        table::ratio(&what, Some(goal).filter(|_| !slow), &ratio, "0.023");
        if slow {
            let goal = 0.7 * CLIENTS as f64 / sync.as_secs_f64();
            table::at_least("send, SQLite, full, for so slow a disk", goal, ratio.per_second);
        }
    }
    Ok(())
}
