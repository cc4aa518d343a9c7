//! What a client calls itself.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};

/// Characters of it that are kept: enough to tell a phone from a laptop.
const KEPT: usize = 200;

/// The `User-Agent`, for the owner's list of sessions; empty when there is none.
pub(super) struct Agent(pub(super) String);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Agent {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let said = request.headers().get_one("User-Agent").unwrap_or_default();
        let visible = said.chars().filter(|letter| !letter.is_control());
        Outcome::Success(Agent(visible.take(KEPT).collect()))
    }
}
