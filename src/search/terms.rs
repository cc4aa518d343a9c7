//! What somebody looks for: words, phrases, beginnings of words.

use std::fmt;
use std::ops::Range;

use super::fold::{self, Class};
use super::tokens::Tokens;

/// The longest question, in characters.
const MOST_CHARS: usize = 256;

/// The most tokens in a question. A character of a script without spaces is one.
const MOST_TOKENS: usize = 64;

/// The shortest beginning of a word, in characters: the index holds all words that begin with two,
/// and those that begin with one are nearly everything.
const SHORTEST_PREFIX: usize = 2;

/// What phones and word processors make of `"`.
const QUOTES: [char; 5] = ['"', '“', '”', '„', '＂'];

/// What must be in a text for it to be found: all of the terms.
///
/// Invariant: there is at least one, and each has at least one token.
#[derive(Clone, Debug)]
pub struct Terms(Vec<Term>);

/// Tokens that must follow one another.
#[derive(Clone, Debug)]
struct Term {
    words: Vec<String>,
    /// Whether the last may go on.
    prefix: bool,
}

/// Why nothing can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsError {
    /// There is no letter, digit or pictogram.
    Empty,
    /// There is too much.
    TooLong,
    /// The beginning of a word is too short.
    PrefixTooShort,
}

impl fmt::Display for TermsError {
    /// A sentence for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TermsError::Empty => f.write_str("There is no word to look for."),
            TermsError::TooLong => write!(
                f,
                "That is too much to look for: at most {MOST_CHARS} characters and {MOST_TOKENS} \
                 words are allowed.",
            ),
            TermsError::PrefixTooShort => {
                write!(f, "Before a * there must be at least {SHORTEST_PREFIX} characters.")
            }
        }
    }
}

impl TermsError {
    /// The stable code that clients may decide by.
    pub fn code(self) -> &'static str {
        match self {
            TermsError::Empty => "query_empty",
            TermsError::TooLong => "query_too_long",
            TermsError::PrefixTooShort => "prefix_too_short",
        }
    }
}

/// Where the terms are in one text.
#[derive(Debug)]
pub struct Matches {
    /// In bytes, ascending, none touching the next.
    pub places: Vec<Range<usize>>,
    /// How often each term occurs.
    pub counts: Vec<usize>,
    /// How many tokens the text has.
    pub length: usize,
}

impl Terms {
    /// Reads what somebody typed: `word`, `"a phrase"`, `begin*`. A word of several tokens
    /// (`don't`, 東京) is a phrase. There is nothing else to know: no operator, no escape; a quote
    /// that is not closed reaches to the end.
    ///
    /// # Errors
    /// There is nothing to look for, or too much.
    pub fn parse(text: &str) -> Result<Terms, TermsError> {
        if text.chars().nth(MOST_CHARS).is_some() {
            return Err(TermsError::TooLong);
        }
        let mut terms = Vec::new();
        for (place, part) in text.split(QUOTES).enumerate() {
            if place % 2 == 1 {
                terms.extend(Term::read(part, false));
                continue;
            }
            for word in part.split_whitespace() {
                let term = Term::read(word.trim_end_matches('*'), word.ends_with('*'));
                if term.as_ref().is_some_and(Term::is_too_short) {
                    return Err(TermsError::PrefixTooShort);
                }
                terms.extend(term);
            }
        }
        if terms.is_empty() {
            return Err(TermsError::Empty);
        }
        if terms.iter().map(|term| term.words.len()).sum::<usize>() > MOST_TOKENS {
            return Err(TermsError::TooLong);
        }
        Ok(Terms(terms))
    }

    /// The terms as an expression of SQLite's FTS5, for an index of [`Tokens::as_index`].
    ///
    /// Every token stands between quotes and holds none, so nothing that was typed is ever read
    /// as part of the expression.
    pub fn to_match(&self) -> String {
        let phrase = |term: &Term| {
            let star = if term.prefix { " *" } else { "" };
            format!("\"{}\"{star}", term.words.join(" "))
        };
        self.0.iter().map(phrase).collect::<Vec<_>>().join(" AND ")
    }

    /// Whether all terms are in a text of these tokens.
    pub fn are_in(&self, tokens: &Tokens) -> bool {
        self.0.iter().all(|term| term.places(tokens).next().is_some())
    }

    /// Where the terms are in a text of these tokens; `None` unless all are.
    pub fn find(&self, tokens: &Tokens) -> Option<Matches> {
        let mut places = Vec::new();
        let mut counts = Vec::with_capacity(self.0.len());
        for term in &self.0 {
            let before = places.len();
            places.extend(term.places(tokens));
            if places.len() == before {
                return None;
            }
            counts.push(places.len() - before);
        }
        places.sort_unstable_by_key(|place| place.start);
        places.dedup_by(|next, place| {
            let touches = next.start <= place.end;
            if touches {
                place.end = place.end.max(next.end);
            }
            touches
        });
        Some(Matches { places, counts, length: tokens.len() })
    }
}

