//! What people call a thing that is not a person.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest label, in characters.
const LONGEST: usize = 200;

/// The name of a project, or of the language model it is for: 1 to 200 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(Arc<str>);

/// Why a text is no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelError {
    /// There is nothing to see.
    Empty,
    /// It has more than 200 characters.
    TooLong,
    /// It has a control character.
    Control,
}

impl Label {
    /// Reads what a client wrote, without space around it.
    ///
    /// # Errors
    /// It is no label.
    pub fn parse(text: &str) -> Result<Label, LabelError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LabelError::Empty);
        }
        if text.chars().count() > LONGEST {
            return Err(LabelError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(LabelError::Control);
        }
        Ok(Label(text.into()))
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LabelError {
    /// The stable code that clients may decide by.
    pub fn code(self) -> &'static str {
        match self {
            LabelError::Empty => "label_empty",
            LabelError::TooLong => "label_too_long",
            LabelError::Control => "label_control",
        }
    }
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LabelError::Empty => "must not be blank.",
            LabelError::TooLong => "is too long: at most 200 characters are allowed.",
            LabelError::Control => "must not contain control characters or line ends.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_line_that_says_something() {
        let label = |text: &str| Label::parse(text).map(|label| label.as_str().to_owned());
        assert_eq!(label(" My project 🚀 ").as_deref(), Ok("My project 🚀"));
        assert_eq!(label(&"é".repeat(200)), Ok("é".repeat(200)));
        for (text, error) in [
            ("", LabelError::Empty),
            (" \t", LabelError::Empty),
            ("a\nb", LabelError::Control),
            ("a\0", LabelError::Control),
        ] {
            assert_eq!(Label::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Label::parse(&"x".repeat(201)), Err(LabelError::TooLong));
    }
}
