//! The headers that tell browsers what they may do with an answer.

use std::borrow::Cow;

use rocket::http::Header;
use rocket::{Request, Response};

use crate::exposure::{Headers, Visitor};

/// Adds them. An answer may have a policy of its own, but who may show it in a frame is for the
/// settings to say.
pub(super) fn tell<'r>(request: &'r Request<'_>, visitor: &Visitor, response: &mut Response<'r>) {
    let Some(headers) = request.rocket().state::<Headers>() else { return };
    // One look over them all: Rocket finds a header by hashing its name letter by letter.
    let (mut policy, mut refers) = (None, false);
    let mut kind = None;
    for header in response.headers().iter() {
        if header.name() == "Content-Type" {
            kind = kind.or(Some(headers.policy(Some(header.value()))));
        } else if header.name() == "Content-Security-Policy" {
            policy = Some(headers.framed(header.value()));
        } else if header.name() == "Referrer-Policy" {
            refers = true;
        }
    }
    let policy = match policy {
        None => Some(Cow::Borrowed(kind.unwrap_or_else(|| headers.policy(None)))),
        Some(framed) => framed.map(Cow::Owned),
    };
    if let Some(policy) = policy {
        response.set_header(Header::new("Content-Security-Policy", policy));
    }
    response.set_raw_header("X-Content-Type-Options", "nosniff");
    // Pages elsewhere learn nothing of where somebody was; our own forms keep their `Origin`,
    // which "no-referrer" would take from them.
    if !refers {
        response.set_raw_header("Referrer-Policy", "same-origin");
    }
    if let Some(hsts) = headers.hsts(visitor) {
        response.set_raw_header("Strict-Transport-Security", hsts);
    }
}
