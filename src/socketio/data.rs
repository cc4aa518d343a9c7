//! The data of an event, whatever its shape.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::TryData;
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;

/// Anything that a client can send: JSON with binary parts.
#[derive(Clone, Debug, Default)]
pub(super) enum Data {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Bytes(Bytes),
    List(Vec<Data>),
    Map(BTreeMap<String, Data>),
}

impl Data {
    /// An object with these fields.
    pub(super) fn object<const N: usize>(fields: [(&str, Data); N]) -> Data {
        Data::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// About how many bytes it takes.
    pub(super) fn len(&self) -> usize {
        match self {
            Data::Null | Data::Bool(_) => 5,
            Data::Number(_) => 20,
            Data::Text(text) => text.len() + 2,
            Data::Bytes(bytes) => bytes.len() + 40,
            Data::List(items) => items.iter().map(|item| item.len() + 1).sum::<usize>() + 2,
            Data::Map(fields) => {
                fields.iter().map(|(key, value)| key.len() + value.len() + 4).sum::<usize>() + 2
            }
        }
    }

    /// How many binary parts it has.
    pub(super) fn parts(&self) -> usize {
        match self {
            Data::Bytes(_) => 1,
            Data::List(items) => items.iter().map(Data::parts).sum(),
            Data::Map(fields) => fields.values().map(Data::parts).sum(),
            _ => 0,
        }
    }

    /// A field that holds something.
    pub(super) fn get(&self, key: &str) -> Option<&Data> {
        let Data::Map(fields) = self else { return None };
        fields.get(key).filter(|value| !matches!(value, Data::Null))
    }

    /// The text of a field; numbers and booleans are taken as their text, what is empty is not
    /// there.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let text = match self.get(key)? {
            Data::Text(text) => text.clone(),
            Data::Number(number) => number.to_string(),
            Data::Bool(value) => value.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

/// What came with an event: nothing is null; `None` is what cannot be read.
pub(super) struct Received(pub(super) Option<Data>);

impl FromMessageParts<LocalAdapter> for Received {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<LocalAdapter>>,
        data: &mut Value,
        id: &Option<i64>,
    ) -> Result<Received, Infallible> {
        let TryData(read) = TryData::from_message_parts(socket, data, id)?;
        let alone = match data {
            Value::Str(text, _) => {
                serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok_and(|items| items.len() == 1)
            }
            Value::Bytes(_) => false,
        };
        Ok(Received(read.ok().or_else(|| alone.then_some(Data::Null))))
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(value) => serializer.serialize_bool(*value),
            Data::Number(number) => number.serialize(serializer),
            Data::Text(text) => serializer.serialize_str(text),
            Data::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Data::List(items) => serializer.collect_seq(items),
            Data::Map(fields) => serializer.collect_map(fields),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Data, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Number::from_f64(value).map_or(Data::Null, Data::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Data, E> {
        Ok(Data::Bytes(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Data, E> {
        Ok(Data::Bytes(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            fields.insert(key, value);
        }
        Ok(Data::Map(fields))
    }
}
