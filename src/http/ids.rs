//! A list of ids in a request body.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::ApiError;
use crate::id::UserId;

/// One id or many; null and a missing key are none.
#[derive(Debug, Default)]
pub(super) struct Ids(Value);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ids, D::Error> {
        Value::deserialize(deserializer).map(Ids)
    }
}

impl Ids {
    /// The one id; `None` when there is none.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn one(&self, field: &str) -> Result<Option<u64>, ApiError> {
        match &self.0 {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            value => match id(value) {
                Some(id) => Ok(Some(id)),
                None => Err(ApiError::wrong_type(field, "an id")),
            },
        }
    }

    /// The ids; an integer may be given as a text, as forms do.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn users(&self, field: &str) -> Result<Vec<UserId>, ApiError> {
        let wrong = || ApiError::wrong_type(field, "a list of ids");
        match &self.0 {
            Value::Null => Ok(Vec::new()),
            Value::String(text) if text.is_empty() => Ok(Vec::new()),
            Value::Array(items) => {
                items.iter().map(|item| id(item).map(UserId).ok_or_else(wrong)).collect()
            }
            value => id(value).map(|id| vec![UserId(id)]).ok_or_else(wrong),
        }
    }
}

fn id(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}
