//! `/api`, `/api/health`, `/api/status`, `/api/clients`: how the server is.

use std::sync::{Arc, LazyLock};

use rocket::http::Status;
use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::Refused;
use super::reply::Json;
use crate::config::Settings;
use crate::node::Node;
use crate::presence::Socket;

/// What the server calls itself.
const SERVICE: &str = "chatroom";

/// Its version, as released.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What there is to ask for.
pub(super) struct Overview {
    /// From the document, which says everything of each.
    pub(super) endpoints: &'static LazyLock<Vec<Endpoint>>,
    /// From the Socket.IO transport.
    pub(super) events: &'static [&'static str],
}

/// One method of one path.
#[derive(Serialize, ToSchema)]
pub(super) struct Endpoint {
    /// The method; `HEAD` goes wherever `GET` does.
    #[schema(examples("GET"))]
    pub(super) method: &'static str,
    /// The path, with its `{parameters}`.
    #[schema(examples("/online"))]
    pub(super) path: String,
    /// What it is for.
    #[schema(examples("List who is here"))]
    pub(super) summary: String,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "service": "chatroom",
    "version": "1.0.0",
    "endpoints": [{"method": "GET", "path": "/online", "summary": "List who is here"}],
    "websocket": {"events": ["echo", "join", "message"]},
    "timestamp": "2026-01-31T12:00:00.000Z",
})))]
struct Api<'a> {
    /// The name of the program.
    service: &'a str,
    /// Its version.
    version: &'a str,
    /// Every endpoint.
    endpoints: &'a [Endpoint],
    #[schema(inline)]
    websocket: WebSocket<'a>,
    /// The moment of the answer, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    timestamp: String,
}

/// What goes over Socket.IO, at `/socket.io/`.
#[derive(Serialize, ToSchema)]
struct WebSocket<'a> {
    /// The events that a client may send.
    events: &'a [&'a str],
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "status": "healthy", "timestamp": "2026-01-31T12:00:00.000Z", "service": "chatroom",
})))]
struct Health<'a> {
    #[schema(inline)]
    status: Condition,
    /// The moment of the answer, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The name of the program.
    service: &'a str,
}

/// `healthy` with status 200; `unhealthy` with 503.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Condition {
    Healthy,
    Unhealthy,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ServerStatus, examples(json!({
    "status": "online",
    "message": "The server is running.",
    "service": "chatroom",
    "version": "1.0.0",
    "timestamp": "2026-01-31T12:00:00.000Z",
    "uptime_seconds": 3600,
    "connected_clients": 2,
    "users_online": 3,
    "rooms": 1,
    "messages": 40,
    "store": "sqlite",
})))]
struct Figures<'a> {
    /// Always `online`.
    status: &'a str,
    /// The same in a sentence for people.
    message: &'a str,
    /// The name of the program.
    service: &'a str,
    /// Its version.
    version: &'a str,
    /// The moment of the answer, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    timestamp: String,
    /// For how long the server has been running.
    uptime_seconds: u64,
    /// Sockets that are connected over Socket.IO.
    connected_clients: usize,
    /// Those whom `/online` lists.
    users_online: usize,
    /// Numbered and named rooms.
    rooms: usize,
    /// Messages that are kept, those of `server` too.
    messages: u64,
    /// Where messages are kept: `memory` or `sqlite`.
    store: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "total_clients": 1,
    "clients": [
        {"client_id": "AAAAAbKmM_xlOTtI", "connected_at": "2026-01-31T11:59:00.000Z"},
    ],
    "timestamp": "2026-01-31T12:00:00.000Z",
})))]
struct Clients {
    /// How many there are.
    total_clients: usize,
    /// The sockets in the order in which they came.
    clients: Vec<Client>,
    /// The moment of the answer, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    timestamp: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConnectedClient)]
struct Client {
    /// The id that the client knows as its own (`socket.id`). It opens nothing.
    client_id: String,
    /// Since when, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    connected_at: String,
}

/// List what there is
///
/// The endpoints of this document, and the events that may be sent over Socket.IO.
#[utoipa::path(
    get,
    path = "/api",
    tag = "Server",
    responses(
        (status = 200, description = "The endpoints and events.", body = Api<'_>),
        Refused::<()>,
    ),
)]
#[get("/api")]
pub(super) fn api(node: &State<Arc<Node>>, overview: &State<Overview>) -> Json {
    Json::of(&Api {
        service: SERVICE,
        version: VERSION,
        endpoints: overview.endpoints,
        websocket: WebSocket { events: overview.events },
        timestamp: node.now().to_iso(),
    })
}

/// Ask whether all is well
///
/// For load balancers and the like. It is not while nothing can be written, be it that the disk
/// is full or broken; reading goes on then. The server itself tries again every second.
#[utoipa::path(
    get,
    path = "/api/health",
    tag = "Server",
    responses(
        (status = 200, description = "All is well.", body = Health<'_>),
        (
            status = 503, description = "Nothing can be written.", body = Health<'_>,
            example = json!({
                "status": "unhealthy",
                "timestamp": "2026-01-31T12:00:00.000Z",
                "service": "chatroom",
            }),
        ),
        Refused::<()>,
    ),
)]
#[get("/api/health")]
pub(super) fn health(node: &State<Arc<Node>>) -> (Status, Json) {
    let (code, status) = if node.takes_writes() {
        (Status::Ok, Condition::Healthy)
    } else {
        (Status::ServiceUnavailable, Condition::Unhealthy)
    };
    (code, Json::of(&Health { status, timestamp: node.now().to_iso(), service: SERVICE }))
}

/// Ask how things stand
///
/// How many are here, and how much is kept.
#[utoipa::path(
    get,
    path = "/api/status",
    tag = "Server",
    responses(
        (status = 200, description = "How things stand.", body = Figures<'_>),
        Refused::<()>,
    ),
)]
#[get("/api/status")]
pub(super) fn status(node: &State<Arc<Node>>, settings: &State<Settings>) -> Json {
    let (rooms, messages) = node.look(|state| (state.room_count(), state.message_count()));
    Json::of(&Figures {
        status: "online",
        message: "The server is running.",
        service: SERVICE,
        version: VERSION,
        timestamp: node.now().to_iso(),
        uptime_seconds: node.uptime().as_secs(),
        connected_clients: node.presence().socket_count(),
        users_online: node.online().len(),
        rooms,
        messages,
        store: settings.store.kind(),
    })
}

/// List connected sockets
///
/// Those of Socket.IO; a user may have several, or none.
#[utoipa::path(
    get,
    path = "/api/clients",
    tag = "Server",
    responses(
        (status = 200, description = "The sockets.", body = Clients),
        Refused::<()>,
    ),
)]
#[get("/api/clients")]
pub(super) fn clients(node: &State<Arc<Node>>) -> Json {
    let client = |(client_id, socket): (String, Socket)| Client {
        client_id,
        connected_at: socket.since.to_iso(),
    };
    let clients: Vec<_> = node.presence().sockets().into_iter().map(client).collect();
    Json::of(&Clients { total_clients: clients.len(), clients, timestamp: node.now().to_iso() })
}
