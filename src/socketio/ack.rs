//! The acknowledgement that a client may have asked for.

use std::convert::Infallible;
use std::sync::Arc;

use serde_json::value::RawValue;
use socketioxide::SendError;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::AckSender;
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;

/// Answers an event whose sender wants to hear how it went.
pub(super) struct Ack(AckSender);

/// An event's acknowledgement, if it asked for one.
pub(super) struct Wanted(pub(super) Option<Ack>);

impl std::fmt::Debug for Ack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ack")
    }
}

impl Ack {
    pub(super) fn send(self, body: &RawValue) -> Result<(), SendError> {
        self.0.send(body)
    }
}

impl FromMessageParts<LocalAdapter> for Wanted {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<LocalAdapter>>,
        data: &mut Value,
        id: &Option<i64>,
    ) -> Result<Wanted, Infallible> {
        let ack = AckSender::from_message_parts(socket, data, id)?;
        Ok(Wanted(id.map(|_| Ack(ack))))
    }
}
