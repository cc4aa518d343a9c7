//! Data with binary parts as plain JSON, for its way from one node to another.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::data::Data;

/// The only key of an object that stands for a binary part.
const BYTES: &str = "$bytes";

/// What a key of a client's begins with that could be taken for ours: it gets one more.
const MARK: char = '$';

impl Data {
    /// The same as JSON.
    pub(super) fn carry(&self) -> Value {
        match self {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::Bytes(bytes) => {
                Value::Object(Map::from_iter([(BYTES.to_owned(), BASE64.encode(bytes).into())]))
            }
            Data::List(items) => items.iter().map(Data::carry).collect(),
            Data::Map(fields) => {
                let mark = |key: &String| match key.starts_with(MARK) {
                    true => format!("{MARK}{key}"),
                    false => key.clone(),
                };
                fields.iter().map(|(key, value)| (mark(key), value.carry())).collect()
            }
        }
    }

    /// What [`Data::carry`] made JSON of.
    pub(super) fn carried(value: Value) -> Data {
        match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(value),
            Value::Number(number) => Data::Number(number),
            Value::String(text) => Data::Text(text),
            Value::Array(items) => Data::List(items.into_iter().map(Data::carried).collect()),
            Value::Object(fields) => {
                if let Some(Value::String(bytes)) = fields.get(BYTES) {
                    return Data::Bytes(BASE64.decode(bytes.as_bytes()).unwrap_or_default().into());
                }
                let plain = |key: String| match key.strip_prefix(MARK) {
                    Some(rest) => rest.to_owned(),
                    None => key,
                };
                let fields = fields.into_iter();
                let fields = fields.map(|(key, value)| (plain(key), Data::carried(value)));
                Data::Map(fields.collect::<BTreeMap<_, _>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_parts_arrive_as_they_were_and_so_does_what_looks_like_them() {
        let data = Data::List(vec![
            Data::Bytes(vec![0, 255, 7].into()),
            Data::object([
                ("$bytes", Data::Text("AAAA".to_owned())),
                ("$$", Data::Null),
                ("plain", Data::Number(1.into())),
            ]),
        ]);
        let line = data.carry().to_string();
        let arrived = serde_json::from_str(&line).map(Data::carried);
        assert_eq!(arrived.map(|data| format!("{data:?}")).ok(), Some(format!("{data:?}")));
    }
}
