//! The origins whose pages may call the server from a browser.

use std::fmt;
use std::net::Ipv6Addr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::value::{self, Wrong};

const POSSIBLE: &str = "\"*\", or origins such as \"https://chat.example.org\" or \
                        \"http://localhost:3000\" (scheme, host, port; no path), or \"null\"";

/// Which origins may call the server from a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every origin.
    Any,
    /// These; none but the server's own when empty.
    List(Vec<Origin>),
}

/// An origin as a browser sends it in its `Origin` header: `scheme://host[:port]` in lower case,
/// without the port that is the scheme's own (RFC 6454, section 6.2), or `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The value of the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A slash at the end is forgiven: it is how the address bar shows an origin.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(Self(text.into()));
        }
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse::<u16>().ok()?)),
            _ => (authority, None),
        };
        let port = match (scheme, port) {
            ("http", Some(80)) | ("https", Some(443)) | (_, None) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        (is_scheme(scheme) && is_host(host)).then(|| Self(format!("{scheme}://{host}{port}")))
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

pub(super) fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        }
    }
}

impl<'de> Deserialize<'de> for CorsOrigins {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let value = value::read(input)?;
        let wrong = |found| D::Error::custom(Wrong::new(POSSIBLE, found));
        let items = value::list(&value).ok_or_else(|| wrong(value::found(&value)))?;
        if items.iter().any(|item| item == "*") {
            return Ok(Self::Any);
        }
        let origins = items
            .iter()
            .map(|item| Origin::parse(item.trim()).ok_or_else(|| wrong(format!("{item:?}"))));
        Ok(Self::List(origins.collect::<Result<_, _>>()?))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
