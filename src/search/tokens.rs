//! A text as the tokens that are looked for, each with its place in the text.

use std::ops::Range;

use super::fold::{self, Class};

/// Longest token, in characters: of a longer word only the beginning counts.
const LONGEST: usize = 64;

/// It makes one pictogram of two.
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// The tokens of a text, in its order.
///
/// A word of letters and digits is one token; a character of a script that is written without
/// spaces is one, and so is a pictogram. Tokens are folded: they have no case and no accents.
///
/// Invariant: `index` is the folded tokens with a space between any two. None of them has a space,
/// or any other ASCII character that is no lower-case letter and no digit.
#[derive(Debug, Default)]
pub struct Tokens {
    index: String,
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    /// Where it is in `index`.
    word: Range<usize>,
    /// Where it was in the text, in bytes.
    place: Range<usize>,
}

impl Tokens {
    /// The tokens of `text`.
    pub fn of(text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        tokens.read(text);
        tokens
    }

    /// Takes the tokens of `text` instead of those that are there; the memory is used again.
    pub fn read(&mut self, text: &str) {
        self.index.clear();
        self.tokens.clear();
        let mut writer = Writer { tokens: self, open: None };
        let mut folded = String::new();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let run = plain(&bytes[at..]);
            if run > 0 {
                writer.run(text, at..at + run);
                at += run;
                continue;
            }
            if byte.is_ascii() && bytes.get(at + 1).is_none_or(u8::is_ascii) {
                writer.open = None;
                at += 1;
                continue;
            }
            let place = at..cluster_end(text, at);
            folded.clear();
            fold::fold(&text[place.clone()], &mut folded);
            for c in folded.chars() {
                match fold::class(c) {
                    Class::Letter => writer.letter(c, place.clone()),
                    Class::Alone => {
                        writer.open = None;
                        writer.letter(c, place.clone());
                        writer.open = None;
                    }
                    Class::Separator => writer.open = None,
                }
            }
            at = place.end;
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token with this number, which there must be.
    pub fn word(&self, number: usize) -> &str {
        &self.index[self.tokens[number].word.clone()]
    }

    /// Where the token with this number, which there must be, is in the text, in bytes. Tokens
    /// that come from one character (`½`) have the same place.
    pub fn place(&self, number: usize) -> Range<usize> {
        self.tokens[number].place.clone()
    }

    /// All tokens.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| &self.index[token.word.clone()])
    }

    /// All tokens, for an index that splits at spaces and at nothing else.
    pub fn as_index(&self) -> &str {
        &self.index
    }
}

/// Where the character at `start` ends, with all that stands on it or is joined to it.
pub(super) fn cluster_end(text: &str, start: usize) -> usize {
    let mut joined = false;
    let mut rest = text[start..].char_indices().skip(1);
    let next = rest.find(|(_, c)| {
        let ends = !joined && !fold::extends(*c);
        joined = *c == ZERO_WIDTH_JOINER;
        ends
    });
    next.map_or(text.len(), |(end, _)| start + end)
}

/// With how many ASCII letters and digits it begins on which nothing can stand.
fn plain(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(bytes.len());
    if bytes.get(end).is_none_or(u8::is_ascii) { end } else { end.saturating_sub(1) }
}

struct Writer<'t> {
    tokens: &'t mut Tokens,
    /// How many characters the last token has, while it may get more.
    open: Option<usize>,
}

