//! The words of a script's command: places, `key=value`, quotes around what has spaces.

use std::collections::BTreeMap;

/// A command, taken apart.
pub(crate) struct Words {
    pub(crate) verb: String,
    places: std::vec::IntoIter<String>,
    keys: BTreeMap<String, String>,
}

impl Words {
    pub(crate) fn of(command: &str) -> Words {
        let mut places = Vec::new();
        let mut keys = BTreeMap::new();
        for word in split(command) {
            match word.split_once('=') {
                Some((key, value)) if !key.contains(' ') => {
                    keys.insert(key.to_owned(), value.to_owned());
                }
                _ => places.push(word),
            }
        }
        let mut places = places.into_iter();
        Words { verb: places.next().expect("a verb"), places, keys }
    }

    /// The next word by its place.
    pub(crate) fn next(&mut self) -> String {
        self.places.next().unwrap_or_else(|| panic!("{}: a word is missing", self.verb))
    }

    /// All further words by their places.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        self.places.by_ref().collect()
    }

    /// The value behind `key=`.
    pub(crate) fn key(&mut self, key: &str) -> Option<String> {
        self.keys.remove(key)
    }

    /// Nothing may be left over: a slip of the pen in a script is not passed over.
    pub(crate) fn finish(mut self) {
        assert_eq!(self.rest(), [""; 0], "{}: too much", self.verb);
        assert!(self.keys.is_empty(), "{}: unknown {:?}", self.verb, self.keys);
    }
}

fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut started) = (String::new(), false, false);
    for letter in text.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                started = true;
            }
            ' ' if !quoted => {
                if std::mem::take(&mut started) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(letter);
                started = true;
            }
        }
    }
    assert!(!quoted, "a quote is open: {text}");
    if started {
        words.push(word);
    }
    words
}
