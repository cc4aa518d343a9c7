//! Many sockets: what they leave behind, what they cost, what they miss over a restart.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use chatroom::config::{self, Flags};
use programs::{Program, need_node_modules, output};
use support::{Server, command};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

/// How long it may take until everything of sockets that have gone is gone: presence ends after
/// ten seconds, an upgrade that never comes after as many.
const SETTLE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_come_and_go_leave_no_task_and_no_descriptor_behind() {
    let home = tempfile::tempdir().unwrap();
    let env =
        [("CHATROOM_STORE", "memory:"), ("CHATROOM_PORT", "0"), ("CHATROOM_HOST", "127.0.0.1")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = config::load(&Flags::default(), env, home.path()).unwrap().settings;
    let (sender, address) = tokio::sync::oneshot::channel::<SocketAddr>();
    let server = chatroom::server::Server::build(settings).unwrap();
    let node = server.node().clone();
    let server = server.on_ready(move |address| {
        let _ = sender.send(address);
    });
    tokio::spawn(server.serve());
    let address = address.await.unwrap();

    // Each takes a few milliseconds on a machine that does nothing else.
    let round = if std::env::var_os("CHATROOM_SLOW").is_some() { 1000 } else { 200 };
    // The first round fills what is kept for later, such as the threads for blocking work.
    churn(address, 50).await;
    let (tasks, descriptors) = settled(0, 0, Duration::from_secs(15)).await;
    churn(address, round).await;
    let (tasks_after, descriptors_after) = settled(tasks, descriptors, SETTLE).await;
    println!("tasks {tasks} → {tasks_after}, descriptors {descriptors} → {descriptors_after}");
    assert!(tasks_after <= tasks, "{tasks} → {tasks_after} tasks");
    assert!(descriptors_after <= descriptors, "{descriptors} → {descriptors_after} descriptors");
    assert_eq!(node.presence().sockets(), []);
    assert_eq!(node.online(), Vec::<std::sync::Arc<str>>::new());
}

async fn churn(address: SocketAddr, round: u32) {
    let line = format!("python3 tests/clients/socketio_churn.py http://{address} {round}");
    let printed = tokio::task::spawn_blocking(move || output(&line, 240)).await.unwrap();
    assert_eq!(printed.trim(), format!("{} came and went", 3 * round + round / 5));
}

/// Waits until there are no more tasks and descriptors than these, or for the time given.
async fn settled(tasks: usize, descriptors: usize, time: Duration) -> (usize, usize) {
    let until = Instant::now() + time;
    loop {
        let alive = Handle::current().metrics().num_alive_tasks();
        let open = std::fs::read_dir("/proc/self/fd").unwrap().count();
        if (alive <= tasks && open <= descriptors) || Instant::now() > until {
            return (alive, open);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn a_broadcast_reaches_two_thousand_sockets_that_cost_little() {
    const COUNT: u64 = 2000;
    need_node_modules();
    let server = Server::memory();
    let before = server.resident();
    let mut crowd = Program::start(&format!(
        "node tests/clients/socketio_crowd.mjs {} {COUNT}",
        server.url("")
    ));
    for some in 1..=COUNT / 50 {
        crowd.shows(&format!("{} are in", some * 50));
    }
    // What they were told while they came is freed after a while.
    let mut each = u64::MAX;
    for _ in 0..100 {
        each = each.min(server.resident().saturating_sub(before) / COUNT / 1024);
        if each <= 60 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("memory of one idle socket: {each} KiB");
    for event in ["broadcast_message", "message"] {
        crowd.types("");
        println!("{}", crowd.shows(&format!("{COUNT} heard the {event}")));
    }
    crowd.ends();
    assert!(each <= 60, "{each} KiB for one socket");
}

#[tokio::test]
async fn sockets_of_a_server_that_is_restarted_come_back_and_have_missed_nothing() {
    need_node_modules();
    let mut server = Server::start(&[]);
    let client = server.client();
    client.register(&["host"]).await;
    let listen =
        |client: &str, count| Program::start(&format!("{client} {} {count}", server.url("")));
    let mut listeners = [
        listen("node tests/clients/socketio_listen.mjs", 180),
        listen("python3 tests/clients/socketio_listen.py", 20),
    ];
    for listener in &mut listeners {
        listener.shows("are listening");
    }
    let send = async |client: &support::Client, numbers: std::ops::Range<u32>| {
        for number in numbers {
            let text = format!("number {number}");
            client.send("host", "room_General", &text, &text).await;
        }
    };
    send(&client, 0..50).await;
    let port = server.port().to_string();
    let (status, time) = server.terminate();
    println!("with 200 sockets it ended after {time:?}");
    assert!(status.success());
    assert!(time < Duration::from_secs(4), "{time:?}");

    let home = server.home().to_owned();
    let again = Server::launch(&home, command(&home).args(["serve", "--port", &port]));
    let client = again.client();
    // They are not back yet.
    send(&client, 50..100).await;
    client.send("host", "room_General", "end", "end").await;
    for listener in listeners {
        let lines = listener.ends();
        assert!(lines.iter().any(|line| line == "each heard 100, connected 2 times"), "{lines:#?}");
    }
}
