//! A message, as it is stored once for all who may read it.

use std::sync::Arc;

use crate::id::{MessageId, UserId};
use crate::text::Text;
use crate::timestamp::Timestamp;

/// Where a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To one user.
    Direct,
    /// To everybody in a room.
    Room,
}

/// A message with its id.
#[derive(Debug)]
pub struct Message {
    /// Its place in the sequence.
    pub id: MessageId,
    /// When its entry was stamped.
    pub at: Timestamp,
    /// Who said it; none for notices.
    pub author: Option<UserId>,
    /// The sender's name; `server` for notices.
    pub sender: Arc<str>,
    /// A user's name, or the text of a room id.
    pub recipient: Arc<str>,
    /// Whether `recipient` is a user or a room.
    pub kind: Kind,
    /// What Socket.IO receivers are shown as the sender, if that is not `sender`.
    pub shown: Option<Arc<str>>,
    /// What was said.
    pub text: Text,
}
