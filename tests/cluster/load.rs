//! The load: writers that repeat what was not answered, readers that go on wherever they are let.

use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::pulse::Pulse;
use crate::support::chat::{self, Message, Page};
use crate::support::checker::{Seen, Sent};
use crate::support::streams::Events;
use crate::support::wire::Wire;

/// How many writers there are. The first four share a room; each also sends to its neighbour.
const WRITERS: usize = 12;

const IN_ROOM: usize = 4;

/// The pace of one writer.
const PACE: Duration = Duration::from_millis(25);

/// How long an answer may take before it is asked again.
const PATIENCE: Duration = Duration::from_secs(15);

/// A client that was turned away comes back after this time.
const AWAY: Duration = Duration::from_millis(100);

/// What runs, and what it is measured by.
pub(crate) struct Load {
    /// The acknowledgements of all writers.
    pub(crate) acks: Arc<Pulse>,
    /// The answers to plain polls.
    pub(crate) polls: Arc<Pulse>,
    stop: Arc<AtomicBool>,
    room: String,
    writers: Vec<JoinHandle<Vec<(String, Sent)>>>,
    readers: Vec<JoinHandle<(String, Vec<Seen>)>>,
    poller: JoinHandle<()>,
    port: u16,
}

/// What came of it.
pub(crate) struct Done {
    /// Each message that was acknowledged, with its recipient.
    pub(crate) acked: Vec<(String, Sent)>,
    /// What each reader saw, over all its connections.
    pub(crate) seen: Vec<(String, Vec<Seen>)>,
    room: String,
}

/// The name of a writer, who is a reader too.
pub(crate) fn name(number: usize) -> String {
    format!("writer{number}")
}

/// All names.
pub(crate) fn names() -> impl Iterator<Item = String> {
    (0..WRITERS).map(name)
}

/// What the last message to everybody says.
const END: &str = "the end";

impl Load {
    /// Registers everybody at the server at this port, and begins.
    pub(crate) async fn begin(port: u16) -> Load {
        let mut wire = Wire::connect(port).await.unwrap();
        for name in names() {
            chat::register(&mut wire, &name).await.unwrap();
        }
        let members: Vec<String> = (1..IN_ROOM).map(name).collect();
        let room = chat::create_room(&mut wire, &name(0), &members).await.unwrap();
        let (acks, polls) = (Arc::new(Pulse::default()), Arc::new(Pulse::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let writer = |number: usize| {
            let writer = Writer { port, number, room: room.clone(), wire: None };
            tokio::spawn(writer.work(stop.clone(), acks.clone()))
        };
        // Two in the room and two outside, by long polls and by streams.
        let readers = [(0, true), (1, false), (IN_ROOM + 1, true), (IN_ROOM + 2, false)];
        let reader = |(number, polls): (usize, bool)| {
            let name = name(number);
            tokio::spawn(async move {
                let seen =
                    if polls { waiting(port, &name).await } else { stream(port, &name).await };
                (name, seen)
            })
        };
        Load {
            writers: (0..WRITERS).map(writer).collect(),
            readers: readers.map(reader).into_iter().collect(),
            poller: tokio::spawn(watch(port, stop.clone(), polls.clone())),
            acks,
            polls,
            stop,
            room,
            port,
        }
    }

    /// Has everybody finish: the writers get an answer to all they asked, the readers read to the
    /// last message.
    pub(crate) async fn end(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        let mut acked = Vec::new();
        for writer in self.writers {
            acked.extend(writer.await.unwrap());
        }
        self.poller.await.unwrap();
        let mut last = Writer { port: self.port, number: 0, room: self.room.clone(), wire: None };
        for name in names() {
            acked.push(last.send(&name, END).await);
        }
        let mut seen = Vec::new();
        for reader in self.readers {
            seen.push(
                timeout(Duration::from_secs(60), reader).await.expect("all is read").unwrap(),
            );
        }
        Done { acked, seen, room: self.room }
    }
}

impl Done {
    /// What `name` must have seen.
    pub(crate) fn due(&self, name: &str) -> Vec<Sent> {
        let in_room = (0..IN_ROOM).any(|number| self::name(number) == name);
        let mine = self.acked.iter().filter(|(to, _)| to == name || (in_room && *to == self.room));
        let notice = chat::what("server", name, &chat::welcome(&self.room));
        let notice = in_room.then_some(Sent { id: None, what: notice });
        mine.map(|(_, sent)| sent.clone()).chain(notice).collect()
    }
}

struct Writer {
    port: u16,
    number: usize,
    room: String,
    wire: Option<Wire>,
}

impl Writer {
    async fn work(mut self, stop: Arc<AtomicBool>, acks: Arc<Pulse>) -> Vec<(String, Sent)> {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut acked = Vec::new();
        let recipients = [name((self.number + 1) % WRITERS), self.room.clone()];
        let recipients = if self.number < IN_ROOM { &recipients[..] } else { &recipients[..1] };
        for (count, to) in recipients.iter().cycle().enumerate() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            pace.tick().await;
            acked.push(self.send(to, &format!("number {count}")).await);
            acks.beat();
        }
        acked
    }

    /// Sends one message, again and again, until it is acknowledged.
    async fn send(&mut self, to: &str, text: &str) -> (String, Sent) {
        let from = name(self.number);
        let key = format!("{text} to {to}");
        let body =
            json!({ "sender": from, "recipient": to, "message": text, "client_msg_id": key });
        loop {
            let id = timeout(PATIENCE, self.attempt(&body)).await;
            if let Ok(Ok(Some(id))) = id {
                let what = chat::what(&from, to, text);
                return (to.to_owned(), Sent { id: Some(id), what });
            }
            self.wire = None;
            tokio::time::sleep(AWAY).await;
        }
    }

    async fn attempt(&mut self, body: &Value) -> Result<Option<u64>> {
        let wire = connected(&mut self.wire, self.port).await?;
        let reply = wire.post("/send", body).await?;
        if unavailable(reply.head.status) {
            return Ok(None);
        }
        let answer: Value = reply.success();
        Ok(Some(answer["id"].as_u64().expect("the id of the message")))
    }
}

/// Reads by long polls; each comes to another node.
async fn waiting(port: u16, name: &str) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let (mut wire, mut cursor) = (None, 0);
    while !ended(&seen) {
        match timeout(PATIENCE, poll(&mut wire, port, name, cursor, "&wait=5")).await {
            Ok(Ok(Some(page))) => {
                cursor = page.last_id.expect("a poll with `wait` has `last_id`");
                seen.extend(page.messages.into_iter().map(Seen::from));
            }
            _ => {
                wire = None;
                tokio::time::sleep(AWAY).await;
            }
        }
    }
    seen
}

