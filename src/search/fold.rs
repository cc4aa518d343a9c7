//! Letters as a search compares them: without case, without accents, in one form.
//!
//! A cluster, a character with the marks that stand on it, is folded on its own, so that what it
//! becomes can be traced back to its place in the text. NFKD, full case folding and NFKD again
//! make it comparable (`Ａ`, `ﬁ`, `ß`); then accents go and what is left is composed.
//!
//! Marks are accents in the scripts where people leave them out when they type in a hurry (Latin,
//! Greek, Cyrillic, Hebrew, Arabic). In the others they are vowels, and stay: a Thai or Hindi word
//! without them is another word. The two Japanese voicing marks stay too: が is not か.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{
    DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory as Category,
    GeneralCategoryGroup as Group, RegionalIndicator, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// It separates words although nothing is seen of it.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// What a folded character is to the word it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Part of a word, with its neighbours.
    Letter,
    /// A token of its own: of a script that is written without spaces, or a pictogram.
    Alone,
    /// Part of no word.
    Separator,
}

/// What `c`, a folded character, is.
pub(super) fn class(c: char) -> Class {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Class::Letter } else { Class::Separator };
    }
    let category = category(c);
    if category == Category::DecimalNumber {
        return Class::Letter;
    }
    if [Group::Letter, Group::Number, Group::Mark].iter().any(|group| group.contains(category)) {
        return if is_unspaced(c) { Class::Alone } else { Class::Letter };
    }
    let pictogram = CodePointSetData::new::<ExtendedPictographic>().contains(c)
        || CodePointSetData::new::<RegionalIndicator>().contains(c);
    if pictogram { Class::Alone } else { Class::Separator }
}

/// Whether `c` belongs to the character before it: a mark, a joiner, a modifier.
pub(super) fn extends(c: char) -> bool {
    if c.is_ascii() || is_plain(c) {
        return false;
    }
    // The vowels and final consonants of Hangul written letter by letter, and the voicing marks of
    // half-width Katakana, compose with what is before them.
    matches!(
        c,
        '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}' | '\u{ff9e}' | '\u{ff9f}'
    ) || Group::Mark.contains(category(c))
        || is_ignored(c)
}

/// Appends what `cluster` is compared by to `out`, which may be nothing.
pub(super) fn fold(cluster: &str, out: &mut String) {
    let mut chars = cluster.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && is_plain(c)
    {
        return out.push(c);
    }
    let nfkd = DecomposingNormalizer::new_nfkd();
    let seen = |text: &str| -> String {
        nfkd.normalize_iter(text.chars().filter(|&c| !is_ignored(c)))
            .filter(|&c| !is_ignored(c))
            .collect()
    };
    let folded = seen(&CaseMapper::new().fold_string(&seen(cluster)));
    let letters = folded.chars().filter(|&c| !is_accent(c)).map(undotted);
    out.extend(ComposingNormalizer::new_nfc().normalize_iter(letters));
}

/// Whether folding `c` is known to leave it as it is: most of what is written in East Asia.
fn is_plain(c: char) -> bool {
    matches!(
        c,
        '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
    )
}

/// The dotless ı has the capital I, whose small form is i: so all three are one letter.
fn undotted(c: char) -> char {
    if c == 'ı' { 'i' } else { c }
}

fn is_ignored(c: char) -> bool {
    !c.is_ascii()
        && c != ZERO_WIDTH_SPACE
        && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
            || CodePointSetData::new::<EmojiModifier>().contains(c))
}

fn is_accent(c: char) -> bool {
    if c.is_ascii() || matches!(c, '\u{3099}' | '\u{309a}') {
        return false;
    }
    matches!(category(c), Category::NonspacingMark | Category::EnclosingMark)
        && matches!(
            CodePointMapData::<Script>::new().get(c),
            Script::Inherited
                | Script::Common
                | Script::Latin
                | Script::Greek
                | Script::Cyrillic
                | Script::Hebrew
                | Script::Arabic
                | Script::Syriac
        )
}

/// Whether words run into each other in the script of this letter.
fn is_unspaced(c: char) -> bool {
    // The sign that lengthens a vowel belongs to both Japanese syllabaries, so to no script alone.
    c == 'ー'
        || matches!(
            CodePointMapData::<Script>::new().get(c),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Yi
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
                | Script::NewTaiLue
                | Script::TaiLe
                | Script::TaiTham
                | Script::TaiViet
                | Script::Javanese
                | Script::Balinese
        )
}

fn category(c: char) -> Category {
    CodePointMapData::<Category>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(cluster: &str) -> String {
        let mut out = String::new();
        fold(cluster, &mut out);
        out
    }

    #[test]
    fn what_is_plain_stays_as_it_is_the_long_way_too() {
        for c in ('\0'..=char::MAX).filter(|&c| is_plain(c)) {
            // A joiner is ignored, and sends the character the long way.
            assert_eq!(folded(&format!("{c}\u{200d}")), c.to_string(), "U+{:04X}", u32::from(c));
            let grouped = Group::Mark.contains(category(c)) || is_ignored(c);
            assert!(!grouped, "U+{:04X} extends", u32::from(c));
        }
    }

    #[test]
    fn folding_what_is_folded_changes_nothing() {
        for c in '\0'..=char::MAX {
            let once = folded(c.encode_utf8(&mut [0; 4]));
            let mut twice = String::new();
            once.chars().for_each(|c| fold(c.encode_utf8(&mut [0; 4]), &mut twice));
            assert_eq!(once, twice, "U+{:04X} {c}", u32::from(c));
        }
    }

    #[test]
    fn case_does_not_matter_for_any_character() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let (small, capital) = (text.to_lowercase(), text.to_uppercase());
            let wanted = folded(&text);
            // A capital is composed anew where the small letter was one character (ŉ, ΐ).
            assert_eq!(folded(&small), wanted, "U+{:04X} {c}", u32::from(c));
            assert_eq!(folded(&capital), wanted, "U+{:04X} {c}", u32::from(c));
        }
    }
}
