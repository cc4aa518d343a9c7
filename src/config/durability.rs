//! What a reply waits for.

use std::fmt;

use super::value::Parse;

/// What a reply that says success waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Synced to the disk: survives a power cut.
    Full,
    /// Handed to the system: survives a killed process.
    Fast,
}

impl Parse for Durability {
    const POSSIBLE: &str = "\"full\" or \"fast\"";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "full" => Some(Self::Full),
            "fast" => Some(Self::Fast),
            _ => None,
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Fast => "fast",
        })
    }
}
