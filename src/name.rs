//! The names of users, which those of rooms resemble: what a valid one is, when two are one.

mod key;

use std::borrow::{Borrow, Cow};
use std::sync::Arc;

use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory as Category, GeneralCategoryGroup as Group,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::{Deserialize, Serialize};

/// The longest name, in characters (Unicode scalar values).
pub const MAX_CHARS: usize = 64;

/// The most marks that may stand on one letter. Pointed Hebrew and Burmese (ရွှံ့) come to four,
/// Vietnamese to two; "Zalgo" text has dozens and covers its neighbours.
pub const MAX_MARKS: usize = 4;

/// Older pages put names into HTML as they are.
const MARKUP: &[char] = &['<', '>', '&', '"', '\'', '\\', '`'];

/// A valid user name: the text as given, and the key that decides whether two names are one.
///
/// Invariants (a deserialised name is trusted to hold them: it comes from our own log):
/// - the text has 1 to [`MAX_CHARS`] characters, one of them visible, and no space at its ends;
/// - the text has no `"`, no `\` and no control character, so it can be put between the quotes of
///   a JSON string as it is; nor any of `< > & '` and the back-tick, nor a line separator;
/// - the key is the key of the text, is not `server`, and begins with neither `room_` nor `room `.
///
/// There is no `==`: compare texts or keys, whichever you mean.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Name {
    text: Arc<str>,
    key: NameKey,
}

impl Name {
    /// Checks a text that is to become a user's name.
    pub fn parse(text: &str) -> Result<Name, NameError> {
        check(text)?;
        let key = key::of(text);
        check_key(&key)?;
        if key.starts_with("room ") {
            return Err(NameError::RoomPrefix);
        }
        Ok(Name { text: text.into(), key: NameKey(key.into()) })
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name as it was given, to share.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What the name is found by.
    pub fn key(&self) -> &NameKey {
        &self.key
    }
}

/// What names are compared by: two names are one when their keys are equal.
///
/// Not for display, and not free of markup: a typographic apostrophe has the key `'`. Escape it.
/// Keys rest on Unicode's table of confusables, which may change from version to version (folding
/// and normalisation may not): a test pins them, for they are kept in logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameKey(Arc<str>);

impl NameKey {
    /// The key as text, to look up by.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that `text` is looked up by. What nobody can be called has the empty key, which
    /// nobody holds.
    pub fn lookup(text: &str) -> NameKey {
        NameKey(lookup_key(text).unwrap_or_default().into())
    }

    /// The key of the name that notices come from, which nobody can take.
    pub fn server() -> NameKey {
        NameKey("server".into())
    }
}

impl Borrow<str> for NameKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The key of a text that somebody looks a user or a named room up by; None when neither could
/// have that text as its name. Allocates nothing for lower-case ASCII: it runs on every poll.
pub fn lookup_key(text: &str) -> Option<Cow<'_, str>> {
    check(text).ok()?;
    let key = key::of(text);
    check_key(&key).ok()?;
    Some(key)
}

/// A valid name of a named room, and the slug that it wants on the REST side.
///
/// Invariants: those of [`Name`], but it may begin with `Room `. The slug has 1 to [`MAX_CHARS`]
/// characters, letters (their vowel signs too) and digits of any script and `-`, and is not digits
/// alone: those are for numbered rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomName {
    text: Arc<str>,
    key: NameKey,
    slug: Arc<str>,
}

impl RoomName {
    /// Checks a text that is to become a room's name.
    pub fn parse(text: &str) -> Result<RoomName, NameError> {
        check(text)?;
        let key = key::of(text);
        check_key(&key)?;
        Ok(RoomName { text: text.into(), key: NameKey(key.into()), slug: slug(text).into() })
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name as it was given, to share.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What the name is found by.
    pub fn key(&self) -> &NameKey {
        &self.key
    }

    /// What follows `room_` in the room's id, unless another room has it already.
    pub fn slug(&self) -> &Arc<str> {
        &self.slug
    }
}

/// Why a text cannot be a name. The sentences are for people, the codes for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No character at all.
    #[error("A name cannot be empty; please type at least one character.")]
    Empty,
    /// More than [`MAX_CHARS`] characters.
    #[error("A name has at most {MAX_CHARS} characters; please choose a shorter one.")]
    TooLong,
    /// White space at an end.
    #[error("A name cannot begin or end with a space; please remove it.")]
    Space,
    /// A control or format character (zero-width and bidi too), or a line or paragraph separator.
    #[error(
        "A name cannot contain control, zero-width or text-direction characters or line breaks; \
         please type it again instead of pasting it."
    )]
    Control,
    /// U+FFFD, which says that the text was decoded wrongly before it came here.
    #[error("The name contains U+FFFD, the sign of a broken encoding; please send it as UTF-8.")]
    Replacement,
    /// One of the characters that older pages would take for HTML.
    #[error(
        "A name cannot contain any of < > & \" ' \\ and the back-tick; please leave the {0} out."
    )]
    Markup(char),
    /// A code point without a meaning that all share: unassigned, private use, noncharacter.
    #[error(
        "A name cannot contain unassigned or private-use characters, which others could not \
         read; please leave them out."
    )]
    Unassigned,
    /// More than [`MAX_MARKS`] combining marks in a row.
    #[error("A name cannot have more than {MAX_MARKS} accents on one letter; please use fewer.")]
    Marks,
    /// The sender of notices, or a look-alike of it.
    #[error("The name `server` belongs to the server itself; please choose another one.")]
    Reserved,
    /// A look of a room's id or title.
    #[error(
        "A name cannot begin like a numbered room's (`room_`, `Room `); please choose another."
    )]
    RoomPrefix,
    /// Nothing that could be seen.
    #[error("A name needs at least one visible character; please add a letter or a digit.")]
    Invisible,
}

