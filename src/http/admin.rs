//! `/admin/…`: what whoever runs the server does about accounts, sessions, invitations.

use std::sync::Arc;
use std::time::Duration;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, get, post};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::{Body, FORM};
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::Json;
use crate::id::SessionId;
use crate::name::Name;
use crate::node::{
    AccountChanged, AccountError, AccountList, AdminDone, AdminRequest, InviteList, LASTS,
    LASTS_BY_ITSELF, NewInvite, Node, SessionList, SubmitError, USES, refusal,
};
use crate::outcome::Rejection;
use crate::password::{Password, PasswordError};

/// Somebody whose account may administer. Without one nothing can be asked for.
pub(super) struct Admin(Arc<Node>);

impl Admin {
    async fn ask(self, request: AdminRequest) -> Result<Json, ApiError> {
        self.0.administer(request).await.map(|answer| Json::of(&answer)).map_err(refused)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Admin {
    type Error = ApiError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ApiError> {
        let node = request.guard::<&State<Arc<Node>>>().await.succeeded();
        let caller = request.guard::<Caller>().await.succeeded();
        match node.zip(caller) {
            None => Outcome::Error((Status::Unauthorized, Caller::missing())),
            Some((node, caller)) if node.is_admin(caller.0.user) => {
                Outcome::Success(Admin(node.inner().clone()))
            }
            Some(_) => Outcome::Error((Status::Forbidden, not_admin())),
        }
    }
}

/// A route takes this, to answer a refusal itself.
type Asked = Result<Admin, ApiError>;

/// How somebody whose account may not administer is refused.
pub(super) fn not_admin() -> ApiError {
    let message = "This is for accounts that may administer this server.";
    ApiError::new(Status::Forbidden, "not_admin", message)
}

fn no_account() -> ApiError {
    ApiError::rejected(Rejection::AccountNotFound, "")
}

fn taken() -> ApiError {
    let code = Rejection::NameTaken.code();
    ApiError::new(Status::BadRequest, code, refusal(&Rejection::NameTaken))
}

fn no_invite() -> ApiError {
    let code = Rejection::InviteInvalid.code();
    ApiError::new(Status::NotFound, code, refusal(&Rejection::InviteInvalid))
}

fn refused(error: AccountError) -> ApiError {
    match error {
        AccountError::Submit(SubmitError::Rejected(Rejection::NameTaken)) => taken(),
        AccountError::Submit(SubmitError::Rejected(Rejection::InviteInvalid)) => no_invite(),
        AccountError::Submit(error) => ApiError::submit(error, ""),
        AccountError::Credentials => super::auth::invalid_credentials(),
    }
}

fn no_name() -> ApiError {
    ApiError::required("Username is required")
}

fn incomplete() -> ApiError {
    ApiError::required("Username and password are required")
}

fn no_invitation() -> ApiError {
    ApiError::required("Invite is required")
}

fn no_session() -> ApiError {
    ApiError::required("Session or username is required")
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AdminNewAccount, examples(
    json!({"username": "ann", "password": "correct horse", "admin": false}),
))]
struct Create<'a> {
    /// The name: nobody may hold it.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// 8 to 1,024 characters; its owner changes it with `/auth/password`.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 8, max_length = 1024)]
    password: Field<'a>,
    /// Whether the account may administer.
    #[serde(borrow, default)]
    #[schema(value_type = Option<bool>, default = false)]
    admin: Field<'a>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AdminNewPassword, examples(json!({"username": "ann", "password": "correct horse"})))]
struct Reset<'a> {
    /// The name of the account.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// The new password, 8 to 1,024 characters.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 8, max_length = 1024)]
    password: Field<'a>,
}

/// Which account is meant.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminOfAccount, examples(json!({"username": "ann"})))]
struct Named<'a> {
    /// The name of the account.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AdminOfSession, examples(json!({"session": 12}), json!({"username": "ann"})))]
struct Ended<'a> {
    /// The id of a session, as it is listed.
    #[serde(borrow, default)]
    #[schema(value_type = Option<u64>)]
    session: Field<'a>,
    /// The name of an account: all its sessions end. It is not looked at beside `session`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    username: Field<'a>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AdminNewInvite, examples(json!({"uses": 1, "expires_in": 604800})))]
struct Invite<'a> {
    /// How many accounts can be made with it.
    #[serde(borrow, default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000, default = 1)]
    uses: Field<'a>,
    /// For how long, in seconds.
    #[serde(borrow, default)]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 31622400, default = 604800)]
    expires_in: Field<'a>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AdminOfInvite, examples(json!({"invite": "3f0a9c5b1d27"})))]
struct Uninvite<'a> {
    /// The id of an invitation, as it is listed, or its secret.
    #[serde(borrow, default)]
    #[schema(value_type = String, required)]
    invite: Field<'a>,
}

/// What every endpoint here may answer that changes something.
fn of_changes() -> Vec<ApiError> {
    let mut refusals = of_commands();
    refusals.extend([Caller::missing(), not_admin()]);
    refusals
}

