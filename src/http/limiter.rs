//! The limits on how often something may be done, for whoever asks.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use super::error::ApiError;
use crate::credentials;
use crate::exposure::Visitor;
use crate::limits::{Action, Limits};

/// The limits, as they are for the one who asks.
pub(super) struct Limiter<'r> {
    limits: &'r Limits,
    visitor: &'r Visitor,
}

impl Limiter<'_> {
    /// Whether `user`, a name's key, may do it once more.
    pub(super) fn admit(&self, action: Action, user: Option<&str>) -> Result<(), ApiError> {
        let admitted = self.limits.admit(action, user, self.visitor.address);
        admitted.map_err(ApiError::too_often)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Limiter<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.rocket().state::<Arc<Limits>>() {
            Some(limits) => Outcome::Success(Limiter { limits, visitor: credentials::visitor(request) }),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}
