//! Whoever may see how the server is doing.

use rocket::request::{FromRequest, Outcome, Request};

use super::admin::Admin;
use super::error::ApiError;
use crate::credentials;

/// Somebody of the server's own network, or with an account that may administer.
///
/// Figures tell strangers when a server is used and how hard it is to bring down; and a page of
/// another site has whatever a browser near the server can reach.
pub(super) struct Overseer;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Overseer {
    type Error = ApiError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ApiError> {
        if credentials::visitor(request).near {
            return Outcome::Success(Overseer);
        }
        request.guard::<Admin>().await.map(|_| Overseer)
    }
}

/// A route takes this, to answer a refusal itself.
pub(super) type Asked = Result<Overseer, ApiError>;
