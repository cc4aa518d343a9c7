//! `/admin/accounts…`: every account, in the hands of whoever runs the server.

use rocket::{get, post};

use super::bodies::{Named, NewAccount, NewPassword};
use super::{Asked, Listing};
use crate::http::body::{Body, FORM};
use crate::http::error::ApiError;
use crate::http::refusals::Refused;
use crate::http::reply::Json;
use crate::name::Name;
use crate::node::{AccountChanged, AccountList, AdminRequest};
use crate::password::Password;

/// Which account the body means.
fn username(body: &Body) -> Result<String, ApiError> {
    let fields: Named<'_> = body.parse()?;
    fields.username().map(str::to_owned)
}

/// List the accounts
#[utoipa::path(
    get,
    path = "/admin/accounts",
    operation_id = "admin_accounts",
    tag = "Administration",
    responses(
        (status = 200, description = "All accounts.", body = AccountList),
        Refused::<Listing>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/admin/accounts")]
pub(in crate::http) async fn accounts(admin: Asked) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Accounts).await
}

/// Make an account for somebody
///
/// Also where `registration` is `invite` or `closed`. Nobody is logged in by it.
#[utoipa::path(
    post,
    path = "/admin/accounts",
    operation_id = "admin_create",
    tag = "Administration",
    request_body(content((NewAccount), (NewAccount = FORM))),
    responses(
        (status = 200, description = "There is the account.", body = AccountChanged),
        Refused::<NewAccount<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts", data = "<body>")]
pub(in crate::http) async fn create(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let by = admin?;
    let fields: NewAccount<'_> = body.parse()?;
    let (username, password) = fields.both()?;
    let admin = fields.is_admin()?;
    let name = Name::parse(username).map_err(|error| ApiError::name(&error))?;
    let password = Password::parse(password).map_err(ApiError::password)?;
    by.ask(AdminRequest::Create { name, password, admin }).await
}

/// Disable an account
///
/// Its sessions end, with every stream, waiting poll and socket, and nobody can log in to it or act
/// under its name until it is enabled.
#[utoipa::path(
    post,
    path = "/admin/accounts/disable",
    operation_id = "admin_disable",
    tag = "Administration",
    request_body(content((Named), (Named = FORM))),
    responses(
        (status = 200, description = "It is disabled.", body = AccountChanged),
        Refused::<Named<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts/disable", data = "<body>")]
pub(in crate::http) async fn disable(admin: Asked, body: Body) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Disable(username(&body)?)).await
}

/// Enable an account
///
/// Its owner may log in again.
#[utoipa::path(
    post,
    path = "/admin/accounts/enable",
    operation_id = "admin_enable",
    tag = "Administration",
    request_body(content((Named), (Named = FORM))),
    responses(
        (
            status = 200, description = "It is enabled.", body = AccountChanged,
            example = json!({
                "message": "Account enabled successfully",
                "account": {
                    "user_id": 7, "username": "ann", "admin": true, "disabled": false,
                    "created_at": "2026-01-31T12:00:00.000Z", "sessions": 0,
                },
            }),
        ),
        Refused::<Named<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts/enable", data = "<body>")]
pub(in crate::http) async fn enable(admin: Asked, body: Body) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Enable(username(&body)?)).await
}

/// Set another password
///
/// For an owner who lost it. All sessions of the account end, and the tokens that `/register` gave
/// for its name prove nothing any more.
#[utoipa::path(
    post,
    path = "/admin/accounts/password",
    operation_id = "admin_password",
    tag = "Administration",
    request_body(content((NewPassword), (NewPassword = FORM))),
    responses(
        (status = 200, description = "The new password counts.", body = AccountChanged),
        Refused::<NewPassword<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts/password", data = "<body>")]
pub(in crate::http) async fn password(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: NewPassword<'_> = body.parse()?;
    let (username, password) = fields.both()?;
    let password = Password::parse(password).map_err(ApiError::password)?;
    admin.ask(AdminRequest::Password { username: username.to_owned(), password }).await
}

/// Let an account administer
#[utoipa::path(
    post,
    path = "/admin/accounts/promote",
    operation_id = "admin_promote",
    tag = "Administration",
    request_body(content((Named), (Named = FORM))),
    responses(
        (status = 200, description = "It may administer.", body = AccountChanged),
        Refused::<Named<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts/promote", data = "<body>")]
pub(in crate::http) async fn promote(admin: Asked, body: Body) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Promote(username(&body)?)).await
}

/// Let an account administer no more
///
/// Its sessions go on.
#[utoipa::path(
    post,
    path = "/admin/accounts/demote",
    operation_id = "admin_demote",
    tag = "Administration",
    request_body(content((Named), (Named = FORM))),
    responses(
        (status = 200, description = "It may not administer.", body = AccountChanged),
        Refused::<Named<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts/demote", data = "<body>")]
pub(in crate::http) async fn demote(admin: Asked, body: Body) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Demote(username(&body)?)).await
}
