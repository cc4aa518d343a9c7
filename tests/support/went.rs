//! `chatroom` as a command that ends.

use std::path::Path;
use std::process::{Output, Stdio};

use super::command;

/// How a command went.
#[derive(Debug)]
pub struct Went {
    /// Its exit code; none if a signal ended it.
    pub exit: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Went {
    fn of(output: Output) -> Went {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Went { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What it printed; panics unless it was done.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!((self.exit, &*self.err), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// Panics unless it ended with this code and one sentence, with these words in it.
    #[track_caller]
    pub fn says(&self, exit: i32, words: &[&str]) {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        let sentence = self.err.strip_prefix("chatroom: ").unwrap_or_else(|| panic!("{self:?}"));
        assert!(sentence.ends_with(".\n") && sentence.lines().count() == 1, "{self:?}");
        for word in words {
            assert!(sentence.contains(word), "{word}: {self:?}");
        }
    }
}

/// Runs `chatroom WORDS…` in `home` to its end.
pub fn run(home: &Path, words: &[&str]) -> Went {
    let mut command = command(home);
    Went::of(command.args(words).stdin(Stdio::null()).output().unwrap())
}
