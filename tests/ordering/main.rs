//! Every reader sees exactly its messages, in order, however it reads.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod planted;
mod readers;
mod writers;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::Server;
use support::chat::{self, welcome, what};
use support::checker::{Sent, faults};
use support::wire::Wire;

use readers::{END, Way};
use writers::Plan;

const WRITERS: usize = 16;
const MESSAGES: usize = 100_000;
/// The way each reader reads. Two share a name with another: reading takes nothing away.
const READERS: [(usize, Way); 12] = [
    (0, Way::Plain),
    (1, Way::Plain),
    (2, Way::Plain),
    (3, Way::Plain),
    (4, Way::Waiting),
    (5, Way::Waiting),
    (6, Way::Waiting),
    (0, Way::Waiting),
    (7, Way::Stream),
    (8, Way::Stream),
    (9, Way::Stream),
    (1, Way::Stream),
];
const NAMES: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_sees_exactly_its_messages_in_increasing_ids() {
    let server = Server::start(&["--store", "sqlite:chatroom.db", "--durability", "fast"]);
    let work = scenario(server.port());
    tokio::time::timeout(Duration::from_secs(110), work).await.expect("everybody came to the end");
}

async fn scenario(port: u16) {
    let mut wire = Wire::connect(port).await.unwrap();
    let readers: Vec<String> = (0..NAMES).map(|number| format!("reader{number}")).collect();
    let writers: Vec<String> = (0..WRITERS).map(|number| format!("writer{number}")).collect();
    for name in readers.iter().chain(&writers) {
        chat::register(&mut wire, name).await.unwrap();
    }
    let hall: Vec<String> = writers[1..].iter().chain(&readers[..5]).cloned().collect();
    let hall_id = chat::create_room(&mut wire, &writers[0], &hall).await.unwrap();

    let reading = READERS.map(|(number, way)| {
        let name = readers[number].clone();
        (name.clone(), way, tokio::spawn(readers::read(port, name, way)))
    });
    let started = Instant::now();
    let plan = Arc::new(Plan { port, hall: hall_id.clone(), readers: readers.clone() });
    let writing: Vec<_> = writers
        .iter()
        .map(|name| tokio::spawn(writers::write(plan.clone(), name.clone(), MESSAGES / WRITERS)))
        .collect();
    let mut sent = Vec::new();
    let mut rooms = HashMap::from([(hall_id, hall)]);
    for writer in writing {
        let (own, room, participants) = writer.await.unwrap();
        sent.extend(own);
        rooms.insert(room, participants);
    }
    let written = started.elapsed();
    assert_eq!(sent.len(), MESSAGES);

    // A proxy may have closed the other: nothing was asked on it all the time.
    let mut wire = Wire::connect(port).await.unwrap();
    for name in &readers {
        let key = format!("end of {name}");
        let id = chat::send_once(&mut wire, &writers[0], name, END, &key).await.unwrap();
        sent.push((name.clone(), Sent { id: Some(id), what: what(&writers[0], name, END) }));
    }
    let mut received = 0;
    for (name, way, reader) in reading {
        let seen = reader.await.unwrap();
        let expected = expected(&name, &sent, &rooms);
        let faults = faults(&expected, &seen);
        assert!(
            faults.is_empty(),
            "{name}, {way:?}: {} faults, {:?}",
            faults.len(),
            faults.first()
        );
        received += seen.len();
    }
    eprintln!(
        "ordering: {MESSAGES} messages written in {written:.1?} ({:.0}/s), {received} received, all in {:.1?}",
        MESSAGES as f64 / written.as_secs_f64(),
        started.elapsed(),
    );
    for name in &readers {
        let seen = chat::history(&mut wire, name).await.unwrap();
        let faults = faults(&expected(name, &sent, &rooms), &seen);
        assert!(faults.is_empty(), "history of {name}: {faults:?}");
    }
}

/// What `name` must see: what was sent to it, what was said in its rooms, and their notices.
fn expected(
    name: &String,
    sent: &[(String, Sent)],
    rooms: &HashMap<String, Vec<String>>,
) -> Vec<Sent> {
    let mine = |room: &String| rooms.get(room).is_some_and(|members| members.contains(name));
    let messages = sent.iter().filter(|(recipient, _)| recipient == name || mine(recipient));
    let notices = rooms.keys().filter(|room| mine(room));
    let notices = notices.map(|room| Sent { id: None, what: what("server", name, &welcome(room)) });
    messages.map(|(_, sent)| sent.clone()).chain(notices).collect()
}
