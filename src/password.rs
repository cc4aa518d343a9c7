//! A password as somebody presents it, kept only as its hash.

use std::fmt;
use std::sync::Arc;

use icu_normalizer::ComposingNormalizer;
use serde::{Deserialize, Serialize};

/// The fewest characters (Unicode scalar values) of a new password.
pub const MIN_CHARS: usize = 8;

/// The most characters of a password.
pub const MAX_CHARS: usize = 1024;

/// A password, ready to be hashed. It is never written anywhere.
///
/// It is kept in NFKC, as NIST SP 800-63B (section 3.1.1.2) advises: the same characters typed on
/// another system may come as other code points.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Checks a text that is to become somebody's password.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn parse(text: &str) -> Result<Password, PasswordError> {
        match text.chars().count() {
            0..MIN_CHARS => Err(PasswordError::TooShort),
            count if count > MAX_CHARS => Err(PasswordError::TooLong),
            _ => Ok(Password(ComposingNormalizer::new_nfkc().normalize(text).into_owned())),
        }
    }

    /// What goes into the hash, and nowhere else.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Why a text cannot be a password. The sentences are for people, the codes for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("A password has at least {MIN_CHARS} characters; please choose a longer one.")]
    TooShort,
    /// More than [`MAX_CHARS`] characters.
    #[error("A password has at most {MAX_CHARS} characters; please choose a shorter one.")]
    TooLong,
}

impl PasswordError {
    /// The stable code that clients may depend on.
    pub fn code(self) -> &'static str {
        match self {
            PasswordError::TooShort => "password_too_short",
            PasswordError::TooLong => "password_too_long",
        }
    }
}

/// An argon2id hash in the PHC string format, with its salt and parameters: enough to recognise a
/// password, and slow to guess one by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    /// The hash whose PHC string this is.
    pub fn of_phc(phc: &str) -> PasswordHash {
        PasswordHash(phc.into())
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_1024_characters() {
        let code = |text: &str| Password::parse(text).map_err(PasswordError::code).err();
        assert_eq!(code("1234567"), Some("password_too_short"));
        assert_eq!(code("12345678"), None);
        assert_eq!(code("🚀🚀🚀🚀🚀🚀🚀"), Some("password_too_short"));
        assert_eq!(code("🚀🚀🚀🚀🚀🚀🚀🚀"), None);
        assert_eq!(code(&"é".repeat(1024)), None);
        assert_eq!(code(&"é".repeat(1025)), Some("password_too_long"));
    }

    #[test]
    fn a_password_is_the_same_however_its_accents_were_typed() {
        let typed = ["caf\u{e9} au lait", "cafe\u{301} au lait"];
        let [composed, decomposed] =
            typed.map(|text| Password::parse(text).unwrap_or_else(|_| panic!()));
        assert_eq!(composed.secret(), decomposed.secret());
    }

    #[test]
    fn nothing_secret_is_shown_where_things_are_debugged() {
        let password = Password::parse("correct horse").unwrap_or_else(|_| panic!());
        let hash = PasswordHash::of_phc("$argon2id$v=19$secret");
        assert_eq!(format!("{password:?} {hash:?}"), "Password PasswordHash");
    }
}
