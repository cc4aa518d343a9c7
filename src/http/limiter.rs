//! The limits on how often something may be done, for whoever asks.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use super::auth::refused;
use super::error::ApiError;
use crate::credentials;
use crate::exposure::Visitor;
use crate::limits::{Action, Limits};
use crate::node::AccountError;

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

    /// What comes of `login`, which looks at a password for `name`, a name's key; too many that
    /// were wrong are not looked at.
    pub(super) async fn login<T>(
        &self,
        name: &str,
        login: impl Future<Output = Result<T, AccountError>>,
    ) -> Result<T, ApiError> {
        let (logins, address) = (self.limits.logins(), self.visitor.address);
        logins.admit(name, address).map_err(ApiError::too_often)?;
        let entered = login.await;
        match entered {
            Err(AccountError::Credentials) => logins.failed(name, address),
            // Whatever else was in the way, the password was right.
            _ => logins.succeeded(name, address),
        }
        entered.map_err(refused)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Limiter<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.rocket().state::<Arc<Limits>>() {
            Some(limits) => {
                Outcome::Success(Limiter { limits, visitor: credentials::visitor(request) })
            }
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}