impl Writer<'_> {
    /// Takes what is [`plain`] in one piece: it is most of what is written in many languages.
    fn run(&mut self, text: &str, place: Range<usize>) {
        let Tokens { index, tokens } = &mut *self.tokens;
        let mut chars = self.open.unwrap_or_default();
        if self.open.is_none() {
            if !index.is_empty() {
                index.push(' ');
            }
            tokens.push(Token { word: index.len()..index.len(), place: place.clone() });
        }
        let start = index.len();
        let counts = place.len().min(LONGEST - chars);
        index.push_str(&text[place.start..place.start + counts]);
        index[start..].make_ascii_lowercase();
        chars += counts;
        self.open = Some(chars);
        if let Some(token) = tokens.last_mut() {
            token.word.end = index.len();
            token.place.end = place.end;
        }
    }

    fn letter(&mut self, c: char, place: Range<usize>) {
        let Tokens { index, tokens } = &mut *self.tokens;
        if let (Some(chars), Some(token)) = (&mut self.open, tokens.last_mut()) {
            token.place.end = place.end;
            if *chars < LONGEST {
                *chars += 1;
                index.push(c);
                token.word.end = index.len();
            }
            return;
        }
        if !index.is_empty() {
            index.push(' ');
        }
        let start = index.len();
        index.push(c);
        tokens.push(Token { word: start..index.len(), place });
        self.open = Some(1);
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// The tokens of `text`, with a `|` between any two.
    fn split(text: &str) -> String {
        Tokens::of(text).words().collect::<Vec<_>>().join("|")
    }

    #[test]
    fn texts_are_split_where_their_readers_would() {
        for (text, wanted) in [
            ("", ""),
            (" \n\t…—!?", ""),
            ("Hello, World 2026", "hello|world|2026"),
            ("don't foo_bar a-b c", "don|t|foo|bar|a|b|c"),
            ("Straße STRASSE", "strasse|strasse"),
            ("İstanbul ISPARTA ısparta", "istanbul|isparta|isparta"),
            ("Café cafe\u{301} CAFÉ naïve Ångström", "cafe|cafe|cafe|naive|angstrom"),
            ("ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ|σισυφοσ"),
            ("Ёлка елка й", "елка|елка|и"),
            ("שָׁלוֹם שלום", "שלום|שלום"),
            ("مَرْحَبًا مرحبا", "مرحبا|مرحبا"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("ﬁne Ｆｕｌｌ x² ½", "fine|full|x2|1|2"),
            ("東京タワー2026", "東|京|タ|ワ|ー|2026"),
            ("がぎ か\u{3099} ｶﾞ", "が|ぎ|が|ガ"),
            ("한국어 \u{1112}\u{1161}\u{11ab}국어", "한국어|한국어"),
            ("ไทย กิน", "ไ|ท|ย|ก|ิ|น"),
            ("ภาษา\u{200b}ไทย a\u{200b}b", "ภ|า|ษ|า|ไ|ท|ย|a|b"),
            ("हिन्दी में", "हिन्दी|में"),
            ("soft\u{ad}hyphen", "softhyphen"),
            ("go 👍🏽👍 👩\u{200d}🚀!", "go|👍|👍|👩|🚀"),
            ("🇫🇷 ❤\u{fe0f} ™", "🇫|🇷|❤|tm"),
            ("\u{0}a\u{0}", "a"),
        ] {
            assert_eq!(split(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_token_knows_where_it_stands() {
        let text = "«É» ﬁ cafe\u{301}! 東京 👍🏽x";
        let tokens = Tokens::of(text);
        let places = (0..tokens.len()).map(|number| &text[tokens.place(number)]);
        let wanted = ["É", "ﬁ", "cafe\u{301}", "東", "京", "👍🏽", "x"];
        assert_eq!(places.collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn of_an_endless_word_the_beginning_counts() {
        let long = "é".repeat(100_000);
        let tokens = Tokens::of(&long);
        assert_eq!(tokens.words().collect::<Vec<_>>(), ["e".repeat(LONGEST)]);
        assert_eq!(tokens.place(0), 0..long.len());
    }

    #[test]
    fn a_run_of_plain_letters_is_read_as_each_of_them_is() {
        let mut random = StdRng::seed_from_u64(7);
        let letters = ["a", "Z", "9", "é", "e\u{301}", "東", " ", "-", "\0", "ß"];
        for _ in 0..20_000 {
            let seldom = random.random_range(1..60);
            let mut letter = || match random.random_range(0..seldom) {
                0 => letters[random.random_range(0..letters.len())],
                _ => letters[random.random_range(0..3)],
            };
            let text: Vec<_> = (0..200).map(|_| letter()).collect();
            // A soft hyphen is nothing, and sends what it stands on the long way.
            let hyphened = text.join("\u{ad}") + "\u{ad}";
            let text = text.concat();
            let (run, single) = (Tokens::of(&text), Tokens::of(&hyphened));
            assert_eq!(run.as_index(), single.as_index(), "{text:?}");
            let of = |tokens: &Tokens, text: &str| -> Vec<String> {
                let places = (0..tokens.len()).map(|number| tokens.place(number));
                places.map(|place| text[place].replace('\u{ad}', "")).collect()
            };
            assert_eq!(of(&run, &text), of(&single, &hyphened), "{text:?}");
        }
    }

    /// Texts of what is hard to split: every script, marks on anything, joiners, controls.
    fn texts() -> impl Iterator<Item = String> {
        let mut random = StdRng::seed_from_u64(6);
        let hard: Vec<char> = "aZ9 _*\"'\0\n\u{301}\u{308}\u{200d}\u{200b}\u{ad}\u{fe0f}ßİıŉﷺ½Ａﬁ東か\u{3099}ｶﾞ한\u{1112}\u{1161}\u{11ab}กิहन्दीשָر👍🏽👩🚀🇫🇷\u{feff}\u{10ffff}\u{e000}\u{fdfa}"
            .chars()
            .collect();
        std::iter::repeat_with(move || {
            let length = random.random_range(0..40);
            let mut letter = || match random.random_range(0..8) {
                0 => char::from_u32(random.random_range(0..0x11_0000)).unwrap_or(' '),
                _ => hard[random.random_range(0..hard.len())],
            };
            (0..length).map(|_| letter()).collect()
        })
    }

    #[test]
    fn places_are_in_the_text_in_order_for_any_text() {
        for text in texts().take(20_000) {
            let tokens = Tokens::of(&text);
            let mut before = 0..0;
            for number in 0..tokens.len() {
                let place = tokens.place(number);
                assert!(!text[place.clone()].is_empty(), "{text:?}");
                // One character may be several tokens, of which the last may go on.
                assert!(before.start <= place.start && before.end <= place.end, "{text:?}");
                before = place;
            }
        }
    }

    #[test]
    fn the_tokens_of_an_index_are_those_of_the_text() {
        for text in texts().take(20_000) {
            let tokens = Tokens::of(&text);
            assert_eq!(Tokens::of(tokens.as_index()).as_index(), tokens.as_index(), "{text:?}");
            let by_space: Vec<_> = tokens.as_index().split(' ').filter(|w| !w.is_empty()).collect();
            assert_eq!(tokens.words().collect::<Vec<_>>(), by_space, "{text:?}");
            let plain = |c: char| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit();
            assert!(tokens.words().all(|word| word.chars().all(plain)), "{text:?}");
        }
    }

    #[test]
    fn the_longest_texts_are_split() {
        let mut tokens = Tokens::default();
        tokens.read(&"The quick brown fox jumps over the lazy dog, twice. ".repeat(20_000));
        assert_eq!(tokens.len(), 200_000);
        for letter in ["a", "é", "東", "ﷺ", "\u{301}", "👍🏽", "\0", "\""] {
            tokens.read(&letter.repeat(64 * 1024 / letter.len()));
        }
    }
}
