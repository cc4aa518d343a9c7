//! The key of a name: folded, normalised, with look-alikes of other scripts made one.
//!
//! Two steps, repeated until nothing changes:
//! 1. NFKD and full case folding, without default-ignorable characters (what Unicode calls
//!    `NFKC_Casefold`, decomposed). Texts equal after this always have equal keys.
//! 2. Each letter that passes for one of another script becomes that one, by the confusables of
//!    [UTS 39](https://www.unicode.org/reports/tr39/), with four exceptions: see [`look_alike`].
//!
//! Both steps go letter by letter, so what holds for every letter (a second round changes
//! nothing: the test tries them all) holds for every text.
//!
//! Deliberately not here: a capital that looks like one ASCII letter when its small form looks
//! like another goes by the small one (Greek Ν/ν is `v`, Υ/υ is `u`), since one key cannot say
//! both; and no word of several letters is compared with another (`rn` is not `m`).

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory as Category, Script};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_security::skeleton;

/// Small capitals that the confusables do not tie to the letter they are capitals of. Some are
/// the table's name for a Cyrillic letter (`ʙ` for `в`), so they must follow it to ASCII; and
/// "sᴇʀᴠᴇʀ" is what generators of fancy text make.
const SMALL_CAPITALS: &[(char, char)] = &[
    ('ᴀ', 'a'),
    ('ʙ', 'b'),
    ('ᴅ', 'd'),
    ('ᴇ', 'e'),
    ('ꜰ', 'f'),
    ('ɢ', 'g'),
    ('ʜ', 'h'),
    ('ᴊ', 'j'),
    ('ᴋ', 'k'),
    ('ĸ', 'k'),
    ('ʟ', 'l'),
    ('ᴍ', 'm'),
    ('ʍ', 'm'),
    ('ɴ', 'n'),
    ('ᴘ', 'p'),
    ('ꞯ', 'q'),
    ('ʀ', 'r'),
    ('ᴛ', 't'),
    ('ʏ', 'y'),
];

/// More rounds than any letter needs; the test would notice.
const ROUNDS: usize = 4;

/// The key of a text of bounded length. Lower-case ASCII is its own key, other ASCII is
/// lower-cased: no ASCII character is ever taken for another (`1` for `l`, `0` for `o`).
pub(super) fn of(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            text.into()
        };
    }
    let mut key = fold(text);
    for _ in 0..ROUNDS {
        let mut next = String::with_capacity(key.len());
        key.chars().for_each(|c| look_alike(c, &mut next));
        let next = if next.is_ascii() { next.to_ascii_lowercase() } else { fold(&next) };
        if next == key {
            break;
        }
        key = next;
    }
    ComposingNormalizer::new_nfc().normalize(&key).into_owned().into()
}

/// NFKD, case folding, NFKD, without default-ignorable characters.
fn fold(text: &str) -> String {
    let nfkd = DecomposingNormalizer::new_nfkd();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let seen: String = nfkd
        .normalize_iter(text.chars().filter(|&c| !ignorable.contains(c)))
        .filter(|&c| !ignorable.contains(c))
        .collect();
    let folded = CaseMapper::new().fold_string(&seen);
    nfkd.normalize_iter(folded.chars()).filter(|&c| !ignorable.contains(c)).collect()
}

/// Writes what a folded character passes for: its prototype in the table of confusables, but
/// - a digit of another script stays: it is a `1`, not an `l`;
/// - one whose prototype is not ASCII, but whose capital looks like an ASCII letter (`в`, `к`,
///   `т`), is that letter: the capital folds to it;
/// - a prototype `rn` is an `m`, as the table writes it;
/// - a prototype of the letter's own script is not taken, unless it is ASCII: Thai ค and ด, Han
///   日 and 曰 look alike, but who reads them tells them apart, and they name different people.
fn look_alike(c: char, out: &mut String) {
    if c.is_ascii() || CodePointMapData::<Category>::new().get(c) == Category::DecimalNumber {
        return out.push(c);
    }
    let prototype: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    let prototype = prototype.replace("rn", "m");
    if !prototype.is_ascii()
        && let Some(letter) = ascii_capital(c).or_else(|| small_capital(c))
    {
        return out.push(letter);
    }
    let scripts = CodePointMapData::<Script>::new();
    let foreign = |p| p != Script::Inherited && p != scripts.get(c);
    if prototype.chars().any(|p| p.is_ascii() || foreign(scripts.get(p))) {
        out.push_str(&prototype);
    } else {
        out.push(c);
    }
}

fn ascii_capital(c: char) -> Option<char> {
    if c.to_uppercase().eq([c]) {
        return None;
    }
    let capital: String = c.to_uppercase().collect();
    let mut looks = skeleton(&capital);
    match (looks.next(), looks.next()) {
        (Some(letter), None) if letter.is_ascii_alphanumeric() => Some(letter.to_ascii_lowercase()),
        _ => None,
    }
}

fn small_capital(c: char) -> Option<char> {
    SMALL_CAPITALS.iter().find(|&&(small, _)| small == c).map(|&(_, letter)| letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All characters that Unicode has given a meaning.
    fn assigned() -> impl Iterator<Item = char> {
        let category = |c| CodePointMapData::<Category>::new().get(c);
        ('\0'..=char::MAX)
            .filter(move |&c| !matches!(category(c), Category::Unassigned | Category::PrivateUse))
    }

    #[test]
    fn the_key_of_a_key_is_that_key_for_every_character() {
        for c in assigned() {
            let key = of(c.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(of(&key), key, "U+{:04X} {c}", u32::from(c));
        }
    }

    #[test]
    fn the_key_of_a_key_is_that_key_where_letters_and_marks_meet() {
        // Marks change places, and letters join: so each character with others near and far.
        let all: Vec<char> = assigned().collect();
        for step in [1, 4_099] {
            for at in 0..all.len() {
                let text: String = (0..3).map(|n| all[(at + n * step) % all.len()]).collect();
                let key = of(&text).into_owned();
                assert_eq!(of(&key), key, "{text:?}");
            }
        }
    }

    #[test]
    fn characters_equal_after_folding_have_equal_keys() {
        for c in assigned() {
            let text = c.to_string();
            let key = of(&text);
            let nfc = ComposingNormalizer::new_nfc().normalize(&text).into_owned();
            for same in [fold(&text), text.to_lowercase(), nfc] {
                assert_eq!(of(&same), key, "U+{:04X} {c}", u32::from(c));
            }
        }
    }

    #[test]
    fn ascii_is_never_taken_for_other_ascii() {
        for c in '\0'..='\x7f' {
            assert_eq!(of(&format!("{c}é")), format!("{}é", c.to_ascii_lowercase()));
        }
    }
}
