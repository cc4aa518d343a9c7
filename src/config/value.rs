//! A value of a setting: from whatever a file or a variable holds to its type.
//!
//! Variables are text, so each type is read from text; a file may also use TOML's own numbers and
//! booleans, which are read by the text they would be written as.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use figment::value::Value;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Longer than any service runs unattended, and far from the end of the clock.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// Why a value is not taken: what is possible, and what was found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("must be {possible}, not {found}")]
pub(super) struct Wrong {
    possible: String,
    found: String,
}

impl Wrong {
    pub(super) fn new(possible: impl Into<String>, found: impl Into<String>) -> Self {
        Self { possible: possible.into(), found: found.into() }
    }
}

/// A type that is read from text.
pub(super) trait Parse: Sized {
    /// What is possible, to stand after "must be".
    const POSSIBLE: &str;

    fn parse(text: &str) -> Option<Self>;
}

/// Reads a flag of the command line, or any other text.
pub(super) fn from_text<T: Parse>(text: &str) -> Result<T, Wrong> {
    T::parse(text).ok_or_else(|| Wrong::new(T::POSSIBLE, format!("{text:?}")))
}

pub(super) fn text<'de, T: Parse, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
    from_value(&read(input)?).map_err(D::Error::custom)
}

/// Text that may be empty, which is none.
pub(super) fn optional<'de, T: Parse, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    let value = read(input)?;
    match value.as_str() {
        Some("") => Ok(None),
        _ => from_value(&value).map(Some).map_err(D::Error::custom),
    }
}

/// A whole number from `MIN` to `MAX`, both of which `T` can hold.
pub(super) fn whole<'de, const MIN: u64, const MAX: u64, T: TryFrom<u64>, D: Deserializer<'de>>(
    input: D,
) -> Result<T, D::Error> {
    let value = read(input)?;
    plain(&value)
        .and_then(|text| text.parse().ok())
        .filter(|number| (MIN..=MAX).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            let possible = format!("a whole number from {MIN} to {MAX}");
            D::Error::custom(Wrong::new(possible, found(&value)))
        })
}

/// Names, none of them empty, each once.
pub(super) fn names<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    let value = read(input)?;
    let names =
        list(&value).filter(|names| !names.iter().any(String::is_empty)).ok_or_else(|| {
            D::Error::custom(Wrong::new("a list of names, none of them empty", found(&value)))
        })?;
    match names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
        Some((_, twice)) => {
            let found = format!("{twice:?} twice");
            Err(D::Error::custom(Wrong::new("a list that names each room once", found)))
        }
        None => Ok(names),
    }
}

/// Whatever is there, so that a value of the wrong type gets our sentence and not serde's.
pub(super) fn read<'de, D: Deserializer<'de>>(input: D) -> Result<Value, D::Error> {
    Deserialize::deserialize(input)
}

fn from_value<T: Parse>(value: &Value) -> Result<T, Wrong> {
    let text = plain(value).and_then(|text| T::parse(&text));
    text.ok_or_else(|| Wrong::new(T::POSSIBLE, found(value)))
}

/// The items of a list: a list of texts, one text, texts with commas between them, or JSON.
pub(super) fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(_, items) => items.iter().map(|item| item.as_str().map(Into::into)).collect(),
        Value::String(_, text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).ok()
        }
        Value::String(_, text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(items.map(Into::into).collect())
        }
        _ => None,
    }
}

/// What was found, as a person would say it.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Array(_, items) if items.is_empty() => "an empty list".into(),
        Value::Array(..) => "this list".into(),
        Value::Dict(..) => "a table".into(),
        _ => plain(value).unwrap_or_else(|| "nothing".into()),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.trim().to_owned()),
        Value::Bool(_, yes) => Some(yes.to_string()),
        Value::Num(..) => {
            let number = value.to_i128().map(|number| number.to_string());
            number.or_else(|| value.to_f64().map(|number| format!("{number:?}")))
        }
        _ => None,
    }
}

impl Parse for IpAddr {
    const POSSIBLE: &str = "an IP address such as 127.0.0.1 or 0.0.0.0, or localhost";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            _ => text.parse().ok(),
        }
    }
}

impl Parse for PathBuf {
    const POSSIBLE: &str = "a path";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.into())
    }
}

impl Parse for bool {
    const POSSIBLE: &str = "true or false";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        }
    }
}

impl Parse for Duration {
    const POSSIBLE: &str = "a time from 1s to 3650d: seconds, or \"90s\", \"5m\", \"24h\", \"7d\"";

    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text[digits.len()..].trim_start() {
            "" | "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return None,
        };
        let seconds = digits.trim_end().parse::<u64>().ok()?.checked_mul(unit)?;
        let time = Duration::from_secs(seconds);
        (!time.is_zero() && time <= LONGEST).then_some(time)
    }
}
