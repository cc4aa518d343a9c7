//! SIGTERM ends every stream and every poll with a proper answer, and loses nothing.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use support::chat;
use support::checker::{Sent, faults};
use support::streams::Events;
use support::wire::Wire;
use support::{Server, process};

const READERS: usize = 500;
const SENDERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_streams_and_polls_cleanly_and_loses_nothing() {
    process::raise_file_limit(4_000);
    let home = tempfile::tempdir().unwrap();
    let args = ["--store", "sqlite:chatroom.db", "--durability", "full"];
    let mut server = Server::start_in(home.path(), &args);
    let port = server.port();
    let mut wire = Wire::connect(port).await.unwrap();
    chat::register(&mut wire, "box").await.unwrap();
    for number in 0..SENDERS {
        chat::register(&mut wire, &format!("sender{number}")).await.unwrap();
    }
    let mut streams = JoinSet::new();
    let mut polls = JoinSet::new();
    for number in 0..READERS {
        let name = format!("reader{number}");
        chat::register(&mut wire, &name).await.unwrap();
        streams.spawn(follow(open(port, &name).await));
        polls.spawn(wait(port, name));
    }
    process::settled(server.pid(), port).await;
    assert!(streams.try_join_next().is_none() && polls.try_join_next().is_none(), "all wait");

    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        senders.spawn(send(port, number, acknowledged.clone()));
    }
    process::until("sending has begun", 10, || acknowledged.load(Ordering::Relaxed) > 200).await;
    let (status, took) = tokio::task::spawn_blocking(move || server.terminate()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took <= Duration::from_secs(4), "{took:?}");
    for bye in streams.join_all().await {
        let bye: Value = serde_json::from_str(&bye).unwrap();
        assert_eq!(bye, serde_json::json!({ "reason": "shutdown", "reconnect": true }));
    }
    for answer in polls.join_all().await {
        assert_eq!(answer["status"], "success");
        assert_eq!(answer["messages"], serde_json::json!([]));
    }
    let acked: Vec<Sent> = senders.join_all().await.concat();

    let server = Server::start_in(home.path(), &args);
    let mut wire = Wire::connect(server.port()).await.unwrap();
    let mut seen = chat::history(&mut wire, "box").await.unwrap();
    let told: Vec<_> = acked.iter().map(|sent| &sent.what).collect();
    let found = seen.len();
    // What was sent in the last moment may be kept without an answer having reached the sender.
    seen.retain(|seen| told.contains(&&seen.what));
    let unanswered = found - seen.len();
    assert!(unanswered <= SENDERS, "{unanswered} messages kept that nobody knows of");
    assert_eq!(faults(&acked, &seen), []);
    eprintln!(
        "shutdown: {READERS} streams and {READERS} polls ended, exit 0 after {took:.2?}; {} messages \
         acknowledged meanwhile, {unanswered} kept unanswered, none lost",
        acked.len(),
    );
}

/// An open stream that has said all there is.
async fn open(port: u16, name: &str) -> Events {
    let target = format!("/events?username={name}");
    let mut events = Events::open(port, &target, None).await.unwrap();
    while events.next().await.unwrap().expect("the stream is open").name != "ready" {}
    events
}

/// The data of the last event of the stream, which must be `bye`; panics if it is cut.
async fn follow(mut events: Events) -> String {
    let mut last = None;
    while let Some(event) = events.next().await.expect("the stream ends as HTTP asks for") {
        last = Some(event);
    }
    let last = last.expect("a last event");
    assert_eq!(last.name, "bye");
    last.data
}

/// The answer to a long poll that nothing comes for.
async fn wait(port: u16, name: String) -> Value {
    let mut wire = Wire::connect(port).await.unwrap();
    let target = format!("/messages?username={name}&wait=55");
    wire.get(&target).await.expect("a whole answer").success()
}

/// Sends to `box` until the server is gone; what was acknowledged.
async fn send(port: u16, sender: usize, acknowledged: Arc<AtomicUsize>) -> Vec<Sent> {
    let name = format!("sender{sender}");
    let mut wire = Wire::connect(port).await.unwrap();
    let mut sent = Vec::new();
    for number in 0.. {
        let text = format!("number {number}");
        let Ok(id) = chat::send_once(&mut wire, &name, "box", &text, &text).await else { break };
        sent.push(Sent { id: Some(id), what: chat::what(&name, "box", &text) });
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    sent
}
