//! `/admin/invites…`: who may make an account where not everybody may.

use std::time::Duration;

use rocket::{get, post};

use super::bodies::{EndedInvite, NewInvite, whole};
use super::{Asked, Listing};
use crate::http::body::{Body, FORM};
use crate::http::error::ApiError;
use crate::http::refusals::Refused;
use crate::http::reply::Json;
use crate::node::{self, AdminDone, AdminRequest, InviteList, LASTS, LASTS_BY_ITSELF, USES};

/// List the invitations
///
/// Those that can still be used, without their secrets.
#[utoipa::path(
    get,
    path = "/admin/invites",
    operation_id = "admin_invites",
    tag = "Administration",
    responses(
        (status = 200, description = "The invitations.", body = InviteList),
        Refused::<Listing>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/admin/invites")]
pub(in crate::http) async fn invites(admin: Asked) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Invites).await
}

/// Invite somebody
///
/// Whoever has the secret can make an account with `/auth/register` where `registration` is
/// `invite`.
#[utoipa::path(
    post,
    path = "/admin/invites",
    operation_id = "admin_invite",
    tag = "Administration",
    request_body(content((NewInvite), (NewInvite = FORM))),
    responses(
        (status = 200, description = "There is the invitation.", body = node::NewInvite),
        Refused::<NewInvite<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/invites", data = "<body>")]
pub(in crate::http) async fn invite(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: NewInvite<'_> = body.parse()?;
    let uses = whole(&fields.uses, "uses", (*USES.start()).into(), (*USES.end()).into())?;
    let uses = uses.and_then(|uses| uses.try_into().ok()).unwrap_or(*USES.start());
    let (least, most) = (LASTS.start().as_secs(), LASTS.end().as_secs());
    let lasts = whole(&fields.expires_in, "expires_in", least, most)?;
    let lasts = lasts.map_or(LASTS_BY_ITSELF, Duration::from_secs);
    admin.ask(AdminRequest::Invite { uses, lasts }).await
}

/// End an invitation
#[utoipa::path(
    post,
    path = "/admin/invites/end",
    operation_id = "admin_end_invite",
    tag = "Administration",
    request_body(content((EndedInvite), (EndedInvite = FORM))),
    responses(
        (status = 200, description = "It is worth nothing any more.", body = AdminDone),
        Refused::<EndedInvite<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/invites/end", data = "<body>")]
pub(in crate::http) async fn end(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: EndedInvite<'_> = body.parse()?;
    admin.ask(AdminRequest::EndInvite(fields.invite()?.to_owned())).await
}
