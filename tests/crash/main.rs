//! A server that is killed at a random moment has kept every word it gave.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod copies;
mod faults;
mod load;
mod retention;
mod verdict;

use std::path::Path;
use std::time::{Duration, Instant};

use rand::random_range;

use support::Server;
use support::checker::Seen;
use support::wire::Wire;

use load::Writer;

const WRITERS: usize = 32;
const ROUNDS: usize = 25;
/// A killed server serves again within this time of its start.
const BACK: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_doubled_or_renumbered_by_kill_9() {
    let home = tempfile::tempdir().unwrap();
    let mut writers: Vec<Writer> = Vec::new();
    let mut glimpsed: Vec<Seen> = Vec::new();
    let mut slowest = Duration::ZERO;
    let (mut retried, mut kept) = (0, 0);
    for round in 0..=ROUNDS {
        let (mut server, took) = start(home.path()).await;
        assert!(took <= BACK, "round {round}: served again only after {took:?}");
        slowest = slowest.max(took);
        let mut wire = Wire::connect(server.port()).await.unwrap();
        if round == 0 {
            writers = load::enrol(&mut wire, WRITERS).await;
        }
        let newest = verdict::newest(&mut wire, &writers).await;
        for writer in &mut writers {
            if let Some(id) = writer.settle(&mut wire).await {
                retried += 1;
                kept += usize::from(id <= newest);
            }
        }
        verdict::judge(&mut wire, &writers, &glimpsed).await;
        if round == ROUNDS {
            break;
        }
        let port = server.port();
        let names = [writers[0].name.clone(), writers[9].name.clone()];
        let glimpsing = names.map(|name| tokio::spawn(load::glimpse(port, name, newest)));
        let working: Vec<_> =
            writers.drain(..).map(|writer| tokio::spawn(writer.work(port))).collect();
        // The random moment.
        tokio::time::sleep(Duration::from_millis(random_range(10..500))).await;
        server.kill();
        for writer in working {
            writers.push(writer.await.unwrap());
        }
        for glimpse in glimpsing {
            glimpsed.extend(glimpse.await.unwrap());
        }
    }
    let acked: usize = writers.iter().map(|writer| writer.acked.len()).sum();
    assert!(acked > ROUNDS * WRITERS, "there was no load: {acked} messages");
    eprintln!(
        "crash: {ROUNDS} rounds, {acked} messages acknowledged, {retried} sent again ({kept} of \
         them were in the log), {} read before a kill; served again after at most {slowest:.0?}",
        glimpsed.len(),
    );
}

/// Starts the server; with how long it took until it answered.
async fn start(home: &Path) -> (Server, Duration) {
    let started = Instant::now();
    let args = ["--store", "sqlite:chatroom.db", "--durability", "full"];
    let server = Server::start_in(home, &args);
    let mut wire = Wire::connect(server.port()).await.unwrap();
    assert_eq!(wire.get("/online").await.unwrap().head.status, 200);
    (server, started.elapsed())
}
