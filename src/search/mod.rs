//! Looking for words in texts, without knowing where the texts are kept.
//!
//! What counts as a word is decided here, once, for whoever looks and for whatever is looked
//! through: [`Tokens`] splits a text, [`Terms`] are what somebody looks for, and both an index of
//! tokens and a single text are matched by the same rules. [`snippet`] shows a message around what
//! was found, [`rank`] orders what was found.

mod fold;
pub mod rank;
pub mod snippet;
mod terms;
mod tokens;

pub use terms::{Matches, Terms, TermsError};
pub use tokens::Tokens;
