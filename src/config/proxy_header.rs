//! The header in which a proxy says whom it asks for.

use super::value::Parse;

/// The header in which a proxy says whom it asks for. One, not whichever is there: a proxy that
/// writes the one passes on what a client wrote into the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Parse for ProxyHeader {
    const POSSIBLE: &str = "\"X-Forwarded-For\" or \"Forwarded\"";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Some(Self::XForwardedFor),
            "forwarded" => Some(Self::Forwarded),
            _ => None,
        }
    }
}
