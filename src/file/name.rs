//! What people call a file.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest name, in bytes of UTF-8: what common file systems take.
const LONGEST: usize = 255;

/// Longest ending that a name keeps when it is shortened, its dot included.
const LONGEST_ENDING: usize = 16;

/// What a file is called whose name says nothing.
const NAMELESS: &str = "file";

/// Names that are devices on Windows, whatever their ending.
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

/// The last part of the path that its uploader gave, without what is not to be seen. It is kept
/// as data: nothing is ever stored under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(Arc<str>);

impl FileName {
    /// What is left of a name when it has come through: never empty, never a path.
    pub fn of(given: &str) -> FileName {
        // Old clients send the whole path, with either slash; RFC 7578, section 4.2.
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = last.chars().filter(|letter| !is_hidden(*letter)).collect();
        // Windows drops these at the end, and would take one name for another.
        let name = visible.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        FileName(match name {
            "" => NAMELESS.into(),
            name if is_device(name) => shortened(&format!("_{name}")).into(),
            name => shortened(name).into(),
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, line ends, and what changes the direction or hides in it.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    // COM1 to COM9, LPT1 to LPT9, and these digits raised.
    let mut letters = stem.chars();
    let kind: String = letters.by_ref().take(3).collect();
    let port = ["COM", "LPT"].iter().any(|port| kind.eq_ignore_ascii_case(port));
    let digit = letters.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c));
    port && digit && letters.next().is_none()
}

/// At most [`LONGEST`] bytes, with the ending if that is a short one.
fn shortened(name: &str) -> Cow<'_, str> {
    if name.len() <= LONGEST {
        return name.into();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= LONGEST_ENDING { ending } else { "" };
    let stem = name.floor_char_boundary(LONGEST - ending.len());
    format!("{}{ending}", &name[..stem]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_through_as_the_last_part_of_its_path() {
        for (given, wanted) in [
            ("notes.txt", "notes.txt"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\Users\\ann\\Résumé 👩‍🚀.pdf", "Résumé 👩‍🚀.pdf"),
            ("/", "file"),
            ("..", "file"),
            (". . .", "file"),
            ("", "file"),
            ("a\0b.txt", "ab.txt"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("a\u{2066}b\u{feff}.txt", "ab.txt"),
            ("\u{202e}", "file"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Com1.tar.gz", "_Com1.tar.gz"),
            ("LPT¹", "_LPT¹"),
            ("AUX .txt", "_AUX .txt"),
            ("console.log", "console.log"),
            ("COM10", "COM10"),
            ("a.txt. .", "a.txt"),
            ("<script>.html", "<script>.html"),
            ("\"quoted\".txt", "\"quoted\".txt"),
        ] {
            assert_eq!(FileName::of(given).as_str(), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_ending() {
        for stem in ["x", "é", "🚀"] {
            let name = FileName::of(&format!("{}.tar", stem.repeat(300)));
            assert!(name.as_str().len() <= LONGEST, "{}", name.as_str().len());
            assert!(name.as_str().len() > LONGEST - 4, "{}", name.as_str().len());
            assert!(name.as_str().ends_with(&format!("{stem}.tar")));
        }
        assert_eq!(FileName::of(&format!("a.{}", "x".repeat(300))).as_str().len(), LONGEST);
    }
}