impl NameError {
    /// The stable code that clients may depend on.
    pub fn code(&self) -> &'static str {
        match self {
            NameError::Empty => "name_empty",
            NameError::TooLong => "name_too_long",
            NameError::Space => "name_space",
            NameError::Control => "name_control",
            NameError::Replacement => "name_replacement",
            NameError::Markup(_) => "name_markup",
            NameError::Unassigned => "name_unassigned",
            NameError::Marks => "name_marks",
            NameError::Reserved => "name_reserved",
            NameError::RoomPrefix => "name_room_prefix",
            NameError::Invisible => "name_invisible",
        }
    }
}

/// The rules that need no key. Bounded: a text too long is refused before it is read.
fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > 4 * MAX_CHARS || text.chars().count() > MAX_CHARS {
        return Err(NameError::TooLong);
    }
    if text.starts_with(is_space) || text.ends_with(is_space) {
        return Err(NameError::Space);
    }
    if text.is_ascii() {
        // No space at the ends: what is left is visible, or refused here.
        return text.chars().try_for_each(|c| match c {
            c if c.is_ascii_control() => Err(NameError::Control),
            c if MARKUP.contains(&c) => Err(NameError::Markup(c)),
            _ => Ok(()),
        });
    }
    let categories = CodePointMapData::<Category>::new();
    text.chars().try_for_each(|c| check_char(c, categories.get(c)))?;
    check_marks(text)?;
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let visible =
        |c| !is_space(c) && !ignorable.contains(c) && !Group::Mark.contains(categories.get(c));
    if text.chars().any(visible) { Ok(()) } else { Err(NameError::Invisible) }
}

/// White space, and the blank Braille pattern: a symbol to Unicode, a space to the eye.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

fn check_char(c: char, category: Category) -> Result<(), NameError> {
    match category {
        _ if c == char::REPLACEMENT_CHARACTER => Err(NameError::Replacement),
        _ if MARKUP.contains(&c) => Err(NameError::Markup(c)),
        Category::Control
        | Category::Format
        | Category::LineSeparator
        | Category::ParagraphSeparator => Err(NameError::Control),
        // Noncharacters are unassigned too, and a `char` is no surrogate.
        Category::Unassigned | Category::PrivateUse => Err(NameError::Unassigned),
        _ => Ok(()),
    }
}

/// Counts the marks that pile up; those that take room of their own (Burmese, Hindi) do not. In
/// NFD, so that the verdict does not depend on how the text was typed.
fn check_marks(text: &str) -> Result<(), NameError> {
    let categories = CodePointMapData::<Category>::new();
    let mut run = 0;
    for c in DecomposingNormalizer::new_nfd().normalize_iter(text.chars()) {
        match categories.get(c) {
            Category::NonspacingMark | Category::EnclosingMark => run += 1,
            _ => run = 0,
        }
        if run > MAX_MARKS {
            return Err(NameError::Marks);
        }
    }
    Ok(())
}

/// The names that are nobody's. By key, so that neither case nor a look-alike gets round it.
fn check_key(key: &str) -> Result<(), NameError> {
    if key == "server" {
        Err(NameError::Reserved)
    } else if key.starts_with("room_") {
        Err(NameError::RoomPrefix)
    } else {
        Ok(())
    }
}

/// Letters and digits as they are, one `-` for what stands between them; marks that NFKC cannot
/// join to a letter are left out.
fn slug(text: &str) -> String {
    let categories = CodePointMapData::<Category>::new();
    let mut slug = String::with_capacity(text.len());
    for c in ComposingNormalizer::new_nfkc().normalize_iter(text.chars()) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !Group::Mark.contains(categories.get(c))
            && !slug.is_empty()
            && !slug.ends_with('-')
        {
            slug.push('-');
        }
    }
    // Normalising may have made it longer than a name; the "n-" below must fit too.
    let end = slug.char_indices().nth(MAX_CHARS - 2).map_or(slug.len(), |(at, _)| at);
    let slug = slug[..end].trim_end_matches('-');
    match slug {
        "" => "room".to_owned(),
        digits if digits.chars().all(char::is_numeric) => format!("n-{digits}"),
        slug => slug.to_owned(),
    }
}
