//! The parameters of a query string.

use std::borrow::Cow;
use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};

/// The raw query; every parameter is read where it is needed. A broken escape is no error: what
/// it stands for is no valid name or number, and is refused as such.
pub(super) struct Params<'r>(&'r str);

impl<'r> Params<'r> {
    /// The parameters in their order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Cow<'r, str>, Cow<'r, str>)> {
        self.0.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            if !pair.contains(['%', '+']) {
                // Nothing to decode: the form of nearly every poll.
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                return (key.into(), value.into());
            }
            form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default()
        })
    }

    /// The first parameter of this name, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'r, str>> {
        self.pairs().find(|(key, _)| key == name).map(|(_, value)| value).filter(|v| !v.is_empty())
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Params<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Params(request.uri().query().map_or("", |query| query.as_str())))
    }
}

/// A cursor as clients write it: what is no number is 0, like what is absent; what is negative is
/// before the first message; what is too large for a number is above the newest.
pub(super) fn cursor(text: &str) -> u64 {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    digits.parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_a_form_is() {
        for query in [
            "",
            "&",
            "a",
            "=",
            "=b",
            "a=b",
            "a=b&",
            "&&a=b&&c=d",
            "a=b=c",
            "a=b%3Dc&d",
            "a=b+c&d+e=%C3%A9",
            "a=%ZZ&b=%FF",
            "é=ü&%26=%2B",
        ] {
            let wanted: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            assert_eq!(Params(query).pairs().collect::<Vec<_>>(), wanted, "{query:?}");
        }
    }

    #[test]
    fn a_cursor_is_read_as_the_original_did() {
        for (text, wanted) in [
            ("", 0),
            ("7", 7),
            (" 7 ", 7),
            ("+7", 7),
            ("-7", 0),
            ("7.5", 0),
            ("abc", 0),
            ("007", 7),
            ("99999999999999999999999", u64::MAX),
        ] {
            assert_eq!(cursor(text), wanted, "{text:?}");
        }
    }
}
