//! The subject on which all nodes speak.

use std::time::Duration;

use async_nats::connection::State;
use futures_util::StreamExt;

use super::message::{Message, Says};
use super::peers::BEAT;
use crate::id::NodeId;

/// After this long without a word there is nobody.
const SILENCE: Duration = BEAT.saturating_mul(4);

/// The connection to the others. What is said while there is none is lost: it is all soft, and
/// would be stale by the time there is one.
#[derive(Debug)]
pub(super) struct Bus {
    client: async_nats::Client,
    subject: String,
    heard: async_nats::Subscriber,
}

impl Bus {
    /// Begins to listen.
    pub(super) async fn open(client: async_nats::Client, stream: &str) -> Result<Bus, String> {
        let subject = subject(stream);
        let heard = client.subscribe(subject.clone()).await.map_err(|error| error.to_string())?;
        client.flush().await.map_err(|error| error.to_string())?;
        Ok(Bus { client, subject, heard })
    }

    /// Says something.
    pub(super) async fn say(&self, node: &NodeId, says: Says) {
        if self.client.connection_state() != State::Connected {
            return;
        }
        let line = Message::of(node.clone(), says).encode();
        if let Err(error) = self.client.publish(self.subject.clone(), line.into()).await {
            tracing::debug!("something could not be said to the other nodes: {error}");
        }
    }

    /// The next that another says.
    pub(super) async fn hear(&mut self, me: &NodeId) -> Option<Message> {
        loop {
            let message = self.heard.next().await?;
            match Message::decode(&message.payload) {
                Some(message) if message.node == *me => {}
                Some(message) => return Some(message),
                None => tracing::debug!("a node speaks another version, or something else"),
            }
        }
    }

    /// What was said has gone out when this returns.
    pub(super) async fn flush(&self) {
        let _ = self.client.flush().await;
    }
}

fn subject(stream: &str) -> String {
    format!("chatroom.{stream}.bus")
}

/// Whether a node speaks within some heartbeats.
///
/// # Errors
/// There is no connection.
pub async fn is_spoken_on(client: &async_nats::Client, stream: &str) -> Result<bool, String> {
    let heard = client.subscribe(subject(stream)).await;
    let mut heard = heard.map_err(|error| error.to_string())?;
    client.flush().await.map_err(|error| error.to_string())?;
    Ok(matches!(tokio::time::timeout(SILENCE, heard.next()).await, Ok(Some(_))))
}
