//! The readers: plain polls, long polls, and streams that break off at random.

use std::time::Duration;

use rand::random_range;

use crate::support::chat::{self, Message};
use crate::support::checker::Seen;
use crate::support::streams::Events;
use crate::support::wire::Wire;

/// The last message of every reader.
pub(crate) const END: &str = "the end";

/// How a reader reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Polls that answer at once; the cursor is the highest id seen.
    Plain,
    /// Long polls of random size; the cursor is the `last_id` of the answer.
    Waiting,
    /// Server-Sent Events, cut off and resumed at random.
    Stream,
}

/// All that `name` gets from the beginning to its last message, and what comes after.
pub(crate) async fn read(port: u16, name: String, way: Way) -> Vec<Seen> {
    let mut seen = match way {
        Way::Plain => plain(port, &name).await,
        Way::Waiting => waiting(port, &name).await,
        Way::Stream => stream(port, &name).await,
    };
    // One more look: nothing may come in late.
    let mut wire = Wire::connect(port).await.unwrap();
    let cursor = seen.last().map_or(0, |seen| seen.id);
    let page = chat::poll(&mut wire, &name, cursor, "").await.unwrap();
    seen.extend(page.messages.into_iter().map(Seen::from));
    seen
}

async fn plain(port: u16, name: &str) -> Vec<Seen> {
    let mut wire = Wire::connect(port).await.unwrap();
    let mut seen: Vec<Seen> = Vec::new();
    while !ended(&seen) {
        let cursor = seen.last().map_or(0, |seen| seen.id);
        let page = chat::poll(&mut wire, name, cursor, "").await.unwrap();
        seen.extend(page.messages.into_iter().map(Seen::from));
        // The pace of this client, not a wait for something.
        tokio::time::sleep(Duration::from_millis(random_range(0..10))).await;
    }
    seen
}

async fn waiting(port: u16, name: &str) -> Vec<Seen> {
    let mut wire = Wire::connect(port).await.unwrap();
    let mut seen: Vec<Seen> = Vec::new();
    let mut cursor = 0;
    while !ended(&seen) {
        let extra = format!("&wait=5&limit={}", random_range(1..=500));
        let page = chat::poll(&mut wire, name, cursor, &extra).await.unwrap();
        cursor = page.last_id.expect("a poll with `wait` has `last_id`");
        seen.extend(page.messages.into_iter().map(Seen::from));
    }
    seen
}

async fn stream(port: u16, name: &str) -> Vec<Seen> {
    let target = format!("/events?username={name}&last_id=0");
    let mut seen: Vec<Seen> = Vec::new();
    let mut last: Option<String> = None;
    while !ended(&seen) {
        let mut events = Events::open(port, &target, last.as_deref()).await.unwrap();
        for _ in 0..random_range(1..1500) {
            let event = events.next().await.unwrap().expect("the server keeps the stream open");
            assert_ne!(event.name, "gap", "the cursor is honoured");
            if event.name.is_empty() {
                let message: Message = serde_json::from_str(&event.data).unwrap();
                let message = Seen::from(message);
                let id = event.id.expect("a message has an id");
                assert!(id.ends_with(&format!(":{}", message.id)), "{id} names {message:?}");
                seen.push(message);
                last = Some(id);
            }
            if ended(&seen) {
                break;
            }
        }
    }
    seen
}

fn ended(seen: &[Seen]) -> bool {
    seen.last().is_some_and(|last| last.what.ends_with(END))
}
