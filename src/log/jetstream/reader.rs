//! Reads the stream directly, many messages with one request.
//!
//! Any server that has a copy answers, so it works without a leader. The client's consumers are not
//! used: after the loss of a leader they come back late, and one that begins below the first message
//! skips silently.

use std::time::Duration;

use async_nats::{Client, Message};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::connection::Connection;

/// Messages that one request brings at most.
pub(super) const AT_ONCE: u64 = 512;

/// Requests under way when much is read.
const AHEAD: usize = 4;

/// How long the next message of an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// One message: its place and what it is.
pub(super) type Read = (u64, Bytes);

/// The messages from `from` on that a server has, one behind the other, at most `most`.
///
/// # Errors
/// A phrase: nobody answers, or there is a hole.
pub(super) async fn some(
    connection: &Connection,
    from: u64,
    most: u64,
) -> Result<Vec<Read>, String> {
    let client: &Client = &connection.client;
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| error.to_string())?;
    let subject = format!("$JS.API.DIRECT.GET.{}", connection.stream());
    let request = format!(r#"{{"seq":{from},"batch":{most}}}"#);
    let sent = client.publish_with_reply(subject, inbox, request.into()).await;
    sent.map_err(|error| error.to_string())?;
    let mut read = Vec::new();
    loop {
        let answer = tokio::time::timeout(PATIENCE, answers.next()).await;
        let Ok(Some(message)) = answer else { return Err("nobody answers".to_owned()) };
        // 204 is the end, 404 that there is nothing (any more).
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => {}
            Some(204 | 404) => return Ok(read),
            Some(503) => return Err("no server has a copy".to_owned()),
            Some(other) => return Err(format!("a server answers {other}")),
        }
        let expected = from + read.len() as u64;
        match seq_of(&message) {
            Some(seq) if seq == expected => read.push((seq, message.payload)),
            Some(seq) => return Err(format!("message {expected} is missing, {seq} comes next")),
            None => return Err("a message without its place".to_owned()),
        }
    }
}

/// All messages from `from` to `through`, in order.
///
/// # Errors
/// A phrase: nobody answers, or there is a hole.
pub(super) async fn all(
    connection: &Connection,
    from: u64,
    through: u64,
) -> Result<Vec<Read>, String> {
    let starts = (from..=through).step_by(AT_ONCE as usize);
    let parts = futures_util::stream::iter(starts)
        .map(|start| whole(connection, start, AT_ONCE.min(through + 1 - start)));
    parts.buffered(AHEAD).try_concat().await
}

/// So many messages from `from` on: a server that is behind is asked again.
async fn whole(connection: &Connection, from: u64, wanted: u64) -> Result<Vec<Read>, String> {
    let mut read: Vec<Read> = Vec::new();
    let mut tries = 0;
    while (read.len() as u64) < wanted {
        let done = read.len() as u64;
        match some(connection, from + done, wanted - done).await {
            Ok(more) if !more.is_empty() => read.extend(more),
            Ok(_) if tries < 20 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(_) if tries < 20 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            Ok(_) => return Err(format!("message {} is missing", from + done)),
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The place of a message, as the servers say it.
pub(super) fn seq_of(message: &Message) -> Option<u64> {
    message.headers.as_ref()?.get("Nats-Sequence")?.as_str().parse().ok()
}
