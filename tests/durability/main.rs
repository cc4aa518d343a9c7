//! Nothing is acknowledged or shown before the disk has it, as the system's call trace tells.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod planted;
mod trace;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use support::Server;
use support::chat;
use support::process;
use support::streams::Events;
use support::wire::Wire;

use trace::{Fault, Told};

const SENDERS: usize = 16;
const EACH: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn at_full_no_success_precedes_the_sync_of_its_batch() {
    let (trace, told) = traced_run("full").await;
    let verdict = trace::judge(&trace, &told);
    assert_eq!(verdict.faults.first(), None, "{} faults", verdict.faults.len());
    assert_eq!(verdict.replies, SENDERS * EACH, "every reply is in the trace");
    assert!(verdict.shown >= 2 * SENDERS * EACH, "every message is shown to a poll and a stream");
    assert!(verdict.syncs > 0);
    eprintln!(
        "durability: {} replies, {} messages shown, {} syncs of the log",
        verdict.replies, verdict.shown, verdict.syncs,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_check_fails_at_fast_which_does_not_sync() {
    let (trace, told) = traced_run("fast").await;
    let verdict = trace::judge(&trace, &told);
    assert_eq!(verdict.replies, SENDERS * EACH, "every reply is in the trace");
    let early = verdict.faults.iter().filter(|fault| matches!(fault, Fault::Acknowledged(_)));
    assert!(early.count() > SENDERS * EACH / 2, "the check sees that nothing was synced");
}

/// Sends from many at once while a poll and a stream look on; gives the trace of the server's
/// system calls and which id each message was told.
async fn traced_run(durability: &str) -> (String, Told) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("trace");
    let mut server = start_traced(home.path(), &file, durability);
    let port = server.port();
    let mut wire = Wire::connect(port).await.unwrap();
    chat::register(&mut wire, "reader").await.unwrap();
    for number in 0..SENDERS {
        chat::register(&mut wire, &format!("sender{number}")).await.unwrap();
    }
    let watching = [tokio::spawn(watch_stream(port)), tokio::spawn(watch_polls(port))];
    let sending: Vec<_> = (0..SENDERS).map(|number| tokio::spawn(send(port, number))).collect();
    let mut told = HashMap::new();
    for sender in sending {
        told.extend(sender.await.unwrap());
    }
    for watcher in watching {
        watcher.await.unwrap();
    }
    let (status, _) = server.terminate();
    assert!(status.success());
    // The tracer writes this line last, when the process is gone; it pads short numbers.
    let gone = format!("{:<5} +++ exited with 0 +++", server.pid());
    let mut trace = String::new();
    process::until("the trace is complete", 20, || {
        trace = std::fs::read_to_string(&file).unwrap();
        trace.lines().last().is_some_and(|line| line == gone)
    })
    .await;
    (trace, told)
}

/// Starts the server under `strace`, as its own parent: its process id is the server's.
fn start_traced(home: &Path, file: &Path, durability: &str) -> Server {
    let strace = Command::new("strace").arg("-V").output();
    assert!(strace.is_ok(), "this test needs strace: script/test installs it");
    let server = support::command(home);
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-y", "-s", "100000", "-e", "signal=none", "-e"])
        .arg(format!("trace={}", trace::CALLS))
        .arg("-o")
        .arg(file)
        .arg(server.get_program())
        .args(["serve", "--port", "0", "--store", "sqlite:chatroom.db"])
        .args(["--durability", durability])
        .current_dir(home);
    for (name, value) in server.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Server::launch(home, &mut command)
}

async fn send(port: u16, sender: usize) -> Told {
    let mut wire = Wire::connect(port).await.unwrap();
    let name = format!("sender{sender}");
    let mut told = HashMap::new();
    for number in 0..EACH {
        let needle = sender * EACH + number;
        let text = trace::text_of(needle);
        let key = format!("key {number}");
        let id = chat::send_once(&mut wire, &name, "reader", &text, &key).await.unwrap();
        told.insert(id, needle);
    }
    told
}

async fn watch_stream(port: u16) {
    let mut events = Events::open(port, "/events?username=reader&last_id=0", None).await.unwrap();
    let mut seen = 0;
    while seen < SENDERS * EACH {
        let event = events.next().await.unwrap().expect("the stream stays open");
        seen += usize::from(event.name.is_empty());
    }
}

async fn watch_polls(port: u16) {
    let mut wire = Wire::connect(port).await.unwrap();
    let (mut seen, mut cursor) = (0, 0);
    while seen < SENDERS * EACH {
        let page = chat::poll(&mut wire, "reader", cursor, "&wait=5").await.unwrap();
        seen += page.messages.len();
        cursor = page.last_id.unwrap();
    }
}
