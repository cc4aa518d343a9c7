//! Finds a header of a request.

use std::borrow::Cow;

use rocket::Request;

/// The value of the first header of this name, in any case.
///
/// They are compared one after the other: Rocket's own look-up hashes the name letter by letter,
/// which costs more than a dozen comparisons, and every request is looked at more than once.
pub(crate) fn find<'r>(request: &'r Request<'_>, name: &str) -> Option<&'r str> {
    let found = request.headers().iter().find(|header| header.name() == name)?;
    match found.value {
        Cow::Borrowed(value) => Some(value),
        // A request lends its headers.
        Cow::Owned(_) => None,
    }
}