fn passwords() -> [ApiError; 2] {
    [PasswordError::TooShort, PasswordError::TooLong].map(ApiError::password)
}

impl Refusals for Create<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes();
        refusals.extend([incomplete(), taken(), ApiError::wrong_type("username", "a string")]);
        refusals.extend(ApiError::names());
        refusals.extend(passwords());
        refusals
    }
}

impl Refusals for Reset<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes();
        refusals.extend([incomplete(), ApiError::wrong_type("username", "a string")]);
        refusals.push(no_account());
        refusals.extend(passwords());
        refusals
    }
}

impl Refusals for Named<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes();
        refusals.extend([no_name(), ApiError::wrong_type("username", "a string"), no_account()]);
        refusals
    }
}

impl Refusals for Ended<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes();
        refusals.extend([no_session(), ApiError::wrong_type("username", "a string")]);
        refusals.push(ApiError::rejected(Rejection::SessionNotFound, ""));
        refusals.push(no_account());
        refusals
    }
}

impl Refusals for Invite<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes();
        refusals.push(ApiError::wrong_type("uses", "a whole number from 1 to 10000"));
        refusals
    }
}

impl Refusals for Uninvite<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes();
        refusals.extend([no_invitation(), ApiError::wrong_type("invite", "a string"), no_invite()]);
        refusals
    }
}

/// How a list is refused.
struct Listing;

impl Refusals for Listing {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        vec![Caller::missing(), not_admin()]
    }
}

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

/// A whole number within bounds; `None` when the field is missing.
fn whole(field: &Field<'_>, name: &str, least: u64, most: u64) -> Result<Option<u64>, ApiError> {
    let wrong = || ApiError::wrong_type(name, &format!("a whole number from {least} to {most}"));
    let text = field.text_or_plain(name).map_err(|_| wrong())?;
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.map(Some).ok_or_else(wrong)
}

fn username(body: &Body) -> Result<String, ApiError> {
    let fields: Named<'_> = body.parse()?;
    fields.username.text("username")?.map(str::to_owned).ok_or_else(no_name)
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
pub(super) async fn accounts(admin: Asked) -> Result<Json, ApiError> {
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
    request_body(content((Create), (Create = FORM))),
    responses(
        (status = 200, description = "There is the account.", body = AccountChanged),
        Refused::<Create<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts", data = "<body>")]
pub(super) async fn create(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin_here = admin?;
    let fields: Create<'_> = body.parse()?;
    let username = fields.username.text("username")?;
    let password = fields.password.text("password")?;
    let (username, password) = username.zip(password).ok_or_else(incomplete)?;
    let admin = match fields.admin.text_or_plain("admin")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::wrong_type("admin", "true or false")),
    };
    let name = Name::parse(username).map_err(|error| ApiError::name(&error))?;
    let password = Password::parse(password).map_err(ApiError::password)?;
    admin_here.ask(AdminRequest::Create { name, password, admin }).await
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
pub(super) async fn disable(admin: Asked, body: Body) -> Result<Json, ApiError> {
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
pub(super) async fn enable(admin: Asked, body: Body) -> Result<Json, ApiError> {
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
    request_body(content((Reset), (Reset = FORM))),
    responses(
        (status = 200, description = "The new password counts.", body = AccountChanged),
        Refused::<Reset<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/accounts/password", data = "<body>")]
pub(super) async fn password(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: Reset<'_> = body.parse()?;
    let username = fields.username.text("username")?;
    let password = fields.password.text("password")?;
    let (username, password) = username.zip(password).ok_or_else(incomplete)?;
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
pub(super) async fn promote(admin: Asked, body: Body) -> Result<Json, ApiError> {
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
pub(super) async fn demote(admin: Asked, body: Body) -> Result<Json, ApiError> {
    admin?.ask(AdminRequest::Demote(username(&body)?)).await
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
pub(super) async fn sessions(admin: Asked, username: Option<String>) -> Result<Json, ApiError> {
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
pub(super) async fn end_sessions(admin: Asked, body: Body) -> Result<Json, ApiError> {
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
pub(super) async fn invites(admin: Asked) -> Result<Json, ApiError> {
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
    request_body(content((Invite), (Invite = FORM))),
    responses(
        (status = 200, description = "There is the invitation.", body = NewInvite),
        Refused::<Invite<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/invites", data = "<body>")]
pub(super) async fn invite(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: Invite<'_> = body.parse()?;
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
    request_body(content((Uninvite), (Uninvite = FORM))),
    responses(
        (status = 200, description = "It is worth nothing any more.", body = AdminDone),
        Refused::<Uninvite<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/admin/invites/end", data = "<body>")]
pub(super) async fn end_invite(admin: Asked, body: Body) -> Result<Json, ApiError> {
    let admin = admin?;
    let fields: Uninvite<'_> = body.parse()?;
    let which = fields.invite.text("invite")?.ok_or_else(no_invitation)?;
    admin.ask(AdminRequest::EndInvite(which.to_owned())).await
}
