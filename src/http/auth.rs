//! `/auth/register`, `/auth/login`, `/auth/logout`, `/auth/check`: being somebody, over HTTP.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::{State, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::Agent;
use super::body::{Body, FORM};
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::limiter::Limiter;
use super::queries::Proof;
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::{Done, Json};
use crate::command::{CloseSession, Closing, Command};
use crate::credentials::{Credentials, cookie_is_trusted, no_session_cookie, session_cookie};
use crate::id::UserId;
use crate::limits::{Action, RetryAfter};
use crate::name::{Name, NameKey};
use crate::node::{AccountError, LoggedIn, Node, SubmitError, Wanted};
use crate::outcome::Rejection;
use crate::password::{Password, PasswordError};
use crate::token::Token;

#[derive(Deserialize, ToSchema)]
#[schema(as = NewAccount, examples(json!({"username": "ann", "password": "correct horse"})))]
struct Register<'a> {
    /// The name wanted, as for `/register`.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// 8 to 1,024 characters; the server keeps a slow hash of it (argon2id).
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 8, max_length = 1024)]
    password: Field<'a>,
    /// The token that `/register` gave for this name: who holds it makes the account, and the
    /// messages are still there.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    token: Field<'a>,
    /// The secret of an invitation, where one is needed (`registration = "invite"`).
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    invite: Field<'a>,
}

#[derive(Deserialize, ToSchema)]
#[schema(examples(json!({"username": "ann", "password": "correct horse"})))]
struct Login<'a> {
    /// The name of the account.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// Its password.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 1024)]
    password: Field<'a>,
}

/// The body of every answer that lets somebody in.
#[derive(Serialize, ToSchema)]
#[schema(as = LoggedIn, examples(json!({
    "message": "Login successful", "user_id": 7, "username": "ann",
    "token": "Vb0cyZ2nNXyTkUbyWuRKnbN_UKNzvlO4mnIu83VbNmU",
})))]
struct Entered<'a> {
    /// What was done, in a sentence for people.
    message: &'static str,
    /// Who you are: it stays the same as long as the account is there.
    #[schema(value_type = u64)]
    user_id: UserId,
    /// The name of the account, as it was given when it was made.
    username: &'a str,
    /// The session's token, for programs: `Authorization: Bearer TOKEN`. Browsers have it in a
    /// cookie that no script sees.
    token: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WhoAmI, examples(json!({"authenticated": true, "user_id": 7, "username": "ann"})))]
struct Checked<'a> {
    /// Always true.
    authenticated: bool,
    /// Who you are.
    #[schema(value_type = u64)]
    user_id: UserId,
    /// The name of your account.
    username: &'a str,
}

/// The answer to who is not logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = Nobody, examples(json!({"authenticated": false})))]
pub(super) struct Unchecked {
    /// Always false.
    authenticated: bool,
}

const REGISTERED: &str = "User registered successfully";

const LOGGED_IN: &str = "Login successful";

fn incomplete() -> ApiError {
    ApiError::required("Username and password are required")
}

fn exists() -> ApiError {
    ApiError::new(Status::BadRequest, Rejection::NameTaken.code(), "User already exists")
}

/// How a name with a password is refused that are not both right.
pub(super) fn invalid_credentials() -> ApiError {
    ApiError::new(Status::Unauthorized, "invalid_credentials", "Invalid credentials")
}

/// Why somebody was not let in.
pub(super) fn refused(error: AccountError) -> ApiError {
    match error {
        AccountError::Credentials => invalid_credentials(),
        AccountError::Submit(SubmitError::Rejected(Rejection::NameTaken)) => exists(),
        AccountError::Submit(error) => ApiError::submit(error, ""),
    }
}

impl Refusals for Register<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_commands();
        refusals.extend([incomplete(), exists(), ApiError::wrong_type("username", "a string")]);
        refusals.extend(ApiError::names());
        refusals.extend([PasswordError::TooShort, PasswordError::TooLong].map(ApiError::password));
        let closed =
            [Rejection::RegistrationClosed, Rejection::InviteRequired, Rejection::InviteInvalid];
        refusals.extend(closed.map(|rejection| ApiError::rejected(rejection, "")));
        refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
        refusals
    }
}

impl Refusals for Login<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_commands();
        refusals.extend([incomplete(), ApiError::wrong_type("username", "a string")]);
        refusals.push(invalid_credentials());
        refusals.push(ApiError::rejected(Rejection::AccountDisabled, ""));
        refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
        refusals
    }
}

/// How `/auth/logout` refuses.
struct LoggingOut;

impl Refusals for LoggingOut {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = ApiError::failures();
        refusals.push(Caller::missing());
        refusals
    }
}

/// An answer that begins a session: the token in the body, and in a cookie.
pub(super) struct Entrance {
    status: Status,
    message: &'static str,
    user: UserId,
    name: Name,
    token: Token,
}

impl Entrance {
    fn of(status: Status, message: &'static str, entered: LoggedIn) -> Entrance {
        let LoggedIn { user, name, token } = entered;
        Entrance { status, message, user, name, token }
    }
}

impl<'r> Responder<'r, 'static> for Entrance {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Entrance { status, message, user, name, token } = self;
        let (user_id, username) = (user, name.as_str());
        let body = Entered { message, user_id, username, token: token.secret() };
        let mut response = Json::of(&body).with(status);
        // A page of another site does not log a browser in, as somebody of its choice.
        if cookie_is_trusted(request) {
            response.adjoin_header(session_cookie(request, &token));
        }
        // The answer holds a secret: no cache keeps it.
        response.set_raw_header("Cache-Control", "no-store");
        Ok(response)
    }
}

