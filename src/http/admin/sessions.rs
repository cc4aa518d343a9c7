//! `/admin/sessions…`: who is logged in, in the hands of whoever runs the server.

use rocket::{get, post};
use utoipa::IntoParams;

use super::bodies::{Ended, no_session, whole};
use super::{Asked, no_account, not_admin};
use crate::http::body::{Body, FORM};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::refusals::{Refusals, Refused};
use crate::http::reply::Json;
use crate::id::SessionId;
use crate::node::{AdminDone, AdminRequest, SessionList};

/// How a list of what belongs to an account is refused.
struct ListingOf;

impl Refusals for ListingOf {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        vec![Caller::missing(), not_admin(), no_account()]
    }
}

/// Whose sessions are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only what it says is read")]
struct Whose {
    /// The name of an account; without it the sessions of all are listed.
    #[param(required = false, example = "carol")]
    username: String,
}

/// List sessions
///
/// Of everybody, or of one account.
#[utoipa::path(
    get,
    path = "/admin/sessions",
    operation_id = "admin_sessions",
    tag = "Administration",
    params(Whose),
    responses(
        (status = 200, description = "The sessions.", body = SessionList),
        Refused::<ListingOf>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/admin/sessions?<username>")]
pub(in crate::http) async fn sessions(
    admin: Asked,
    username: Option<String>,
) -> Result<Json, ApiError> {
    let username = username.filter(|name| !name.is_empty());
    admin?.ask(AdminRequest::Sessions(username)).await
}

/// End sessions
///
/// One, or all of an account, with every stream, waiting poll and socket that was opened with them.
#[utoipa::path(
    post,
    path = "/admin/sessions/end",
    operation_id = "admin_end_sessions",
    tag = "Administration",
    request_body(content((Ended), (Ended = FORM))),
    responses(
        (status = 200, description = "They have ended.", body = AdminDone),
        Refused::<Ended<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/sessions/end", data = "<body>")]
pub(in crate::http) async fn end(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: Ended<'_> = body.parse()?;
    let session = whole(&fields.session, "session", 0, u64::MAX)?;
    let username = fields.username.text("username")?;
    let request = match (session, username) {
        (Some(session), _) => AdminRequest::EndSession(SessionId(session)),
        (None, Some(username)) => AdminRequest::EndSessions(username.to_owned()),
        (None, None) => return Err(no_session()),
    };
    admin.ask(request).await
}
