//! For how long messages are kept.

use std::time::Duration;

use figment::value::Value;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::value::{self, Parse, Wrong};

const POSSIBLE: &str =
    "\"forever\", a time such as \"30d\", or a number such as \"10000 messages\"";

const LIST: &str = "a list such as [\"General: 30d\", \"Lobby: 1000 messages\"]";

/// Which messages stay: the newest by age or by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    Forever,
    /// Those not older than this.
    For(Duration),
    /// The newest, this many.
    Newest(u64),
}

impl Parse for Keep {
    const POSSIBLE: &str = POSSIBLE;

    fn parse(text: &str) -> Option<Self> {
        if text == "forever" {
            return Some(Keep::Forever);
        }
        let number = text.strip_suffix("messages").or_else(|| text.strip_suffix("message"));
        match number {
            Some(number) => number.trim().parse().ok().filter(|n| *n > 0).map(Keep::Newest),
            // A bare number could be meant as either.
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => None,
            None => Duration::parse(text).map(Keep::For),
        }
    }
}

/// Which messages stay in single rooms: the rooms' names, each with its own rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomKeep(pub Vec<(String, Keep)>);

impl RoomKeep {
    fn read(value: &Value) -> Result<Self, Wrong> {
        let items = value::list(value).ok_or_else(|| Wrong::new(LIST, value::found(value)))?;
        let rule = |item: &String| {
            let rule = item.rsplit_once(':').and_then(|(room, keep)| {
                let room = Some(room.trim()).filter(|room| !room.is_empty())?;
                Some((room.to_owned(), Keep::parse(keep.trim())?))
            });
            rule.ok_or_else(|| Wrong::new(LIST, format!("{item:?}")))
        };
        Ok(Self(items.iter().map(rule).collect::<Result<_, _>>()?))
    }
}

impl<'de> Deserialize<'de> for RoomKeep {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::read(&value::read(input)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        let days = |days: u64| Keep::For(Duration::from_secs(days * 24 * 60 * 60));
        for (text, wanted) in [
            ("forever", Some(Keep::Forever)),
            ("30d", Some(days(30))),
            ("1000 messages", Some(Keep::Newest(1000))),
            ("1 message", Some(Keep::Newest(1))),
            ("0 messages", None),
            ("30", None),
            ("", None),
            ("never", None),
        ] {
            assert_eq!(Keep::parse(text), wanted, "{text:?}");
        }
    }
}
