//! A node whose state has become another one stops before it misleads anybody.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::chat;
use crate::support::cluster::Cluster;
use crate::support::cluster::place::Place;
use crate::support::process;
use crate::support::wire::Wire;

/// The entry that the second node applies in its own way.
const DIFFERENT: usize = 700;

/// At most so many entries later it has stopped.
const WITHIN: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_applies_one_entry_differently_stops_with_a_sentence() {
    let mut cluster = Cluster::start_in(&Place::Loopback, "", |number, serve| {
        serve.env("CHATROOM_LOG_FILE", format!("node{number}.log"));
        if number == 1 {
            serve.env("FAULT_DIVERGE", DIFFERENT.to_string());
        }
    });
    let port = cluster.proxy.port();
    let mut wire = Wire::connect(port).await.unwrap();
    chat::register(&mut wire, "ann").await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..16).map(|_| tokio::spawn(send(port, sent.clone()))).collect();
    let second = &mut cluster.nodes[1];
    process::until("the node has stopped", 120, || second.ended().is_some()).await;
    let entries = sent.load(Ordering::Relaxed);
    senders.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!(cluster.nodes[1].ended().unwrap().code(), Some(3));
    assert!(entries > DIFFERENT / 2, "it came so far: {entries}");
    assert!(entries < DIFFERENT + WITHIN, "it stopped only after {entries} entries");
    let said = fs::read_to_string(cluster.home().join("node1.log")).unwrap();
    let sentence = said.lines().find(|line| line.contains("ERROR") && line.contains("differs"));
    let sentence = sentence.unwrap_or_else(|| panic!("it says why: {said}"));
    // The others go on, and the proxy knows.
    for node in [0, 2] {
        assert_eq!(cluster.nodes[node].ended(), None);
        assert!(cluster.proxy.answers(node));
    }
    let mut wire = Wire::connect(port).await.unwrap();
    for _ in 0..6 {
        chat::send(&mut wire, "ann", "ann", "still here").await.unwrap();
    }
    eprintln!("cluster: the node that differs stopped after {entries} entries: {sentence}");
}

/// Sends until it is stopped; a connection that breaks is made again.
async fn send(port: u16, sent: Arc<AtomicUsize>) {
    loop {
        let Ok(mut wire) = Wire::connect(port).await else { continue };
        let body = serde_json::json!({ "sender": "ann", "recipient": "ann", "message": "Hi" });
        while let Ok(reply) = wire.post("/send", &body).await {
            sent.fetch_add(usize::from(reply.head.status == 200), Ordering::Relaxed);
        }
    }
}
