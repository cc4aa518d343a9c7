//! Networks: ranges of addresses.

use std::net::IpAddr;

use figment::value::Value;
use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::value::{self, Wrong};

const POSSIBLE: &str = "a list of addresses or networks such as [\"192.0.2.7\", \"10.0.0.0/8\"]";

/// Ranges of addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether the address is in one of them. IPv4 in the clothes of IPv6 is IPv4.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn read(value: &Value) -> Result<Self, Wrong> {
        let wrong = |found| Wrong::new(POSSIBLE, found);
        let items = value::list(value).ok_or_else(|| wrong(value::found(value)))?;
        let network = |item: &String| {
            let text = item.trim();
            let one = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            one.ok().or_else(|| text.parse().ok()).ok_or_else(|| wrong(format!("{item:?}")))
        };
        Ok(Self(items.iter().map(network).collect::<Result<_, _>>()?))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::read(&value::read(input)?).map_err(D::Error::custom)
    }
}
