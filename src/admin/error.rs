//! Why nothing came of it.

use std::fmt;

use serde_json::{Value, json};

/// Exit code for what was understood, and refused.
const REFUSED: u8 = 1;

/// Exit code for what could not be asked for.
const NOT_ASKED: u8 = 2;

/// What was wrong, in a sentence that says what to do.
#[derive(Debug)]
pub(super) struct AdminError {
    exit: u8,
    code: String,
    message: String,
}

impl AdminError {
    /// It was asked for, and refused.
    pub(super) fn refused(code: &str, message: String) -> AdminError {
        AdminError { exit: REFUSED, code: code.to_owned(), message }
    }

    /// It could not be asked for.
    pub(super) fn not_asked(code: &str, message: String) -> AdminError {
        AdminError { exit: NOT_ASKED, code: code.to_owned(), message }
    }

    /// The same, with what to do about it.
    pub(super) fn advise(mut self, what: &str) -> AdminError {
        self.message = format!("{} {what}", self.message);
        self
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn exit(&self) -> u8 {
        self.exit
    }

    /// As the server would answer.
    pub(super) fn to_json(&self) -> Value {
        json!({ "status": "fail", "message": self.message, "code": self.code })
    }
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
