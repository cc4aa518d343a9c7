//! `/auth/sessions`: where one is logged in.

use std::sync::Arc;

use rocket::{State, delete, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Exit;
use super::caller::Caller;
use super::error::ApiError;
use super::refusals::{Refusals, Refused};
use super::reply::{Done, Json};
use crate::command::{CloseSession, Closing, Command};
use crate::id::SessionId;
use crate::node::{Node, SubmitError};
use crate::outcome::Rejection;

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "id": 12, "agent": "python-requests/2.32.3", "created_at": "2026-01-31T12:00:00.000Z",
    "last_used_at": "2026-01-31T12:10:00.000Z", "current": true,
})))]
struct Session {
    /// What it is ended by.
    #[schema(value_type = u64)]
    id: SessionId,
    /// What the client called itself when it logged in.
    agent: String,
    /// When it began, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last heard of; null when it was not since the server started.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

/// How a list of sessions is refused.
struct Listing;

impl Refusals for Listing {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        vec![Caller::missing()]
    }
}

/// How the end of other sessions is refused.
struct EndingOthers;

impl Refusals for EndingOthers {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = ApiError::failures();
        refusals.push(Caller::missing());
        refusals
    }
}

/// How the end of a session is refused.
struct Ending;

impl Refusals for Ending {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = EndingOthers::refusals();
        refusals.push(ApiError::rejected(Rejection::SessionNotFound, ""));
        refusals
    }
}

/// List where you are logged in
///
/// Your sessions, in the order in which they began. One that is not used for 30 days
/// (`sessions.keep`) ends; one more than 64 ends the oldest.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    tag = "Accounts",
    responses(
        (
            status = 200, description = "Your sessions.", body = Vec<Session>,
            example = json!([{
                "id": 12, "agent": "python-requests/2.32.3",
                "created_at": "2026-01-31T12:00:00.000Z",
                "last_used_at": "2026-01-31T12:10:00.000Z", "current": true,
            }]),
        ),
        Refused::<Listing>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/auth/sessions")]
pub(super) fn sessions(node: &State<Arc<Node>>, caller: Caller) -> Json {
    let own = node.look(|state| {
        let own = state.sessions_of(caller.0.user);
        own.map(|(id, session)| (id, session.clone())).collect::<Vec<_>>()
    });
    let shown = own.into_iter().map(|(id, session)| Session {
        id,
        agent: session.agent,
        created_at: session.created.to_iso(),
        last_used_at: node.presence().session_last_used(id).map(|at| at.to_iso()),
        current: id == caller.0.session,
    });
    Json::of(&shown.collect::<Vec<_>>())
}

/// Log out somewhere else
///
/// Ends one of your sessions, and every stream, waiting poll and socket that was opened with it.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    operation_id = "end_session",
    tag = "Accounts",
    params(("id" = u64, Path, description = "As in the list.", example = 12)),
    responses(
        (
            status = 200, description = "The session has ended.", body = Done,
            example = json!({"message": "Session ended successfully"}),
        ),
        Refused::<Ending>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[delete("/auth/sessions/<id>")]
pub(super) async fn end(
    node: &State<Arc<Node>>,
    caller: Caller,
    id: &str,
) -> Result<Exit, ApiError> {
    let missing = || ApiError::rejected(Rejection::SessionNotFound, "");
    let session = id.parse().map(SessionId).map_err(|_| missing())?;
    let owner = node.look(|state| state.session(session).map(|session| session.user));
    owner.filter(|owner| *owner == caller.0.user).ok_or_else(missing)?;
    let close = CloseSession { session, reason: Closing::Revoked };
    let outcome = node.submit(Command::CloseSession(close)).await;
    outcome.map_err(|error| ApiError::submit(error, ""))?;
    Ok(Exit { message: "Session ended successfully", ended: session == caller.0.session })
}

/// Log out everywhere else
///
/// Ends all your sessions but the one that asks.
#[utoipa::path(
    delete,
    path = "/auth/sessions",
    operation_id = "end_other_sessions",
    tag = "Accounts",
    responses(
        (
            status = 200, description = "The other sessions have ended.", body = Done,
            example = json!({"message": "Other sessions ended successfully"}),
        ),
        Refused::<EndingOthers>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[delete("/auth/sessions")]
pub(super) async fn end_others(node: &State<Arc<Node>>, caller: Caller) -> Result<Json, ApiError> {
    let own: Vec<_> =
        node.look(|state| state.sessions_of(caller.0.user).map(|(id, _)| id).collect());
    for session in own.into_iter().filter(|session| *session != caller.0.session) {
        let close = CloseSession { session, reason: Closing::Revoked };
        match node.submit(Command::CloseSession(close)).await {
            // It ended by itself meanwhile.
            Ok(_) | Err(SubmitError::Rejected(Rejection::SessionNotFound)) => {}
            Err(error) => return Err(ApiError::submit(error, "")),
        }
    }
    Ok(Json::of(&Done { message: "Other sessions ended successfully" }))
}
