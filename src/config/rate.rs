//! How often something may be done.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::value::{self, Parse};

/// How often something may be done: `count` times at once, and over `time` as often again, spread
/// evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often at once.
    pub count: NonZeroU32,
    /// The time in which all of them come back.
    pub time: Duration,
}

/// The setting of one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// What the mode brings.
    Auto,
    /// No limit.
    Off,
    /// This one.
    Of(Rate),
}

impl Parse for RateLimit {
    const POSSIBLE: &str = "\"auto\", \"off\", or a number and a time such as \"100/30s\"";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Some(Self::Auto),
            "off" => Some(Self::Off),
            text => {
                let (count, time) = text.split_once('/')?;
                let count = count.trim_end().parse().ok()?;
                // "100/m" is read as one would say it.
                let time = time.trim_start();
                let one = time.starts_with(|c: char| c.is_ascii_alphabetic());
                let time = if one { format!("1{time}") } else { time.to_owned() };
                Some(Self::Of(Rate { count, time: Duration::parse(&time)? }))
            }
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.count, self.time.as_secs())
    }
}

/// The limits on what is asked for too often.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    /// Names taken, from one address.
    #[serde(deserialize_with = "value::text")]
    pub register_per_address: RateLimit,
    /// Accounts made, from one address.
    #[serde(deserialize_with = "value::text")]
    pub auth_register_per_address: RateLimit,
    /// Messages of one user.
    #[serde(deserialize_with = "value::text")]
    pub send_per_user: RateLimit,
    /// Messages from one address.
    #[serde(deserialize_with = "value::text")]
    pub send_per_address: RateLimit,
    /// Rooms made by one user.
    #[serde(deserialize_with = "value::text")]
    pub create_room_per_user: RateLimit,
    /// Rooms made from one address.
    #[serde(deserialize_with = "value::text")]
    pub create_room_per_address: RateLimit,
    /// Files of one user.
    #[serde(deserialize_with = "value::text")]
    pub upload_per_user: RateLimit,
    /// Files from one address.
    #[serde(deserialize_with = "value::text")]
    pub upload_per_address: RateLimit,
    /// Wrong passwords for one name from one address.
    #[serde(deserialize_with = "always")]
    pub failed_logins: Rate,
    /// Wrong passwords for one name from addresses that its owner has not used.
    #[serde(deserialize_with = "always")]
    pub failed_logins_per_name: Rate,
    /// Wrong passwords from one address.
    #[serde(deserialize_with = "always")]
    pub failed_logins_per_address: Rate,
}

/// A rate that cannot be off: without it passwords could be guessed.
struct Always(Rate);

impl Parse for Always {
    const POSSIBLE: &str = "a number and a time such as \"8/10m\"";

    fn parse(text: &str) -> Option<Self> {
        match RateLimit::parse(text)? {
            RateLimit::Of(rate) => Some(Self(rate)),
            RateLimit::Auto | RateLimit::Off => None,
        }
    }
}

fn always<'de, D: Deserializer<'de>>(input: D) -> Result<Rate, D::Error> {
    value::text(input).map(|Always(rate)| rate)
}
