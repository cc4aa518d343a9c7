//! Finds a header of a request.

use rocket::Request;
use rocket::http::Header;

/// The first header of this name, in any case.
///
/// They are compared one after the other: Rocket's own look-up hashes the name letter by letter,
/// which costs more than a dozen comparisons, and every request is looked at more than once.
pub(super) fn find<'r>(request: &'r Request<'_>, name: &str) -> Option<Header<'r>> {
    request.headers().iter().find(|header| header.name() == name)
}