/// Reads a stream; whenever it breaks off, it is taken up behind the last message, elsewhere.
async fn stream(port: u16, name: &str) -> Vec<Seen> {
    let target = format!("/events?username={name}&last_id=0");
    let mut seen: Vec<Seen> = Vec::new();
    let mut last: Option<String> = None;
    while !ended(&seen) {
        let opened = timeout(PATIENCE, Events::try_open(port, &target, last.as_deref())).await;
        let Ok(Ok(Ok(mut events))) = opened else {
            tokio::time::sleep(AWAY).await;
            continue;
        };
        // There is a sign of life every 15 s. A stream is left now and then, for another node's.
        let mut left = rand::random_range(100..2000);
        while let Ok(Ok(Some(event))) = timeout(Duration::from_secs(20), events.next()).await {
            assert_ne!(event.name, "gap", "the cursor is honoured");
            if event.name.is_empty() {
                let message: Message = serde_json::from_str(&event.data).unwrap();
                seen.push(Seen::from(message));
                last = event.id;
                left -= 1;
            }
            if ended(&seen) || left == 0 {
                break;
            }
        }
    }
    seen
}

/// Polls all the time, to see for how long nobody answers.
async fn watch(port: u16, stop: Arc<AtomicBool>, polls: Arc<Pulse>) {
    let name = name(WRITERS - 1);
    let (mut wire, mut cursor) = (None, 0);
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        pace.tick().await;
        match timeout(PATIENCE, poll(&mut wire, port, &name, cursor, "&wait=0")).await {
            Ok(Ok(Some(page))) => {
                let newest = page.last_id.expect("a poll with `wait` has `last_id`");
                assert!(newest >= cursor, "the newest id was {cursor}, and is {newest}");
                cursor = newest;
                polls.beat();
            }
            _ => wire = None,
        }
    }
}

async fn poll(
    wire: &mut Option<Wire>,
    port: u16,
    name: &str,
    cursor: u64,
    extra: &str,
) -> Result<Option<Page>> {
    let wire = connected(wire, port).await?;
    let reply = wire.get(&format!("/messages?username={name}&last_id={cursor}{extra}")).await?;
    Ok((!unavailable(reply.head.status)).then(|| reply.success()))
}

async fn connected(wire: &mut Option<Wire>, port: u16) -> Result<&mut Wire> {
    match wire {
        Some(wire) => Ok(wire),
        None => Ok(wire.insert(Wire::connect(port).await?)),
    }
}

/// Whether it is worth another try: 502, 503 and 504, of a node or of the proxy.
fn unavailable(status: u16) -> bool {
    (502..=504).contains(&status)
}

fn ended(seen: &[Seen]) -> bool {
    seen.last().is_some_and(|last| last.what.ends_with(END))
}
