//! What it takes to act under a name.

use std::fmt;

use super::value::Parse;

/// What it takes to act under a name that is no account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// The token that `/register` gave.
    Token,
}

impl Parse for Access {
    const POSSIBLE: &str = "\"open\" or \"token\"";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "open" => Some(Self::Open),
            "token" => Some(Self::Token),
            _ => None,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Token => "token",
        })
    }
}