impl Term {
    fn read(text: &str, prefix: bool) -> Option<Term> {
        let words: Vec<_> = Tokens::of(text).words().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Term { words, prefix })
    }

    /// Whether nearly every word begins like that. What stands alone has nothing behind it.
    fn is_too_short(&self) -> bool {
        let last = self.words.last().map_or("", String::as_str);
        let is_letter = last.chars().next().map(fold::class) == Some(Class::Letter);
        self.prefix && is_letter && last.chars().count() < SHORTEST_PREFIX
    }

    /// Where it is in the text of these tokens, in bytes.
    fn places(&self, tokens: &Tokens) -> impl Iterator<Item = Range<usize>> {
        let length = self.words.len();
        let starts = 0..(tokens.len() + 1).saturating_sub(length);
        let is_here = move |start: &usize| {
            self.words.iter().enumerate().all(|(number, word)| {
                let token = tokens.word(start + number);
                token == word || self.prefix && number + 1 == length && token.starts_with(&**word)
            })
        };
        starts
            .filter(is_here)
            .map(move |start| tokens.place(start).start..tokens.place(start + length - 1).end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of `text` is found by `question`.
    fn found(question: &str, text: &str) -> Option<Vec<String>> {
        let terms = Terms::parse(question).unwrap_or_else(|why| panic!("{question:?}: {why}"));
        let tokens = Tokens::of(text);
        let found = terms.find(&tokens);
        assert_eq!(terms.are_in(&tokens), found.is_some());
        found.map(|found| found.places.into_iter().map(|place| text[place].to_owned()).collect())
    }

    #[test]
    fn words_phrases_and_beginnings_are_found() {
        for (question, text, wanted) in [
            ("hello", "Oh, HELLO there", vec!["HELLO"]),
            ("there hello", "hello there", vec!["hello", "there"]),
            ("\"hello there\"", "say hello, there!", vec!["hello, there"]),
            ("“hello there”", "hello there", vec!["hello there"]),
            ("\"hello there", "hello there", vec!["hello there"]),
            ("a\"b c\"d", "d a b c", vec!["d", "a", "b c"]),
            ("wor*", "words: work, wor", vec!["words", "work", "wor"]),
            ("don't", "I don’t", vec!["don’t"]),
            ("l'ea*", "la eau, l’eau", vec!["l’eau"]),
            ("cafe", "Un CAFÉ", vec!["CAFÉ"]),
            ("café", "un cafe", vec!["cafe"]),
            ("strasse", "Hauptstraße, Straße", vec!["Straße"]),
            ("istanbul", "İSTANBUL", vec!["İSTANBUL"]),
            ("東京", "私は東京に", vec!["東京"]),
            ("京*", "東京", vec!["京"]),
            ("東 京", "京と東", vec!["京", "東"]),
            ("会议", "明天的会议室", vec!["会议"]),
            ("กิน", "ฉันกินข้าว", vec!["กิน"]),
            ("ｶﾞｲﾄﾞ", "ガイド", vec!["ガイド"]),
            ("학교*", "학교에 간다", vec!["학교에"]),
            ("🎉", "party🎉🎉now", vec!["🎉🎉"]),
            ("👩‍🚀", "👩🏽‍🚀!", vec!["👩🏽‍🚀"]),
            ("NEAR(hello there)", "there: near, hello", vec!["there", "near, hello"]),
            ("text:hello OR *", "or: text hello", vec!["or", "text hello"]),
            ("aa*", "AAB aa", vec!["AAB", "aa"]),
        ] {
            let wanted: Vec<_> = wanted.into_iter().map(str::to_owned).collect();
            assert_eq!(found(question, text), Some(wanted), "{question} in {text}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for (question, text) in [
            ("hello", "hell hello2"),
            ("hello you", "hello"),
            ("\"there hello\"", "hello there"),
            ("ord*", "word"),
            ("\"wor*\"", "words"),
            ("東京", "京東 東の京"),
            ("か", "が"),
            ("hello", ""),
        ] {
            assert_eq!(found(question, text), None, "{question} in {text}");
        }
    }

    #[test]
    fn what_cannot_be_looked_for_is_refused() {
        let many = "a ".repeat(MOST_TOKENS + 1);
        let (long, most) = ("a".repeat(MOST_CHARS + 1), "é".repeat(MOST_CHARS));
        let (wide, fits) = ("\u{fdfa} ".repeat(17), "東".repeat(MOST_TOKENS));
        for (question, wanted) in [
            ("", Some(TermsError::Empty)),
            (" \"\" * … \"—\" \0", Some(TermsError::Empty)),
            ("a*", Some(TermsError::PrefixTooShort)),
            ("hello d'a*", Some(TermsError::PrefixTooShort)),
            ("é**", Some(TermsError::PrefixTooShort)),
            ("п*", Some(TermsError::PrefixTooShort)),
            (&many, Some(TermsError::TooLong)),
            (&long, Some(TermsError::TooLong)),
            (&wide, Some(TermsError::TooLong)),
            (&most, None),
            (&fits, None),
            ("a", None),
            ("東*", None),
        ] {
            assert_eq!(Terms::parse(question).err(), wanted, "{question:?}");
        }
    }

    #[test]
    fn nothing_that_is_typed_becomes_part_of_the_expression() {
        for (question, wanted) in [
            ("hello \"big world\" wor*", r#""hello" AND "big world" AND "wor" *"#),
            ("東京", r#""東 京""#),
            ("a\"b OR *", r#""a" AND "b or""#),
            (
                "NEAR(a b, 2) {lines}:c ^d -e +f",
                r#""near a" AND "b" AND "2" AND "lines c" AND "d" AND "e" AND "f""#,
            ),
            ("a\0b 'c;--", r#""a b" AND "c""#),
        ] {
            assert_eq!(Terms::parse(question).map(|terms| terms.to_match()), Ok(wanted.into()));
        }
    }
}
