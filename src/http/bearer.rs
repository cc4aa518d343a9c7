//! The token a request presents in its `Authorization` header.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};

/// `Authorization: Bearer TOKEN`, if there is one.
pub(super) struct Bearer<'r>(Option<&'r str>);

impl<'r> Bearer<'r> {
    /// The token.
    pub(super) fn token(&self) -> Option<&'r str> {
        self.0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bearer<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        // RFC 9110, section 11.1: the scheme is compared without case.
        let token = request.headers().get_one("Authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
        });
        Outcome::Success(Bearer(token.filter(|token| !token.is_empty())))
    }
}
