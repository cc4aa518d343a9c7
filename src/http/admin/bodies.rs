//! What an admin sends: every body that is read under `/admin/`, with how it is refused.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{no_account, no_invite, not_admin, taken};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::field::Field;
use crate::http::refusals::{Refusals, of_commands};
use crate::outcome::Rejection;
use crate::password::PasswordError;

/// Which account is meant.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminOfAccount, examples(json!({"username": "ann"})))]
pub(super) struct Named<'a> {
    /// The name of the account.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
}

/// Which account is meant, with a password for it.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminNewPassword, examples(json!({"username": "ann", "password": "correct horse"})))]
pub(super) struct NewPassword<'a> {
    #[serde(borrow, flatten)]
    named: Named<'a>,
    /// 8 to 1,024 characters; its owner changes it with `/auth/password`.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 8, max_length = 1024)]
    password: Field<'a>,
}

/// Which account is to be made; nobody may hold its name.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminNewAccount, examples(
    json!({"username": "ann", "password": "correct horse", "admin": false}),
))]
pub(super) struct NewAccount<'a> {
    #[serde(borrow, flatten)]
    account: NewPassword<'a>,
    /// Whether the account may administer.
    #[serde(borrow, default)]
    #[schema(value_type = Option<bool>, default = false)]
    admin: Field<'a>,
}

/// Which sessions are to end.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminOfSession, examples(json!({"session": 12}), json!({"username": "ann"})))]
pub(super) struct Ended<'a> {
    /// The id of a session, as it is listed.
    #[serde(borrow, default)]
    #[schema(value_type = Option<u64>)]
    pub(super) session: Field<'a>,
    /// The name of an account: all its sessions end. It is not looked at beside `session`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    pub(super) username: Field<'a>,
}

/// What an invitation is worth.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminNewInvite, examples(json!({"uses": 1, "expires_in": 604800})))]
pub(super) struct NewInvite<'a> {
    /// How many accounts can be made with it.
    #[serde(borrow, default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000, default = 1)]
    pub(super) uses: Field<'a>,
    /// For how long, in seconds.
    #[serde(borrow, default)]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 31622400, default = 604800)]
    pub(super) expires_in: Field<'a>,
}

/// Which invitation is to end.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdminOfInvite, examples(json!({"invite": "3f0a9c5b1d27"})))]
pub(super) struct EndedInvite<'a> {
    /// The id of an invitation, as it is listed, or its secret.
    #[serde(borrow, default)]
    #[schema(value_type = String, required)]
    invite: Field<'a>,
}

impl Named<'_> {
    /// The name, which may not be missing.
    pub(super) fn username(&self) -> Result<&str, ApiError> {
        self.username.text("username")?.ok_or_else(no_name)
    }
}

impl NewPassword<'_> {
    /// The name with the password, of which neither may be missing.
    pub(super) fn both(&self) -> Result<(&str, &str), ApiError> {
        let username = self.named.username.text("username")?;
        let password = self.password.text("password")?;
        username.zip(password).ok_or_else(incomplete)
    }
}

impl NewAccount<'_> {
    /// As of [`NewPassword`].
    pub(super) fn both(&self) -> Result<(&str, &str), ApiError> {
        self.account.both()
    }

    /// Whether it may administer.
    pub(super) fn is_admin(&self) -> Result<bool, ApiError> {
        match self.admin.text_or_plain("admin")? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::wrong_type("admin", "true or false")),
        }
    }
}

impl EndedInvite<'_> {
    /// The id or the secret, which may not be missing.
    pub(super) fn invite(&self) -> Result<&str, ApiError> {
        self.invite.text("invite")?.ok_or_else(no_invitation)
    }
}

/// A whole number within bounds; `None` when the field is missing.
pub(super) fn whole(
    field: &Field<'_>,
    name: &str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ApiError> {
    let wrong = || ApiError::wrong_type(name, &format!("a whole number from {least} to {most}"));
    let text = field.text_or_plain(name).map_err(|_| wrong())?;
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.map(Some).ok_or_else(wrong)
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

/// How a request is refused that names neither a session nor an account.
pub(super) fn no_session() -> ApiError {
    ApiError::required("Session or username is required")
}

/// What every endpoint here may answer that changes something, with what it has of its own.
fn of_changes(own: impl IntoIterator<Item = ApiError>) -> Vec<ApiError> {
    let mut refusals = of_commands();
    refusals.extend([Caller::missing(), not_admin()]);
    refusals.extend(own);
    refusals
}

fn wrong_name() -> ApiError {
    ApiError::wrong_type("username", "a string")
}

fn passwords() -> [ApiError; 2] {
    [PasswordError::TooShort, PasswordError::TooLong].map(ApiError::password)
}

impl Refusals for Named<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        of_changes([no_name(), wrong_name(), no_account()])
    }
}

impl Refusals for NewPassword<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes([incomplete(), wrong_name(), no_account()]);
        refusals.extend(passwords());
        refusals
    }
}

impl Refusals for NewAccount<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_changes([incomplete(), wrong_name(), taken()]);
        refusals.extend(ApiError::names());
        refusals.extend(passwords());
        refusals
    }
}

impl Refusals for Ended<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let unknown = ApiError::rejected(Rejection::SessionNotFound, "");
        of_changes([no_session(), wrong_name(), unknown, no_account()])
    }
}

impl Refusals for NewInvite<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        of_changes([ApiError::wrong_type("uses", "a whole number from 1 to 10000")])
    }
}

impl Refusals for EndedInvite<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        of_changes([no_invitation(), ApiError::wrong_type("invite", "a string"), no_invite()])
    }
}
