//! The headers that tell browsers what they may do with an answer.

use std::borrow::Cow;

use rocket::http::Header;
use rocket::{Request, Response};

use crate::credentials;
use crate::exposure::Headers;

/// Adds them. An answer may have a policy of its own, but who may show it in a frame is for the
/// settings to say.
pub(super) fn tell<'r>(request: &'r Request<'_>, response: &mut Response<'r>) {
    let Some(headers) = request.rocket().state::<Headers>() else { return };
    let own = response.headers();
    let policy = match own.get_one("Content-Security-Policy") {
        None => Some(headers.policy(own.get_one("Content-Type")).into()),
        Some(policy) => headers.framed(policy).map(Cow::Owned),
    };
    if let Some(policy) = policy {
        response.set_header(Header::new("Content-Security-Policy", policy));
    }
    response.set_raw_header("X-Content-Type-Options", "nosniff");
    // Pages elsewhere learn nothing of where somebody was; our own forms keep their `Origin`,
    // which "no-referrer" would take from them.
    if !response.headers().contains("Referrer-Policy") {
        response.set_raw_header("Referrer-Policy", "same-origin");
    }
    if let Some(hsts) = headers.hsts(credentials::visitor(request)) {
        response.set_raw_header("Strict-Transport-Security", hsts);
    }
}
