//! The pages that may show the server's own pages inside them.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::cors::Origin;
use super::value::{self, Wrong};

const POSSIBLE: &str = "a list of origins such as [\"https://www.example.org\"], or \"self\" for \
                        pages of this server, or \"*\" for all";

/// The pages that may show the server's own in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameAncestors(Vec<String>);

impl FrameAncestors {
    /// The value of the directive `frame-ancestors`.
    pub fn directive(&self) -> String {
        if self.0.is_empty() { "'none'".to_owned() } else { self.0.join(" ") }
    }
}

impl<'de> Deserialize<'de> for FrameAncestors {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let value = value::read(input)?;
        let wrong = |found| D::Error::custom(Wrong::new(POSSIBLE, found));
        let items = value::list(&value).ok_or_else(|| wrong(value::found(&value)))?;
        let ancestor = |item: &String| match item.trim() {
            "*" => Ok("*".to_owned()),
            "self" | "'self'" => Ok("'self'".to_owned()),
            text => {
                let origin = Origin::parse(text).filter(|origin| origin.as_str() != "null");
                let origin = origin.ok_or_else(|| wrong(format!("{item:?}")))?;
                Ok(origin.as_str().to_owned())
            }
        };
        Ok(Self(items.iter().map(ancestor).collect::<Result<_, _>>()?))
    }
}
