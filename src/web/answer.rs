//! A file on its way to a browser: packed when it may be, not at all when the browser has it.

use std::io::Cursor;

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder, Response};

use super::assets::{FILES, File};

/// The page may load what comes from here, and may not turn text into markup or code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The address of an asset names its content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A document has one address; the browser asks each time whether it is still the same.
const ASK: &str = "no-cache";

/// A file, and how long it may be kept.
pub(super) struct Answer {
    file: &'static File,
    cache: &'static str,
    policy: Option<&'static str>,
}

/// A document of this name.
pub(super) struct Document(pub(super) &'static str);

impl Answer {
    /// The asset of this name in this version.
    pub(super) fn asset(version: &str, name: &str) -> Option<Answer> {
        let file = FILES.asset(version, name)?;
        Some(Answer { file, cache: FOR_EVER, policy: None })
    }
}

impl<'r> Responder<'r, 'static> for Document {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let file = FILES.document(self.0).ok_or(Status::NotFound)?;
        Answer { file, cache: ASK, policy: Some(POLICY) }.respond_to(request)
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Answer { file, cache, policy } = self;
        let mut response = Response::new();
        response.set_raw_header("ETag", &*file.etag);
        response.set_raw_header("Cache-Control", cache);
        response.set_raw_header("Vary", "Accept-Encoding");
        if let Some(policy) = policy {
            response.set_raw_header("Content-Security-Policy", policy);
            response.set_raw_header("Referrer-Policy", "no-referrer");
        }
        if has_it(request, &file.etag) {
            response.set_status(Status::NotModified);
            return Ok(response);
        }
        response.set_header(file.kind.clone());
        let bytes = if takes_gzip(request) {
            response.set_raw_header("Content-Encoding", "gzip");
            &*file.gzip
        } else {
            &*file.plain
        };
        response.set_sized_body(bytes.len(), Cursor::new(bytes));
        Ok(response)
    }
}

/// Whether the browser says that it has this content.
fn has_it(request: &Request<'_>, etag: &str) -> bool {
    let known = request.headers().get("If-None-Match").flat_map(|list| list.split(','));
    known.map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

/// Whether the browser unpacks gzip: it names it, and not with `q=0`.
fn takes_gzip(request: &Request<'_>) -> bool {
    let offers = request.headers().get("Accept-Encoding").flat_map(|list| list.split(','));
    offers.map(|offer| offer.split(';').map(str::trim).collect::<Vec<_>>()).any(|offer| {
        let refused = |part: &&str| matches!(*part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        offer.first().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
            && !offer.iter().any(refused)
    })
}