/// An answer that ends the session it came in, if it did.
pub(super) struct Exit {
    pub(super) message: &'static str,
    pub(super) ended: bool,
}

impl<'r> Responder<'r, 'static> for Exit {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Json::of(&Done { message: self.message }).with(Status::Ok);
        if self.ended {
            response.adjoin_header(no_session_cookie(request));
        }
        Ok(response)
    }
}

/// Make an account
///
/// A name that is your own: nobody else can act under it, and it does not expire. A name that is
/// held takes its `token`; the account then goes on where that registration is. The answer begins
/// a session: for programs by its `token`, for browsers by the cookie `chatroom_session`.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "auth_register",
    tag = "Accounts",
    params(Proof),
    request_body(content((Register), (Register = FORM))),
    responses(
        (
            status = 201, description = "The name is your own.", body = Entered,
            headers(("Set-Cookie" = String, description = "The session, for browsers.")),
            example = json!({
                "message": "User registered successfully", "user_id": 7, "username": "ann",
                "token": "Vb0cyZ2nNXyTkUbyWuRKnbN_UKNzvlO4mnIu83VbNmU",
            }),
        ),
        Refused::<Register<'_>>,
    ),
    security((), ("token" = [])),
)]
#[post("/auth/register", data = "<body>")]
pub(super) async fn register(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    limiter: Limiter<'_>,
    agent: Agent,
    body: Body,
) -> Result<Entrance, ApiError> {
    let fields: Register<'_> = body.parse()?;
    let username = fields.username.text("username")?;
    let password = fields.password.text("password")?;
    let (username, password) = username.zip(password).ok_or_else(incomplete)?;
    let name = Name::parse(username).map_err(|error| ApiError::name(&error))?;
    let password = Password::parse(password).map_err(ApiError::password)?;
    let proof = credentials.explicit(fields.token.text("token")?);
    let invite = fields.invite.text("invite")?;
    limiter.admit(Action::AuthRegister, None)?;
    let wanted = Wanted { name, password, proof, invite, agent: agent.0 };
    let entered = node.create_account(wanted).await.map_err(refused)?;
    Ok(Entrance::of(Status::Created, REGISTERED, entered))
}

/// Log in
///
/// An unknown name is answered as a wrong password is, in the same time.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "auth_login",
    tag = "Accounts",
    request_body(content((Login), (Login = FORM))),
    responses(
        (
            status = 200, description = "You are in.", body = Entered,
            headers(("Set-Cookie" = String, description = "The session, for browsers.")),
        ),
        Refused::<Login<'_>>,
    ),
)]
#[post("/auth/login", data = "<body>")]
pub(super) async fn login(
    node: &State<Arc<Node>>,
    limiter: Limiter<'_>,
    agent: Agent,
    body: Body,
) -> Result<Entrance, ApiError> {
    let fields: Login<'_> = body.parse()?;
    let username = fields.username.text("username")?;
    let password = fields.password.text("password")?;
    let (username, password) = username.zip(password).ok_or_else(incomplete)?;
    let key = NameKey::lookup(username);
    let login = node.log_in(username, password, agent.0);
    let entered = limiter.login(key.as_str(), login).await?;
    Ok(Entrance::of(Status::Ok, LOGGED_IN, entered))
}

/// Log out
///
/// Ends the session, and every stream, waiting poll and socket that was opened with it.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "auth_logout",
    tag = "Accounts",
    responses(
        (
            status = 200, description = "The session has ended.", body = Done,
            headers(("Set-Cookie" = String, description = "Takes the cookie back.")),
            example = json!({"message": "Logged out successfully"}),
        ),
        Refused::<LoggingOut>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/auth/logout")]
pub(super) async fn logout(node: &State<Arc<Node>>, caller: Caller) -> Result<Exit, ApiError> {
    let close = CloseSession { session: caller.0.session, reason: Closing::LoggedOut };
    match node.submit(Command::CloseSession(close)).await {
        // Somebody else was quicker.
        Ok(_) | Err(SubmitError::Rejected(Rejection::SessionNotFound)) => {
            Ok(Exit { message: "Logged out successfully", ended: true })
        }
        Err(error) => Err(ApiError::submit(error, "")),
    }
}

/// Who am I?
#[utoipa::path(
    get,
    path = "/auth/check",
    operation_id = "auth_check",
    tag = "Accounts",
    responses(
        (status = 200, description = "You are logged in.", body = Checked),
        (
            status = 401, description = "You are not.", body = Unchecked,
            headers(("WWW-Authenticate" = String, description = "`Bearer`")),
        ),
        Refused::<()>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/auth/check")]
pub(super) fn check(caller: Option<Caller>) -> Check {
    Check(caller)
}

/// The answer to who asks whether they are logged in.
pub(super) struct Check(Option<Caller>);

impl<'r> Responder<'r, 'static> for Check {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Some(Caller(caller)) = self.0 else {
            let body = Json::of(&Unchecked { authenticated: false });
            let mut response = body.with(Status::Unauthorized);
            response.set_raw_header("WWW-Authenticate", "Bearer");
            return Ok(response);
        };
        let (user_id, username) = (caller.user, caller.name.as_str());
        Ok(Json::of(&Checked { authenticated: true, user_id, username }).with(Status::Ok))
    }
}
