//! Clients that ask with `wait` and go away before the answer.

use std::time::{Duration, Instant};

use rand::random_range;
use tokio::task::JoinSet;

use crate::MIB;
use crate::support::Server;
use crate::support::process;
use crate::support::wire::Wire;
use crate::waiters;

const CLIENTS: usize = 64;
const NAMES: usize = 1_000;

/// Abandons `count` long polls, and as many again: the second half must find all that the first
/// one used free again.
pub(crate) async fn leave(server: &Server, count: usize) {
    let (pid, port) = (server.pid(), server.port());
    let names = waiters::register(port, NAMES).await;
    let cursor = waiters::head(port, &names[0]).await;
    process::settled(pid, port).await;
    let (files, threads) = (process::open_files(pid), process::threads(pid));
    let started = Instant::now();
    let mut resident = Vec::new();
    for _ in 0..2 {
        abandon(port, count / 2, cursor).await;
        process::until("all their connections are gone", 10, || process::open_files(pid) <= files)
            .await;
        process::settled(pid, port).await;
        resident.push(server.resident());
    }
    let growth = resident[1].saturating_sub(resident[0]);
    eprintln!(
        "scale: {count} polls abandoned in {:.1?}; then {} files open (before: {files}), {} threads \
         ({threads}), {} MiB resident, {} KiB of them by the second half",
        started.elapsed(),
        process::open_files(pid),
        process::threads(pid),
        resident[1] / MIB,
        growth / 1024,
    );
    assert!(process::threads(pid) <= threads + 2, "{} threads", process::threads(pid));
    // A task that stays is some KiB at least.
    let allowed = 2 * MIB + count as u64 / 2 * 512;
    assert!(growth <= allowed, "{growth} bytes stay of {} polls", count / 2);
    everybody_may_wait_again(pid, port, &names, cursor).await;
}

async fn abandon(port: u16, count: usize, cursor: u64) {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(async move {
            for number in (client..count).step_by(CLIENTS) {
                // A closed connection keeps its local port for a minute: use many addresses.
                let host = 2 + (number % 16) as u8;
                let mut wire = Wire::connect_from(host, port).await.unwrap();
                let name = number % NAMES;
                let target = format!("/messages?username=user{name}&last_id={cursor}&wait=1");
                wire.ask("GET", &target, "", b"").await.unwrap();
                // Some leave before the server has read it, some while it waits; half of them
                // say good-bye.
                tokio::time::sleep(Duration::from_millis(random_range(0..20))).await;
                if number % 2 == 0 {
                    wire.abort().unwrap();
                }
            }
        });
    }
    clients.join_all().await;
}

/// A user may have eight polls waiting; one that counts for an abandoned poll would answer at once.
async fn everybody_may_wait_again(pid: u32, port: u16, names: &[String], cursor: u64) {
    let names = &names[..100];
    let eight: Vec<String> = names.iter().flat_map(|name| vec![name.clone(); 8]).collect();
    let polls = waiters::wait(port, &eight, cursor).await;
    process::settled(pid, port).await;
    assert!(polls.iter().all(|poll| !poll.is_finished()), "all of them wait");
    for name in names {
        waiters::send(port, "user0", name, "still there?").await;
    }
    for poll in polls {
        assert_eq!(poll.await.unwrap().messages, 1);
    }
}
