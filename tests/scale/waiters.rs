//! Many clients, each with a long poll of its own.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::chat;
use crate::support::wire::{Reply, Wire};

/// How a long poll was answered.
pub(crate) struct Answer {
    /// When the whole answer had arrived.
    pub(crate) at: Instant,
    reply: Reply,
}

impl Answer {
    /// How many messages it had; looked at last, because it takes time that is measured.
    pub(crate) fn messages(&self) -> usize {
        self.reply.success::<chat::Page>().messages.len()
    }
}

/// Registers `count` names over a few connections.
pub(crate) async fn register(port: u16, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|number| format!("user{number}")).collect();
    let mut tasks = JoinSet::new();
    for part in names.chunks(count.div_ceil(32)) {
        let part = part.to_vec();
        tasks.spawn(async move {
            let mut wire = Wire::connect(port).await.unwrap();
            for name in &part {
                chat::register(&mut wire, name).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    names
}

/// A room with all of them; the first is its admin.
pub(crate) async fn open_room(port: u16, names: &[String]) -> String {
    let mut wire = Wire::connect(port).await.unwrap();
    chat::create_room(&mut wire, &names[0], names).await.unwrap()
}

/// The newest id.
pub(crate) async fn head(port: u16, name: &str) -> u64 {
    let mut wire = Wire::connect(port).await.unwrap();
    let page = chat::poll(&mut wire, name, 0, "&limit=1000").await.unwrap();
    page.last_id.unwrap()
}

/// A first poll, which is answered at once: then the server has taken the connection. Connections
/// that it has not taken fill its backlog, and more of them would have to be tried again.
pub(crate) async fn greet(wire: &mut Wire, target: &str) {
    assert_eq!(wire.get(target).await.unwrap().head.status, 200);
}

/// One long poll for each name, all of them asked when this returns.
pub(crate) async fn wait(port: u16, names: &[String], cursor: u64) -> Vec<JoinHandle<Answer>> {
    let connecting = Arc::new(Semaphore::new(64));
    let mut polls = Vec::with_capacity(names.len());
    for name in names {
        let turn = connecting.clone().acquire_owned().await.unwrap();
        let target = format!("/messages?username={name}&last_id={cursor}");
        polls.push(tokio::spawn(async move {
            let mut wire = Wire::connect(port).await.unwrap();
            greet(&mut wire, &target).await;
            let wait = format!("{target}&wait=55");
            wire.ask("GET", &wait, "", b"").await.unwrap();
            drop(turn);
            let reply = wire.reply().await.unwrap();
            Answer { at: Instant::now(), reply }
        }));
    }
    let _all_asked = connecting.acquire_many(64).await.unwrap();
    polls
}

/// Sends a message; gives the moment before.
pub(crate) async fn send(port: u16, from: &str, to: &str, message: &str) -> Instant {
    let mut wire = Wire::connect(port).await.unwrap();
    let before = Instant::now();
    chat::send(&mut wire, from, to, message).await.unwrap();
    before
}
