//! One field of a request body, whatever its JSON type.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::ApiError;

/// A value where a text is wanted. Null, an empty text and a missing key are the same.
#[derive(Debug, Default)]
pub(super) enum Field<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    /// A number or boolean, as it is written.
    Plain(String),
    /// A list or an object.
    Nested,
}

impl Field<'_> {
    /// The text; `None` when there is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self {
            Field::Missing => Ok(None),
            Field::Text(text) => Ok(Some(text).filter(|text| !text.is_empty()).map(|t| &**t)),
            Field::Plain(_) | Field::Nested => Err(ApiError::wrong_type(name, "a string")),
        }
    }

    /// The text, or a number or boolean as text.
    pub(super) fn text_or_plain(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self {
            Field::Plain(text) => Ok(Some(text)),
            _ => self.text(name),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Field<'a>, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Field<'de>, E> {
        Ok(Field::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Field<'de>, E> {
        Ok(Field::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Field<'de>, E> {
        Ok(Field::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Field<'de>, E> {
        Ok(Field::Plain(serde_json::Value::from(value).to_string()))
    }

    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Nested)
    }
}

/// A value where a list of texts is wanted.
#[derive(Debug, Default)]
pub(super) enum List<'a> {
    #[default]
    Missing,
    Items(Vec<Field<'a>>),
    /// A single text: what a form has when the key comes once.
    One(Cow<'a, str>),
    /// Something else.
    Other,
}

impl List<'_> {
    /// The texts; `None` when there are none.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, ApiError> {
        let wrong = || ApiError::wrong_type(name, "a list of strings");
        match self {
            List::Missing => Ok(None),
            List::One(text) if text.is_empty() => Ok(None),
            List::Items(items) if items.is_empty() => Ok(None),
            List::Items(items) => items
                .iter()
                .map(|item| match item {
                    Field::Text(text) => Ok(&**text),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            List::One(_) | List::Other => Err(wrong()),
        }
    }

    /// As [`List::texts`], where a single text is a list of one.
    pub(super) fn texts_of_form(&self, name: &str) -> Result<Option<Vec<&str>>, ApiError> {
        match self {
            List::One(text) if !text.is_empty() => Ok(Some(vec![text])),
            _ => self.texts(name),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List<'a>, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = List<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<List<'de>, E> {
                Ok(List::One(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<List<'de>, E> {
                Ok(List::One(Cow::Owned(text.to_owned())))
            }

            fn visit_bool<E>(self, _: bool) -> Result<List<'de>, E> {
                Ok(List::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<List<'de>, E> {
                Ok(List::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<List<'de>, E> {
                Ok(List::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<List<'de>, E> {
                Ok(List::Other)
            }

            fn visit_unit<E>(self) -> Result<List<'de>, E> {
                Ok(List::Missing)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(List::Items(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(List::Other)
            }
        }

        deserializer.deserialize_any(ListVisitor)
    }
}
