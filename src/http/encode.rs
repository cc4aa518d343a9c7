//! Messages as JSON, from parts that are encoded already.

use std::sync::Arc;

use utoipa::ToSchema;

use super::reply;
use crate::id::{Epoch, MessageId};
use crate::message::{Kind, Message};
use crate::node::Page;

/// What a poll asks for beside the messages.
pub(super) struct Extras<'a> {
    pub(super) epoch: &'a Epoch,
    pub(super) oldest: MessageId,
    /// Whether there are older messages than those around one.
    pub(super) older: Option<bool>,
}

// What `page` writes.
/// The body of a poll.
#[derive(ToSchema)]
#[schema(as = Messages)]
#[expect(dead_code, reason = "documents what is written from parts")]
pub(super) struct MessagesBody {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// Ascending by `id`.
    messages: Vec<MessageBody>,
    /// The cursor to send next. This and the following come only if the request has one of
    /// `wait`, `limit`, `epoch`, `before_id`, `around`, `with`, `view`.
    #[schema(required = false)]
    last_id: u64,
    /// The life of the id sequence: as long as it is the same, cursors mean the same.
    #[schema(required = false)]
    epoch: &'static str,
    /// The lowest id that is retained.
    #[schema(required = false)]
    oldest_id: u64,
    /// False if the cursor did not fit: it is of another life of the sequence, or older than what
    /// is retained. Then the messages start at the oldest.
    #[schema(required = false)]
    recovered: bool,
    /// Whether there is more to read now: above `last_id`, or with `before_id` below the first.
    #[schema(required = false)]
    has_more: bool,
    /// Whether there is more to read below the first message; only with `around`.
    #[schema(required = false)]
    has_older: bool,
}

// What `message` writes.
/// A message.
#[derive(ToSchema)]
#[schema(as = Message, examples(
    json!({"id": 1, "sender": "ann", "recipient": "bob", "message": "Hello 🌍"}),
    json!({
        "id": 4, "sender": "ann", "recipient": "room_1", "message": "Hello all",
        "created_at": "2026-01-31T12:00:00.000Z", "kind": "room",
    }),
))]
#[expect(dead_code, reason = "documents what is written from parts")]
pub(super) struct MessageBody {
    /// Its place in the one sequence of all messages; never reused.
    #[schema(minimum = 1)]
    id: u64,
    /// Who said it; `server` for notices.
    sender: &'static str,
    /// To whom: a username, or the id of a room.
    recipient: &'static str,
    /// What was said, as it was sent.
    message: &'static str,
    /// When it was stored, ISO 8601 in UTC; only with `view=full`.
    #[schema(required = false, format = DateTime)]
    created_at: &'static str,
    #[schema(required = false, inline)]
    kind: KindBody,
}

/// Where it went: to one user, or to all in a room; only with `view=full`.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "documents what is written from parts")]
enum KindBody {
    Direct,
    Room,
}

/// The body of a poll.
pub(super) fn page(page: &Page, full: bool, extras: Option<Extras<'_>>) -> Vec<u8> {
    let texts: usize = page.messages.iter().map(|message| message.text.as_json().len()).sum();
    let mut out = Vec::with_capacity(160 + texts + page.messages.len() * 160);
    out.extend_from_slice(br#"{"status":"success","messages":["#);
    for (place, message) in page.messages.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        self::message(&mut out, message, full);
    }
    out.push(b']');
    if let Some(Extras { epoch, oldest, older }) = extras {
        number(&mut out, br#","last_id":"#, page.last_id);
        out.extend_from_slice(br#","epoch":""#);
        out.extend_from_slice(epoch.as_str().as_bytes());
        number(&mut out, br#"","oldest_id":"#, oldest);
        flag(&mut out, br#","recovered":"#, page.recovered);
        flag(&mut out, br#","has_more":"#, page.has_more);
        if let Some(older) = older {
            flag(&mut out, br#","has_older":"#, older);
        }
    }
    out.push(b'}');
    out
}

/// One message as an event of a stream: `id: EPOCH:N`, then its JSON.
pub(super) fn event(out: &mut Vec<u8>, message: &Arc<Message>, full: bool, epoch: &Epoch) {
    out.extend_from_slice(b"id: ");
    out.extend_from_slice(epoch.as_str().as_bytes());
    number(out, b":", message.id);
    out.extend_from_slice(b"\ndata: ");
    self::message(out, message, full);
    out.extend_from_slice(b"\n\n");
}

/// One message.
///
/// Names and room ids hold nothing that JSON escapes: see [`crate::name::Name`].
fn message(out: &mut Vec<u8>, message: &Message, full: bool) {
    number(out, br#"{"id":"#, message.id);
    out.extend_from_slice(br#","sender":""#);
    out.extend_from_slice(message.sender.as_bytes());
    out.extend_from_slice(br#"","recipient":""#);
    out.extend_from_slice(message.recipient.as_bytes());
    out.extend_from_slice(br#"","message":"#);
    out.extend_from_slice(message.text.as_json().as_bytes());
    if full {
        out.extend_from_slice(br#","created_at":""#);
        out.extend_from_slice(message.at.to_iso().as_bytes());
        out.extend_from_slice(match message.kind {
            Kind::Direct => br#"","kind":"direct""#,
            Kind::Room => br#"","kind":"room""#,
        });
    }
    out.push(b'}');
}

fn number(out: &mut Vec<u8>, before: &[u8], id: MessageId) {
    out.extend_from_slice(before);
    out.extend_from_slice(itoa::Buffer::new().format(id.0).as_bytes());
}

fn flag(out: &mut Vec<u8>, before: &[u8], value: bool) {
    out.extend_from_slice(before);
    out.extend_from_slice(if value { b"true" } else { b"false" });
}
