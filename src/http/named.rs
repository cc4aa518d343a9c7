//! The named events of a stream: they carry no id, so they move no cursor.

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{Epoch, MessageId};

/// What a stream looks like, for the documentation.
pub(super) const EXAMPLE: &str = r#"retry: 3170

id: gqhvutdzhqf2kw3e:4
data: {"id":4,"sender":"ann","recipient":"room_1","message":"Hello all"}

event: ready
data: {"last_id":4,"epoch":"gqhvutdzhqf2kw3e","recovered":true,"oldest_id":1}

event: presence
data: {"online_users":["ann","bob"]}

"#;

/// The event `ready`: the replay is over, what follows is live.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadyEvent, examples(
    json!({"last_id": 4, "epoch": "gqhvutdzhqf2kw3e", "recovered": true, "oldest_id": 1}),
))]
pub(super) struct Ready<'a> {
    /// The highest id so far: everything up to it was sent, or lies before the cursor.
    #[schema(value_type = u64)]
    pub(super) last_id: MessageId,
    /// The life of the id sequence.
    #[schema(value_type = String)]
    pub(super) epoch: &'a Epoch,
    /// False if the cursor did not fit, as in the event `gap` before.
    pub(super) recovered: bool,
    /// The lowest id that is retained.
    #[schema(value_type = u64)]
    pub(super) oldest_id: MessageId,
}

/// The event `gap`: the cursor did not fit, so the replay starts at the oldest message.
#[derive(Serialize, ToSchema)]
#[schema(as = GapEvent, examples(json!({"recovered": false, "oldest_id": 1})))]
pub(super) struct Gap {
    /// Always false.
    pub(super) recovered: bool,
    /// The lowest id that is retained.
    #[schema(value_type = u64)]
    pub(super) oldest_id: MessageId,
}

/// The event `presence`: who is here has changed; at most one a second.
#[derive(ToSchema)]
#[schema(as = PresenceEvent, examples(json!({"online_users": ["ann", "bob"]})))]
#[expect(dead_code, reason = "documents what is written from a list that is encoded already")]
pub(super) struct Presence {
    /// As in `/online`.
    online_users: Vec<String>,
}

/// The event `bye`: the server ends the stream.
#[derive(Serialize, ToSchema)]
#[schema(as = ByeEvent, examples(json!({"reason": "shutdown", "reconnect": true})))]
pub(super) struct Bye {
    #[schema(inline)]
    pub(super) reason: Reason,
    /// Whether to come back: with the cursor nothing is lost.
    pub(super) reconnect: bool,
}

/// Why the stream ends: the server stops; the registration has ended; what proved the name proves
/// it no more (a session has ended, a password was changed, the name has become an account's); the
/// reader is no longer in the room that the stream was of alone (`with`), having been removed from
/// it or having left; the reader takes longer than 5 seconds for what it is given; or older
/// messages cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    Shutdown,
    LoggedOut,
    SessionEnded,
    Removed,
    Slow,
    Unreadable,
}

impl Ready<'_> {
    /// The event as it is sent.
    pub(super) fn event(&self) -> Vec<u8> {
        named("ready", &encoded(self))
    }
}

impl Gap {
    /// The event as it is sent.
    pub(super) fn event(&self) -> Vec<u8> {
        named("gap", &encoded(self))
    }
}

impl Presence {
    /// The event with these names, a JSON list.
    pub(super) fn event(names: &str) -> Vec<u8> {
        named("presence", &format!(r#"{{"online_users":{names}}}"#))
    }
}

impl Bye {
    /// The end of a stream for this reason.
    pub(super) fn event(reason: Reason) -> Vec<u8> {
        let reconnect = matches!(reason, Reason::Shutdown | Reason::Slow);
        named("bye", &encoded(&Bye { reason, reconnect }))
    }
}

fn encoded(data: &impl Serialize) -> String {
    // Their keys are strings, so they always serialise.
    serde_json::to_string(data).unwrap_or_default()
}

fn named(name: &str, data: &str) -> Vec<u8> {
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}
