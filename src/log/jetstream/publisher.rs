//! Sends batches until they are in the stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::inbox::Inbox;

/// Batches under way at most: more gain nothing.
pub(super) const FLYING: usize = 4;

/// How long an acknowledgement is waited for before the batch is sent again.
const ACK: Duration = Duration::from_millis(500);

/// After a refusal, how long until the next attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// After which time a batch that is not in the log means that it takes nothing at the moment.
const STALLED: Duration = Duration::from_secs(2);

/// A batch that is older is not sent again: the state remembers a node's entries much longer, and
/// one who was stopped for a day must not come back with them.
const LONGEST: Duration = Duration::from_secs(600);

/// The one who sends this node's batches.
#[derive(Debug)]
pub(super) struct Publisher {
    client: Client,
    runtime: Handle,
    subject: String,
    stream: String,
    flying: Arc<Flying>,
    inbox: Arc<Inbox>,
}

#[derive(Debug, Default)]
struct Flying {
    batches: Mutex<BTreeMap<u64, Instant>>,
    /// The first batch is in the log: the servers know this node.
    begun: AtomicBool,
}

/// What the servers answer.
#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    description: String,
}

impl Publisher {
    pub(super) fn new(
        client: Client,
        runtime: Handle,
        subject: String,
        stream: String,
        inbox: Arc<Inbox>,
    ) -> Publisher {
        Publisher { client, runtime, subject, stream, flying: Arc::default(), inbox }
    }

    /// Whether another batch may be sent. Until the first is in the log, it flies alone.
    pub(super) fn has_room(&self) -> bool {
        let most = if self.flying.begun.load(Ordering::Acquire) { FLYING } else { 1 };
        self.flying.batches.lock().len() < most
    }

    /// Whether a batch is under way for longer than usual.
    pub(super) fn is_stalled(&self) -> bool {
        self.flying.batches.lock().values().next().is_some_and(|begun| begun.elapsed() > STALLED)
    }

    /// Sends a batch, again and again, until it is in the log. The receiver gets its place.
    pub(super) fn send(&self, batch: u64, id: String, payload: Bytes) -> oneshot::Receiver<u64> {
        let (tell, told) = oneshot::channel();
        let begun = Instant::now();
        self.flying.batches.lock().insert(batch, begun);
        let (client, subject) = (self.client.clone(), self.subject.clone());
        let (flying, inbox) = (self.flying.clone(), self.inbox.clone());
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        headers.insert("Nats-Expected-Stream", self.stream.as_str());
        self.runtime.spawn(async move {
            let seq = loop {
                if begun.elapsed() > LONGEST {
                    inbox.fail("the servers have taken nothing for too long".to_owned());
                    return;
                }
                match attempt(&client, &subject, &headers, &payload).await {
                    Ok(seq) => break seq,
                    Err(why) => tracing::debug!("a batch is not in the log yet: {why}"),
                }
                tokio::time::sleep(PAUSE).await;
            };
            flying.batches.lock().remove(&batch);
            flying.begun.store(true, Ordering::Release);
            let _ = tell.send(seq);
            inbox.wake();
        });
        told
    }
}

async fn attempt(
    client: &Client,
    subject: &str,
    headers: &HeaderMap,
    payload: &Bytes,
) -> Result<u64, String> {
    let request = async_nats::Request::new()
        .headers(headers.clone())
        .payload(payload.clone())
        .timeout(Some(ACK));
    let answer = client.send_request(subject.to_owned(), request).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let ack: Ack = serde_json::from_slice(&answer.payload).map_err(|error| error.to_string())?;
    match ack {
        Ack { error: Some(refusal), .. } => Err(refusal.description),
        Ack { seq: 0, .. } => Err("an answer without a place".to_owned()),
        Ack { seq, .. } => Ok(seq),
    }
}
