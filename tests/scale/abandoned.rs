//! Clients that ask with `wait` and go away before the answer.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use chatroom::config::{Settings, Store};

use crate::MIB;
use crate::support::Server;
use crate::support::chat;
use crate::support::process;
use crate::support::wire::Wire;
use crate::waiters;

/// So many polls wait at once, wave after wave.
pub(crate) const WAVE: usize = 4_000;

/// Eight polls of a name may wait at once; here each has four.
const NAMES: usize = WAVE / 4;

const CLIENTS: usize = 64;

/// Seconds.
const WAIT: u64 = 2;

/// Abandons that many waves of polls of a server, and looks at its process from outside: what the
/// first wave used must do for all of them.
pub(crate) async fn leave(server: &Server, waves: usize) {
    let (pid, port) = (server.pid(), server.port());
    let names = waiters::register(port, NAMES).await;
    process::settled(pid, port).await;
    let (files, threads) = (process::open_files(pid), process::threads(pid));
    let started = Instant::now();
    let mut resident = Vec::new();
    for _ in 0..waves {
        abandon(port).await;
        process::until("their connections are gone", 60, || process::open_files(pid) <= files)
            .await;
        process::settled(pid, port).await;
        resident.push(server.resident());
    }
    let (first, last) = (resident[0], resident[waves - 1]);
    eprintln!(
        "scale: {} polls abandoned in {:.1?}; then {} files open (before: {files}), {} threads \
         ({threads}), {} MiB resident ({} after the first {WAVE})",
        waves * WAVE,
        started.elapsed(),
        process::open_files(pid),
        process::threads(pid),
        last / MIB,
        first / MIB,
    );
    assert!(process::threads(pid) <= threads, "{} threads", process::threads(pid));
    // A poll that stays keeps its task and its request, which are 15 KiB. The allocator keeps for
    // itself what it likes, which differs by some 30 MiB.
    let polls = ((waves - 1) * WAVE) as u64;
    assert!(last <= first + polls * 5 * 1024, "{polls} polls left {} bytes", last - first);
    everybody_may_wait_again(pid, port, &names).await;
}

/// Abandons that many waves of polls of a server in this runtime, whose tasks can be counted.
pub(crate) async fn count_tasks(waves: usize) {
    let settings = Settings {
        host: [127, 0, 0, 1].into(),
        port: 0,
        store: Store::Memory,
        ..Settings::default()
    };
    let (ready, address) = oneshot::channel();
    let server = chatroom::server::Server::build(settings).unwrap();
    let server = server.on_ready(|address| ready.send(address).unwrap());
    tokio::spawn(server.serve());
    let port = address.await.unwrap().port();
    waiters::register(port, NAMES).await;
    let before = resting_tasks().await;
    for _ in 0..waves {
        abandon(port).await;
    }
    process::until("their tasks are gone", 60, || tasks() <= before).await;
    eprintln!("scale: {} polls abandoned; then {} tasks alive ({before})", waves * WAVE, tasks());
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// The number of tasks that a server has when nobody asks it anything.
async fn resting_tasks() -> usize {
    let (mut number, mut same) = (tasks(), 0);
    process::until("the tasks are at rest", 60, || {
        let now = tasks();
        same = if now == number { same + 1 } else { 0 };
        number = now;
        same == 10
    })
    .await;
    number
}

/// One wave. A third leaves at once, perhaps before the server has read what it wants; the others
/// when all of them wait.
async fn abandon(port: u16) {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(async move {
            let mut waiting = Vec::new();
            for number in (client..WAVE).step_by(CLIENTS) {
                // A closed connection keeps its local port for a minute: use many addresses.
                let host = 2 + (number % 16) as u8;
                let mut wire = Wire::connect_from(host, port).await.unwrap();
                let target = format!("/messages?username=user{}", number % NAMES);
                let hasty = number.is_multiple_of(3);
                if !hasty {
                    waiters::greet(&mut wire, &target).await;
                }
                let wait = format!("{target}&wait={WAIT}");
                wire.ask("GET", &wait, "", b"").await.unwrap();
                if hasty {
                    go(wire, number);
                } else {
                    waiting.push((wire, number));
                }
            }
            waiting
        });
    }
    let waiting = clients.join_all().await;
    let over = Instant::now() + Duration::from_secs(WAIT);
    process::until("the server has read all of it", 60, || process::unread(port) == 0).await;
    waiting.into_iter().flatten().for_each(|(wire, number)| go(wire, number));
    // A poll lives as long as it was asked to, also without its client.
    tokio::time::sleep_until(over).await;
}

/// Leaves: even ones with a reset, odd ones with a close.
fn go(wire: Wire, number: usize) {
    if number.is_multiple_of(2) {
        wire.abort().unwrap();
    }
}

/// A poll beyond the eighth of a name is answered at once: so would be one of these eight if an
/// abandoned one still counted.
async fn everybody_may_wait_again(pid: u32, port: u16, names: &[String]) {
    let mut wire = Wire::connect(port).await.unwrap();
    let eight: Vec<String> = names.iter().flat_map(|name| vec![name.clone(); 8]).collect();
    let polls = waiters::wait(port, &eight, 0).await;
    process::settled(pid, port).await;
    assert!(polls.iter().all(|poll| !poll.is_finished()), "all of them wait");
    for name in names {
        chat::send(&mut wire, "user0", name, "still there?").await.unwrap();
    }
    for poll in polls {
        assert_eq!(poll.await.unwrap(), 1);
    }
}
