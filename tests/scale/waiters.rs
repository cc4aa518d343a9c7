//! Many clients, each with a long poll of its own.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::chat::{self, Page};
use crate::support::wire::Wire;

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

/// One long poll for each name, all of them asked when this returns; they are still to be read.
pub(crate) async fn ask(port: u16, names: &[String], cursor: u64) -> Vec<Wire> {
    let connecting = Arc::new(Semaphore::new(64));
    let mut asking = Vec::with_capacity(names.len());
    for name in names {
        let turn = connecting.clone().acquire_owned().await.unwrap();
        let target = format!("/messages?username={name}&last_id={cursor}");
        asking.push(tokio::spawn(async move {
            let mut wire = Wire::connect(port).await.unwrap();
            greet(&mut wire, &target).await;
            let wait = format!("{target}&wait=55");
            wire.ask("GET", &wait, "", b"").await.unwrap();
            drop(turn);
            wire
        }));
    }
    let mut wires = Vec::with_capacity(names.len());
    for wire in asking {
        wires.push(wire.await.unwrap());
    }
    wires
}

/// One long poll for each name, all of them asked when this returns; how many messages each gets.
pub(crate) async fn wait(port: u16, names: &[String], cursor: u64) -> Vec<JoinHandle<usize>> {
    let wires = ask(port, names, cursor).await;
    let answers = wires.into_iter().map(|mut wire| {
        tokio::spawn(async move { wire.reply().await.unwrap().success::<Page>().messages.len() })
    });
    answers.collect()
}

/// Sends a message.
pub(crate) async fn send(port: u16, from: &str, to: &str, message: &str) {
    let mut wire = Wire::connect(port).await.unwrap();
    chat::send(&mut wire, from, to, message).await.unwrap();
}
