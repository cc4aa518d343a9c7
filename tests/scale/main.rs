//! Ten thousand wait at once, five thousand are reached at once, and who leaves leaves nothing.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod abandoned;
mod inbox;
mod waiters;

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use inbox::Inbox;
use support::Server;
use support::process;

/// Each of these tests measures, so it has the machine to itself.
static ALONE: Mutex<()> = Mutex::const_new(());

const MIB: u64 = 1024 * 1024;

fn start() -> Server {
    process::raise_file_limit(15_000);
    Server::start(&["--store", "sqlite:chatroom.db", "--durability", "fast"])
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_long_polls_wait_in_320_mib() {
    let _alone = ALONE.lock().await;
    let server = start();
    let empty = server.resident();
    let names = waiters::register(server.port(), 10_000).await;
    let registered = server.resident();
    let head = waiters::head(server.port(), &names[0]).await;
    let polls = waiters::wait(server.port(), &names, head).await;
    process::settled(server.pid(), server.port()).await;
    assert!(polls.iter().all(|poll| !poll.is_finished()), "all of them wait");
    let resident = server.resident();
    eprintln!(
        "scale: {} polls waiting in {} MiB resident (started with {}, {} with the names), peak {}",
        polls.len(),
        resident / MIB,
        empty / MIB,
        registered / MIB,
        process::peak_resident(server.pid()) / MIB,
    );
    assert!(resident <= 320 * MIB, "{} MiB", resident / MIB);
    // They did wait: a message to each of a few is their answer.
    for number in [0, 4_999, 9_999] {
        waiters::send(server.port(), &names[1], &names[number], "there you are").await;
    }
    let mut polls = polls;
    for number in [9_999, 4_999, 0] {
        assert_eq!(polls.swap_remove(number).await.unwrap(), 1);
    }
    polls.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_a_room_of_five_thousand_waiting_participants() {
    let _alone = ALONE.lock().await;
    let server = start();
    let port = server.port();
    let names = waiters::register(port, 5_000).await;
    let room = waiters::open_room(port, &names).await;
    let mut worst = Vec::new();
    for round in 0..5 {
        let head = waiters::head(port, &names[0]).await;
        let polls = waiters::ask(port, &names, head).await;
        process::settled(server.pid(), port).await;
        let mut inbox = Inbox::new(polls);
        let reading = tokio::task::spawn_blocking(move || (inbox.read(), inbox));
        let sent = Instant::now();
        waiters::send(port, &names[0], &room, &format!("round {round}")).await;
        let (arrived, inbox) = reading.await.unwrap();
        assert!(inbox.messages().all(|count| count == 1), "each has the message");
        let delay = |place: usize| arrived[place].saturating_duration_since(sent);
        let (median, last) = (delay(arrived.len() / 2), delay(arrived.len() - 1));
        eprintln!("scale: 5000 waiting participants reached, median {median:.0?}, last {last:.0?}");
        worst.push(last);
    }
    worst.sort();
    // The profile for development leaves our own code almost unoptimised, so the bound is one of
    // the release build. The first rounds warm up; the median of five is a fair one.
    if cfg!(not(debug_assertions)) {
        assert!(worst[2] <= Duration::from_millis(200), "{worst:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_long_polls_leave_no_memory_file_or_thread_behind() {
    let _alone = ALONE.lock().await;
    abandoned::leave(&start(), waves(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_long_polls_leave_no_task_behind() {
    let _alone = ALONE.lock().await;
    process::raise_file_limit(15_000);
    abandoned::count_tasks(waves(2)).await;
}

/// 100,000 polls take minutes; these few waves show a leak as well.
fn waves(few: usize) -> usize {
    let slow = std::env::var_os("CHATROOM_SLOW").is_some();
    if slow { 100_000 / abandoned::WAVE } else { few }
}
