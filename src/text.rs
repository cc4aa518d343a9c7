//! The text of a message, encoded once.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A message's text as the JSON string it is sent as, quotes included.
///
/// It is encoded where the message comes in; from there the log, the state and every answer copy
/// these bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Box<RawValue>);

impl Text {
    /// Encodes `text`.
    pub fn new(text: &str) -> Text {
        // A string always serialises; the fallback spares every caller an impossible error.
        Text(serde_json::value::to_raw_value(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// Takes `json` over as it stands; `None` if it is not the JSON of a string.
    pub fn from_json(json: &str) -> Option<Text> {
        let is_string = json.starts_with('"');
        RawValue::from_string(json.to_owned()).ok().filter(|_| is_string).map(Text)
    }

    /// The JSON string, with its quotes.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// The JSON string, to put into other JSON.
    pub fn as_raw(&self) -> &RawValue {
        &self.0
    }

    /// The text itself; most hold nothing that JSON escapes, and are not copied.
    pub fn decode(&self) -> Cow<'_, str> {
        let quoted = self.0.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match quoted.filter(|text| !text.contains('\\')) {
            Some(text) => text.into(),
            None => serde_json::from_str::<String>(self.0.get()).unwrap_or_default().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was_given() {
        for text in ["", "hi", "a \"quoted\" line\r\nand \\ more", "👩‍🚀 é\u{0}\u{2028}"] {
            assert_eq!(Text::new(text).decode(), text);
        }
        assert_eq!(Text::new("a\nb").as_json(), r#""a\nb""#);
    }
}
