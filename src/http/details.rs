//! `/api/status/details`: how the server is doing, for the page at `/status`.

use std::sync::Arc;

use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::api::VERSION;
use super::error::ApiError;
use super::metrics::{Unseen, standing};
use super::overseer::Asked;
use super::refusals::Refused;
use super::reply::Json;
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::node::Node;

#[derive(Serialize, ToSchema)]
#[schema(as = StatusDetails, examples(json!({
    "version": "1.0.0",
    "timestamp": "2026-01-31T12:00:00.000Z",
    "uptime_seconds": 3600,
    "store": "sqlite",
    "takes_writes": true,
    "users_here": 3,
    "users_held": 12,
    "accounts": 4,
    "sessions": 5,
    "sockets": 2,
    "streams": 3,
    "long_polls": 1,
    "rooms": 7,
    "messages": 4000,
    "messages_in_memory": 4000,
    "messages_by_minute": [12, 30, 4],
    "memory_bytes": 41_943_040_u64,
})))]
struct Details<'a> {
    /// The version of the program.
    version: &'a str,
    /// The moment of the answer, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    timestamp: String,
    /// For how long the server has been running.
    uptime_seconds: u64,
    /// Where messages are kept: `memory` or `sqlite`.
    store: &'a str,
    /// Whether the store could be written when that was last tried.
    takes_writes: bool,
    /// Those whom `/online` lists.
    users_here: u64,
    /// Names that somebody holds.
    users_held: u64,
    /// Names that are accounts'.
    accounts: u64,
    /// Sessions of accounts.
    sessions: u64,
    /// Connected sockets of Socket.IO.
    sockets: u64,
    /// Streams of `/events` that are open.
    streams: u64,
    /// Polls that wait for news.
    long_polls: u64,
    /// Rooms, conversations among them.
    rooms: u64,
    /// Messages since the store began.
    messages: u64,
    /// Messages that are held in memory.
    messages_in_memory: u64,
    /// How many messages came in each minute of the last hour, or since the start if that is
    /// less: the oldest minute first, last the one that is under way.
    #[schema(max_items = 60)]
    messages_by_minute: Vec<u64>,
    /// The memory that the process has, in bytes; `null` where that cannot be found out.
    #[schema(required)]
    memory_bytes: Option<u64>,
}

/// Ask how things stand, in detail
///
/// What the page at `/status` shows. The same may ask who may read `/metrics`.
#[utoipa::path(
    get,
    path = "/api/status/details",
    operation_id = "status_details",
    tag = "Server",
    responses(
        (status = 200, description = "How things stand.", body = Details<'_>),
        Refused::<Unseen>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/api/status/details")]
pub(super) fn details(
    overseer: Asked,
    node: &State<Arc<Node>>,
    metrics: &State<Arc<Metrics>>,
    settings: &State<Settings>,
) -> Result<Json, ApiError> {
    overseer?;
    let standing = standing(node);
    Ok(Json::of(&Details {
        version: VERSION,
        timestamp: node.now().to_iso(),
        uptime_seconds: standing.uptime,
        store: settings.store.kind(),
        takes_writes: standing.takes_writes,
        users_here: standing.users_here,
        users_held: standing.users_held,
        accounts: standing.accounts,
        sessions: standing.sessions,
        sockets: standing.sockets,
        streams: metrics.stream_count(),
        long_polls: metrics.waiting_count(),
        rooms: standing.rooms,
        messages: standing.messages,
        messages_in_memory: standing.messages_in_memory,
        messages_by_minute: node.messages_by_minute(),
        memory_bytes: metrics.resident(),
    }))
}
