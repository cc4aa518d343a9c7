//! Why the settings cannot be used.

use std::fmt;

/// Everything that is wrong with the settings; one sentence a line.
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

/// One thing that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A file is there, or was asked for, and cannot be read.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The file, as it was named.
        file: String,
        /// Why, in the system's words.
        reason: String,
    },
    /// A file is not of its format.
    #[error("{file}: line {line}: {message}")]
    Syntax {
        /// The file, as it was named.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A name of ours that means nothing.
    #[error("{place}: unknown {what}; {hint}", hint = hint(nearest.as_deref()))]
    Unknown {
        /// The file, or the environment.
        place: String,
        /// The kind of name, and the name.
        what: String,
        /// The known name that looks most like it, if one does.
        nearest: Option<String>,
    },
    /// A value that the setting cannot have.
    #[error("{origin} {message}")]
    Value {
        /// The place, and the name by which the setting goes there.
        origin: String,
        /// What is possible, and what was found.
        message: String,
    },
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Every problem that was found: files and names first, then values.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("did you mean {name}?"),
        None => "`chatroom settings` lists all of them".into(),
    }
}
