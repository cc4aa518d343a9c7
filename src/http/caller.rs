//! The one who asks, where only somebody who is logged in may.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use super::error::ApiError;
use crate::credentials::Credentials;
use crate::node::{self, Node};

/// Whoever's session the request's `Authorization` header or cookie belongs to. Without one the
/// request is answered 401 before its route sees it.
pub(super) struct Caller(pub(super) node::Caller);

impl Caller {
    /// How a request without a session is refused.
    pub(super) fn missing() -> ApiError {
        ApiError::of_status(Status::Unauthorized)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let node = request.guard::<&State<Arc<Node>>>().await.succeeded();
        let credentials = request.guard::<Credentials<'_>>().await.succeeded();
        let known = node.zip(credentials.as_ref());
        let caller = match known.and_then(|(node, shown)| Some((node, shown.session()?))) {
            Some((node, token)) => node.caller(token).await,
            None => None,
        };
        match caller {
            Some(caller) => Outcome::Success(Caller(caller)),
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}
