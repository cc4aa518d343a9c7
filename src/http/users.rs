//! `/register`, `/logout`, `/online`: who is here.

use std::sync::Arc;

use rocket::{State, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, FORM};
use super::error::ApiError;
use super::field::Field;
use super::limiter::Limiter;
use super::queries::Proof;
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::{self, Json, Success};
use crate::command::Command;
use crate::credentials::Credentials;
use crate::limits::{Action, RetryAfter};
use crate::name::{Name, NameKey};
use crate::node::{Node, SubmitError};
use crate::outcome::{Outcome, Rejection};
use crate::token::TokenHash;

#[derive(Deserialize, ToSchema)]
#[schema(examples(json!({"username": "ann"})))]
struct Register<'a> {
    /// The name wanted: 1 to 64 characters, kept as given. Not allowed are spaces at its ends,
    /// control, format and text-direction characters, any of `< > & " ' \` and the back-tick,
    /// the name `server`, and what begins with `room_` or `Room `. Names that differ only in case
    /// or in look-alike letters are one name.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// The token of an earlier registration of this name, or of a session of its account: the same
    /// person again. It beats an `Authorization` header, and that beats a query parameter.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    token: Field<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "status": "success",
    "message": "User ann registered successfully.",
    "token": "Vb0cyZ2nNXyTkUbyWuRKnbN_UKNzvlO4mnIu83VbNmU",
})))]
struct Registered<'a> {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// What was done, in a sentence for people.
    message: String,
    /// Proves from now on that you are who registered this name. It survives logging out; the
    /// server keeps only its hash, so nobody can look it up for you. Not there where a session's
    /// cookie has said who you are.
    #[schema(required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

#[derive(Deserialize, ToSchema)]
#[schema(examples(json!({"username": "ann"})))]
struct Logout<'a> {
    /// Who logs out.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// A proof of that name, where it needs one.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    token: Field<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"status": "success", "online_users": ["ann", "bob"]})))]
struct Online {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// Their names, in the order in which they registered.
    #[schema(value_type = Vec<String>)]
    online_users: Vec<Arc<str>>,
}

/// How a name is refused that nobody holds.
pub(super) const NOT_FOUND: &str = "Username not found.";

/// The refusal of a request that names nobody.
pub(super) fn no_username() -> ApiError {
    ApiError::required("Username is required.")
}

impl Refusals for Register<'_> {
    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_commands();
        refusals.push(no_username());
        refusals.push(ApiError::wrong_type("username", "a string"));
        refusals.push(ApiError::rejected(Rejection::NameTaken, ""));
        refusals.push(ApiError::rejected(Rejection::Unproven, ""));
        refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
        refusals.extend(ApiError::names());
        refusals
    }
}

impl Refusals for Logout<'_> {
    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_commands();
        refusals.push(no_username());
        refusals.push(ApiError::wrong_type("username", "a string"));
        refusals.push(ApiError::rejected(Rejection::NotRegistered, NOT_FOUND));
        refusals.push(ApiError::rejected(Rejection::Unproven, NOT_FOUND));
        refusals
    }
}

/// Take a name
///
/// The name is yours until you log out, or until nothing was heard of you for 24 hours
/// (`guests.keep`). A registration starts with an empty inbox. With the `token` of an earlier
/// one you are the same person again: it succeeds even while the name is held, and your messages
/// are still there.
#[utoipa::path(
    post,
    path = "/register",
    tag = "People",
    params(Proof),
    request_body(content((Register), (Register = FORM))),
    responses(
        (status = 200, description = "The name is yours.", body = Registered),
        Refused::<Register<'_>>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[post("/register", data = "<body>")]
pub(super) async fn register(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Register<'_> = body.parse()?;
    let username = fields.username.text("username")?.ok_or_else(no_username)?;
    let name = Name::parse(username).map_err(|error| ApiError::name(&error))?;
    let presented = credentials.explicit(fields.token.text("token")?);
    limiter.admit(Action::Register, None)?;
    let token = node.new_token();
    let key = name.key().clone();
    let command = Command::Register {
        name,
        token: TokenHash::of(token.secret()),
        proof: presented.or(credentials.cookie()).map(TokenHash::of),
        guest: false,
    };
    let outcome = node.submit(command).await.map_err(|error| match error {
        SubmitError::Rejected(Rejection::NameTaken) if node.has_account(&key) => {
            SubmitError::Rejected(Rejection::Unproven)
        }
        error => error,
    });
    let outcome = outcome.map_err(|error| ApiError::submit(error, NOT_FOUND))?;
    // A proof that was accepted stays the token of this person.
    let (user, token) = match outcome {
        Outcome::Registered { user, resumed: true } => (Some(user), presented),
        Outcome::Registered { user, .. } => (Some(user), Some(token.secret())),
        _ => (None, Some(token.secret())),
    };
    if let Some(user) = user {
        node.presence().heard(user);
    }
    let message = format!("User {username} registered successfully.");
    Ok(Json::of(&Registered { status: "success", message, token }))
}

/// Give a name back
///
/// Ends the registration: the name is free, and it leaves the numbered rooms it is in, where the
/// others get a notice. An account keeps its name and its rooms; it is only no longer online.
#[utoipa::path(
    post,
    path = "/logout",
    tag = "People",
    request_body(content((Logout), (Logout = FORM))),
    responses(
        (
            status = 200, description = "The registration has ended.", body = Success,
            example = json!({"status": "success", "message": "User ann logged out successfully."}),
        ),
        Refused::<Logout<'_>>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[post("/logout", data = "<body>")]
pub(super) async fn logout(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Logout<'_> = body.parse()?;
    let username = fields.username.text("username")?.ok_or_else(no_username)?;
    let tokens = credentials.tokens(fields.token.text("token")?);
    let refused = |error| ApiError::submit(error, NOT_FOUND);
    node.authorize(username, tokens).await.map_err(refused)?;
    let command = Command::Logout { name: NameKey::lookup(username) };
    let outcome = node.submit(command).await;
    if let Outcome::LoggedOut { user } =
        outcome.map_err(|error| ApiError::submit(error, NOT_FOUND))?
    {
        node.presence().leave(user, node.now());
    }
    Ok(Json::success(&format!("User {username} logged out successfully.")))
}

/// List who is here
///
/// Those who were heard of in the last 5 minutes (`presence.timeout`): by any request in their
/// name, a waiting poll or an open stream.
#[utoipa::path(
    get,
    path = "/online",
    tag = "People",
    responses(
        (status = 200, description = "Who is here.", body = Online),
        Refused::<()>,
    ),
)]
#[get("/online")]
pub(super) fn online(node: &State<Arc<Node>>) -> Json {
    Json::of(&Online { status: "success", online_users: node.online() })
}
