//! A message's line read by hand, as this program writes it.
//!
//! A page is hundreds of lines, and a search for the best thousands: read as JSON that can be
//! anything, they would cost more than all the rest. What does not look as it is written here is for
//! whoever reads any JSON; nothing is guessed.

use std::sync::Arc;

use crate::id::{MessageId, UserId};
use crate::message::{Kind, Message};
use crate::text::Text;
use crate::timestamp::Timestamp;

/// Names that are remembered at once.
const NAMES: usize = 64;

/// The parts of a line. Names are as they stand there: none has anything that JSON escapes.
#[derive(Debug)]
pub(super) struct Plain<'l> {
    id: u64,
    at: u64,
    by: Option<u64>,
    from: &'l str,
    to: &'l str,
    direct: bool,
    shown: Option<&'l str>,
    /// Numbers with commas between them.
    lines: &'l str,
    /// With its quotes.
    text: &'l str,
}

impl<'l> Plain<'l> {
    /// Takes a line apart; `None` if it is not as this program writes it.
    pub(super) fn read(line: &'l str) -> Option<Plain<'l>> {
        let rest = &mut line.strip_prefix("{\"id\":")?;
        let id = number(rest)?;
        pass(rest, ",\"at\":")?;
        let at = number(rest)?;
        let by = match pass(rest, ",\"by\":") {
            Some(()) => Some(number(rest)?),
            None => None,
        };
        pass(rest, ",\"from\":\"")?;
        let from = name(rest)?;
        pass(rest, ",\"to\":\"")?;
        let to = name(rest)?;
        let direct = pass(rest, ",\"direct\":true").is_some();
        let shown = match pass(rest, ",\"as\":\"") {
            Some(()) => Some(name(rest)?),
            None => None,
        };
        pass(rest, ",\"lines\":[")?;
        let end = rest.bytes().position(|byte| byte == b']')?;
        let (lines, after) = rest.split_at(end);
        let text = after.strip_prefix("],\"text\":")?.strip_suffix('}')?;
        Some(Plain { id, at, by, from, to, direct, shown, lines, text })
    }

    /// The message; `None` if its text is not the JSON of a string.
    pub(super) fn message(&self, names: &mut Names) -> Option<Message> {
        Some(Message {
            id: MessageId(self.id),
            at: Timestamp(self.at),
            author: self.by.map(UserId),
            sender: names.get(self.from),
            recipient: names.get(self.to),
            kind: if self.direct { Kind::Direct } else { Kind::Room },
            shown: self.shown.map(|name| names.get(name)),
            text: Text::from_json(self.text)?,
        })
    }

    /// The numbers of the lines it stands in.
    pub(super) fn lines(&self) -> Option<Vec<i64>> {
        self.lines.split(',').map(|number| number.parse().ok()).collect()
    }
}

/// Names that came lately: a few people say most of a page, so most names are not made anew.
#[derive(Debug)]
pub(super) struct Names([Option<Arc<str>>; NAMES]);

impl Default for Names {
    fn default() -> Names {
        Names([const { None }; NAMES])
    }
}

impl Names {
    fn get(&mut self, name: &str) -> Arc<str> {
        let mix = |sum: usize, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
        let place = &mut self.0[name.bytes().fold(0, mix) % NAMES];
        match place {
            Some(known) if **known == *name => known.clone(),
            _ => place.insert(name.into()).clone(),
        }
    }
}

/// Goes on behind `expected`, if it is next.
fn pass(rest: &mut &str, expected: &str) -> Option<()> {
    *rest = rest.strip_prefix(expected)?;
    Some(())
}

/// Goes on behind a number.
fn number(rest: &mut &str) -> Option<u64> {
    let end = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, after) = rest.split_at(end);
    *rest = after;
    digits.parse().ok()
}

/// Goes on behind a name and the quote at its end.
fn name<'l>(rest: &mut &'l str) -> Option<&'l str> {
    let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (name, after) = rest.split_at(end);
    *rest = after.strip_prefix('"')?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_program_writes_is_read() {
        let line = r#"{"id":7,"at":1,"by":2,"from":"ann","to":"bob","direct":true,"as":"An","lines":[1,2],"text":"a \"b\" ]}"}"#;
        let read = |line: &str| {
            let plain = Plain::read(line)?;
            let message = plain.message(&mut Names::default())?;
            Some((message, plain.lines()?))
        };
        let (message, lines) = read(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((message.id, message.at), (MessageId(7), Timestamp(1)));
        assert_eq!((message.author, message.kind), (Some(UserId(2)), Kind::Direct));
        assert_eq!((&*message.sender, &*message.recipient), ("ann", "bob"));
        assert_eq!(message.shown.as_deref(), Some("An"));
        assert_eq!((message.text.decode().as_ref(), lines), ("a \"b\" ]}", vec![1, 2]));
        for (part, other) in [
            ("7", "-7"),
            ("7", "18446744073709551616"),
            (",\"at\"", ", \"at\""),
            ("ann", "\\u0061nn"),
            ("true", "false"),
            ("[1,2]", "[]"),
            ("[1,2]", "[1, 2]"),
            ("\"a ", "a "),
            ("]}\"", "]}"),
            ("]}\"", "]}\",\"text\":\"\""),
            ("\"b\\\"", "\"b\""),
        ] {
            let unusual = line.replacen(part, other, 1);
            assert_ne!(unusual, line);
            assert!(read(&unusual).is_none(), "{unusual}");
        }
    }

    #[test]
    fn names_that_share_a_place_are_told_apart() {
        let mut names = Names::default();
        for round in 0..2 {
            for name in (0..10 * NAMES).map(|number| format!("user {number}")) {
                assert_eq!(&*names.get(&name), name, "{round}");
            }
        }
        assert!(Arc::ptr_eq(&names.get("ann"), &names.get("ann")));
    }
}
