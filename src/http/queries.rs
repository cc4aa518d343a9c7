//! The query parameters of the readers, as the documentation lists them.
//!
//! They are read by hand (`messages`, `events`, `rooms`, `search`), because a wrong value is no error there.
#![expect(dead_code, reason = "only what they say is read")]

use utoipa::{IntoParams, ToSchema};

/// Who asks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Who {
    /// The name of a registered user.
    #[param(min_length = 1, max_length = 64, example = "ann")]
    username: String,
}

/// A proof of a name.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Proof {
    /// A proof of the name, where it needs one, for those who cannot put it into a header.
    #[param(required = false)]
    token: String,
}

/// From where on, in `/messages` as in `/events`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Position {
    /// The `epoch` that `last_id` belongs to. If it is not the server's, the cursor means nothing
    /// here: the answer starts at the oldest message, with `recovered: false`.
    #[param(required = false)]
    epoch: String,
    /// Only one conversation: a username (both directions) or the id of a room you are in.
    #[param(required = false)]
    with: String,
    /// `full` adds `created_at` and `kind` to each message, and your own direct messages.
    #[param(required = false, inline)]
    view: View,
}

/// The parameters that only `/messages` has.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Poll {
    /// The highest message id you have seen; what is no number is 0. The answer holds messages
    /// with higher ids only.
    #[param(required = false, minimum = 0, default = 0, example = 0)]
    last_id: u64,
    /// Long poll: when there is nothing new, wait up to this many seconds for something. 25 is a
    /// good value; more than 55 is 55, what is no number is 0. One user may have 8 of these and
    /// of streams open (`limits.waiters_per_user`); one more answers at once.
    #[param(required = false, minimum = 0, maximum = 55, default = 0, example = 0)]
    wait: f64,
    /// The most messages to return, the oldest first, so that no hole arises; more than 1,000 is
    /// 1,000. Without it 500 with `wait` or `before_id`, else 10,000 (`limits.page`).
    #[param(required = false, minimum = 1, maximum = 1000, example = 100)]
    limit: u32,
    /// Go back: the newest messages below this id instead of the oldest above `last_id`, still
    /// ascending. It never waits.
    #[param(required = false, minimum = 1)]
    before_id: u64,
    /// Jump to a message: half of the messages older than this id, the rest from it on, ascending.
    /// It never waits, and goes before `before_id`.
    #[param(required = false, minimum = 1)]
    around: u64,
}

/// The parameters that only `/events` has.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Stream {
    /// The highest message id you have seen: what came after it is replayed first. 0 replays
    /// everything; without a cursor only what is new is sent.
    #[param(required = false, minimum = 0, example = 0)]
    last_id: u64,
}

/// What `/search` looks for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Found {
    /// The words to look for.
    #[param(min_length = 1, max_length = 256, example = "hello")]
    q: String,
    /// Only one conversation: a username (both directions) or the id of a room you are in.
    #[param(required = false)]
    with: String,
    /// Only what was said under this name; `server` is that of notices.
    #[param(required = false)]
    from: String,
    /// Only messages before this: a message id, or a time in ISO 8601 (`2026-01-31`,
    /// `2026-01-31T12:00:00Z`; without a zone in UTC).
    #[param(required = false)]
    before: String,
    /// Only messages after this: a message id, or a time as in `before`, from which on they are
    /// taken.
    #[param(required = false)]
    after: String,
    /// What comes first: the newest, or with `rank` the best of the newest 10,000 that have all
    /// the words. A message is better the more often the words occur and the shorter it is.
    #[param(required = false, inline)]
    order: ByOrder,
    /// The most messages to return; more than 100 is 100.
    #[param(required = false, minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: u32,
    /// Where to go on: the `next` of another answer to the same question.
    #[param(required = false)]
    cursor: String,
}

/// Where a stream was interrupted.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Resume {
    /// The `id` of the last event you got, `EPOCH:N`: where to go on. Browsers send it by
    /// themselves; it beats `last_id`.
    #[param(required = false, rename = "Last-Event-ID")]
    last_event_id: String,
}

/// How much of a message to show.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum View {
    Full,
}

/// The orders of what was found.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ByOrder {
    Newest,
    Rank,
}
