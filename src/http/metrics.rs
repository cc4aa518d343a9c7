//! `/metrics`: figures for Prometheus.

use std::io::Cursor;
use std::sync::Arc;

use rocket::http::Header;
use rocket::response::{self, Responder, Response};
use rocket::{Request, State, get};

use super::caller::Caller;
use super::error::ApiError;
use super::overseer::Asked;
use super::refusals::{Refusals, Refused};
use crate::metrics::{Metrics, Standing, TEXT_FORMAT};
use crate::node::Node;

/// The figures as text.
pub(super) struct Exposition(String);

impl<'r> Responder<'r, 'static> for Exposition {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::new();
        response.set_header(Header::new("Content-Type", TEXT_FORMAT));
        response.set_header(Header::new("Cache-Control", "no-store"));
        response.set_sized_body(self.0.len(), Cursor::new(self.0));
        Ok(response)
    }
}

/// How what shows figures is refused.
pub(super) struct Unseen;

impl Refusals for Unseen {
    fn refusals() -> Vec<ApiError> {
        vec![Caller::missing(), super::admin::not_admin()]
    }
}

/// How things stand now.
pub(super) fn standing(node: &Node) -> Standing {
    let number = |count: usize| count.try_into().unwrap_or(u64::MAX);
    let standing = node.look(|state| Standing {
        users_held: number(state.held().count()),
        accounts: number(state.accounts().count()),
        sessions: number(state.sessions().count()),
        rooms: number(state.room_count()),
        messages: state.head().0,
        messages_in_memory: state.head().0.saturating_sub(state.floor().0),
        memory_window_bytes: number(state.message_bytes()),
        oldest_in_memory: state.floor().0 + 1,
        ..Standing::default()
    });
    Standing {
        uptime: node.uptime().as_secs(),
        takes_writes: node.takes_writes(),
        sockets: number(node.presence().sockets_here()),
        users_here: number(node.online().len()),
        messages_archived: node.messages_archived(),
        archive_bytes: node.archive_bytes(),
        ..standing
    }
}

/// Read the figures
///
/// For Prometheus, in its text format: requests by route, times, what is open, what is held, the
/// log, the process. Whoever is near may read them: with `mode = "lan"`, from a private address,
/// neither through a proxy that says so nor for a page of another site. Everybody else needs the
/// token of an account that may administer.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Server",
    responses(
        (
            status = 200, description = "The figures, in version 0.0.4 of the format.",
            content_type = "text/plain", body = String,
            example = json!(
                "# HELP chatroom_streams Streams of events that are open.\n\
                 # TYPE chatroom_streams gauge\n\
                 chatroom_streams 2\n"
            ),
        ),
        Refused::<Unseen>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/metrics")]
pub(super) fn metrics(
    overseer: Asked,
    node: &State<Arc<Node>>,
    metrics: &State<Arc<Metrics>>,
) -> Result<Exposition, ApiError> {
    overseer?;
    Ok(Exposition(metrics.text(&standing(node))))
}
