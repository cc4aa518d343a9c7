//! `/admin/…`: what whoever runs the server does about accounts, sessions, invitations.
//!
//! Here stands who is let in; `bodies` are what the routes read, and all other modules the routes.

pub(super) mod accounts;
mod bodies;
pub(super) mod invites;
pub(super) mod sessions;

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use super::auth::invalid_credentials;
use super::caller::Caller;
use super::error::ApiError;
use super::refusals::Refusals;
use super::reply::Json;
use crate::node::{AccountError, AdminRequest, Node, SubmitError, refusal};
use crate::outcome::Rejection;

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
        AccountError::Credentials => invalid_credentials(),
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
