//! What a file holds, as its uploader says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What is said of a file that nothing is known of.
const UNKNOWN: &str = "application/octet-stream";

/// Longest media type, in bytes: RFC 6838 allows 127 for each of its two names.
const LONGEST: usize = 255;

/// What browsers show without running anything: these go out as what they are, all else as mere
/// bytes. Text goes out as plain text in UTF-8, or nobody could read it.
const SHOWN: &[&str] = &[
    "application/pdf",
    "audio/aac",
    "audio/flac",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
    "video/mp4",
    "video/ogg",
    "video/webm",
];

/// A media type without parameters, in lower case: `image/png`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(Arc<str>);

impl MediaType {
    /// Reads what a client wrote; what is no media type is `application/octet-stream`.
    pub fn of(given: &str) -> MediaType {
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let token = |part: &str| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
            !part.is_empty() && part.bytes().all(letter)
        };
        let names = essence.split_once('/');
        let valid = essence.len() <= LONGEST && names.is_some_and(|(a, b)| token(a) && token(b));
        MediaType(if valid { essence.into() } else { UNKNOWN.into() })
    }

    /// The media type as the uploader gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a browser is told: never anything that it would run.
    pub fn served(&self) -> &'static str {
        match SHOWN.iter().find(|shown| **shown == &*self.0) {
            Some(&"text/plain") => "text/plain; charset=utf-8",
            Some(&"text/csv") => "text/csv; charset=utf-8",
            Some(shown) => shown,
            None => UNKNOWN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_would_run_is_served_as_mere_bytes() {
        for (given, kept, served) in [
            ("image/png", "image/png", "image/png"),
            ("Text/Plain; charset=latin1", "text/plain", "text/plain; charset=utf-8"),
            ("text/html", "text/html", UNKNOWN),
            ("image/svg+xml", "image/svg+xml", UNKNOWN),
            ("application/xhtml+xml", "application/xhtml+xml", UNKNOWN),
            ("text/xml", "text/xml", UNKNOWN),
            ("text/javascript", "text/javascript", UNKNOWN),
            ("", UNKNOWN, UNKNOWN),
            ("png", UNKNOWN, UNKNOWN),
            ("a/b/c", UNKNOWN, UNKNOWN),
            ("image/png\r\nX: y", UNKNOWN, UNKNOWN),
        ] {
            let media = MediaType::of(given);
            assert_eq!((media.as_str(), media.served()), (kept, served), "{given:?}");
        }
    }
}
