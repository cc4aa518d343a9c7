//! Who the server is for.

use super::value::Parse;

/// Who may reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Machines of private networks.
    Lan,
    /// Everybody.
    Internet,
}

impl Parse for Mode {
    const POSSIBLE: &str = "\"lan\" or \"internet\"";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "lan" => Some(Self::Lan),
            "internet" => Some(Self::Internet),
            _ => None,
        }
    }
}
