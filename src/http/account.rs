//! `/auth/password`, `/auth/account`: an account in its owner's hands.

use std::sync::Arc;

use rocket::{State, delete, post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{Exit, invalid_credentials};
use super::body::{Body, FORM};
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::limiter::Limiter;
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::{Done, Json};
use crate::command::Left;
use crate::limits::RetryAfter;
use crate::node::Node;
use crate::password::{Password, PasswordError};

#[derive(Deserialize, ToSchema)]
#[schema(as = NewPassword, examples(
    json!({"old_password": "correct horse", "new_password": "battery staple"}),
))]
struct Change<'a> {
    /// The password as it is.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 1024)]
    old_password: Field<'a>,
    /// The password as it is to be: 8 to 1,024 characters.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 8, max_length = 1024)]
    new_password: Field<'a>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AccountRemoval, examples(json!({"password": "correct horse", "messages": "keep"})))]
struct Remove<'a> {
    /// The password, so that nobody does it for you.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 1024)]
    password: Field<'a>,
    /// What becomes of your messages: `keep` leaves them under your name, `remove` takes them
    /// along.
    #[serde(borrow, default)]
    #[schema(value_type = Option<What>, inline, default = "keep")]
    messages: Field<'a>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of a field, for the documentation")]
enum What {
    Keep,
    Remove,
}

fn incomplete() -> ApiError {
    ApiError::required("Old and new password are required")
}

fn no_password() -> ApiError {
    ApiError::required("Password is required")
}

fn neither() -> ApiError {
    ApiError::body("invalid_messages", "messages must be keep or remove.")
}

/// What both answer where somebody is not who they should be, beside what all bodies may get.
fn of_owners() -> Vec<ApiError> {
    let mut refusals = of_commands();
    refusals.extend([invalid_credentials(), Caller::missing()]);
    refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
    refusals
}

/// The key of the caller's name, under which wrong passwords count.
fn key_of(node: &Node, caller: &Caller) -> String {
    let key = node.look(|state| Some(state.name_of(caller.0.user)?.key().as_str().to_owned()));
    key.unwrap_or_default()
}

impl Refusals for Change<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_owners();
        refusals.extend([incomplete(), ApiError::wrong_type("old_password", "a string")]);
        refusals.extend([PasswordError::TooShort, PasswordError::TooLong].map(ApiError::password));
        refusals
    }
}

impl Refusals for Remove<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_owners();
        refusals.extend([no_password(), neither(), ApiError::wrong_type("password", "a string")]);
        refusals
    }
}

/// Take another password
///
/// All other sessions of the account end, and the tokens that `/register` gave for its name prove
/// nothing any more.
#[utoipa::path(
    post,
    path = "/auth/password",
    operation_id = "change_password",
    tag = "Accounts",
    request_body(content((Change), (Change = FORM))),
    responses(
        (
            status = 200, description = "The new password counts.", body = Done,
            example = json!({"message": "Password changed successfully"}),
        ),
        Refused::<Change<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/auth/password", data = "<body>")]
pub(super) async fn password(
    node: &State<Arc<Node>>,
    caller: Caller,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Change<'_> = body.parse()?;
    let old = fields.old_password.text("old_password")?;
    let new = fields.new_password.text("new_password")?;
    let (old, new) = old.zip(new).ok_or_else(incomplete)?;
    let new = Password::parse(new).map_err(ApiError::password)?;
    let change = node.change_password(&caller.0, old, new);
    limiter.login(&key_of(node, &caller), change).await?;
    Ok(Json::of(&Done { message: "Password changed successfully" }))
}

/// Remove the account
///
/// Its sessions end, it leaves its rooms, what was sent to it is gone. Nobody can take its name
/// for as long as a silent guest keeps one (`guests.keep`).
#[utoipa::path(
    delete,
    path = "/auth/account",
    operation_id = "remove_account",
    tag = "Accounts",
    request_body(content((Remove), (Remove = FORM))),
    responses(
        (
            status = 200, description = "There is no such account any more.", body = Done,
            headers(("Set-Cookie" = String, description = "Takes the cookie back.")),
            example = json!({"message": "Account deleted successfully"}),
        ),
        Refused::<Remove<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[delete("/auth/account", data = "<body>")]
pub(super) async fn remove(
    node: &State<Arc<Node>>,
    caller: Caller,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Exit, ApiError> {
    let fields: Remove<'_> = body.parse()?;
    let password = fields.password.text("password")?.ok_or_else(no_password)?;
    let messages = match fields.messages.text("messages")? {
        None | Some("keep") => Left::Keep,
        Some("remove") => Left::Remove,
        Some(_) => return Err(neither()),
    };
    let removal = node.remove_account(&caller.0, password, messages);
    limiter.login(&key_of(node, &caller), removal).await?;
    Ok(Exit { message: "Account deleted successfully", ended: true })
}
