//! Names by which the server may be asked for.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::cors::is_host;
use super::value::{self, Wrong};

const POSSIBLE: &str = "a list of host names such as [\"chat.example.org\"] (no scheme, no port)";

/// Host names, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Whether this host, without a port, is one of them.
    pub fn contain(&self, host: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let value = value::read(input)?;
        let wrong = |found| D::Error::custom(Wrong::new(POSSIBLE, found));
        let items = value::list(&value).ok_or_else(|| wrong(value::found(&value)))?;
        let host = |item: &String| {
            let host = item.trim().trim_end_matches('.').to_ascii_lowercase();
            is_host(&host).then_some(host).ok_or_else(|| wrong(format!("{item:?}")))
        };
        Ok(Self(items.iter().map(host).collect::<Result<_, _>>()?))
    }
}
