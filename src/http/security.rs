//! The headers that tell browsers what they may do with an answer.

use rocket::{Request, Response};

use crate::credentials;
use crate::exposure::Headers;

/// Adds them. An answer may have a policy of its own.
pub(super) fn tell<'r>(request: &'r Request<'_>, response: &mut Response<'r>) {
    let Some(headers) = request.rocket().state::<Headers>() else { return };
    let own = response.headers();
    if !own.contains("Content-Security-Policy") {
        let policy = headers.policy(own.get_one("Content-Type"));
        response.set_raw_header("Content-Security-Policy", policy);
    }
    response.set_raw_header("X-Content-Type-Options", "nosniff");
    // Pages elsewhere learn nothing of where somebody was; our own forms keep their `Origin`,
    // which "no-referrer" would take from them.
    response.set_raw_header("Referrer-Policy", "same-origin");
    if let Some(hsts) = headers.hsts(credentials::visitor(request)) {
        response.set_raw_header("Strict-Transport-Security", hsts);
    }
}
