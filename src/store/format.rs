//! The lines of an export, which is a promised format: `docs/export.md`.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::id::{MessageId, UserId};
use crate::message::{Kind, Message};
use crate::state::State;
use crate::text::Text;
use crate::timestamp::Timestamp;

/// The version written. A changed format gets the next number, and the old one stays readable.
pub(super) const VERSION: u64 = 1;

/// The parts of the state of which there may be many: each has lines of its own, by this name.
const PARTS: &[(&str, &[&str])] = &[
    ("user", &["users", "users"]),
    ("account", &["accounts", "accounts"]),
    ("session", &["sessions", "sessions"]),
    ("room", &["rooms", "rooms"]),
    ("project", &["projects", "projects"]),
    ("answered", &["answered"]),
];

/// The first line.
pub(super) fn header() -> Value {
    json!({ "chatroom": "export", "version": VERSION })
}

/// A message with the lines that it stands in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    id: MessageId,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    from: Arc<str>,
    to: Arc<str>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    direct: bool,
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    shown: Option<Arc<str>>,
    lines: Vec<String>,
    text: Text,
}

impl Said {
    pub(super) fn new(message: Message, lines: Vec<String>) -> Said {
        Said {
            id: message.id,
            at: message.at,
            by: message.author,
            from: message.sender,
            to: message.recipient,
            direct: message.kind == Kind::Direct,
            shown: message.shown,
            lines,
            text: message.text,
        }
    }

    /// The message, if it can be one.
    pub(super) fn message(self) -> Result<(Message, Vec<String>), String> {
        if self.lines.is_empty() {
            return Err("the message stands in no line".to_owned());
        }
        if let Some(line) = self.lines.iter().find(|line| !is_line(line)) {
            return Err(format!("{line:?} is no line that a message can stand in"));
        }
        let message = Message {
            id: self.id,
            at: self.at,
            author: self.by,
            sender: self.from,
            recipient: self.to,
            kind: if self.direct { Kind::Direct } else { Kind::Room },
            shown: self.shown,
            text: self.text,
        };
        Ok((message, self.lines))
    }
}

/// Whether messages can stand in a line of this name: see [`crate::history::Line`].
fn is_line(name: &str) -> bool {
    if crate::id::RoomId::parse(name).is_some() {
        return true;
    }
    let Some((user, which)) = name.split_once(' ') else { return false };
    user.parse::<u64>().is_ok()
        && (matches!(which, "in" | "out") || which.strip_prefix("with ").is_some())
}

/// A message, or the last line of all.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Tail {
    /// One message.
    Message(Said),
    /// There are no more lines.
    End {
        /// How many messages there were.
        messages: u64,
    },
}

/// The state in lines: the first has what there is once, the others what there are many of.
///
/// Epoch and position are of the store, not of what it holds: another store has its own.
pub(super) fn lines_of(state: &State) -> Result<Vec<Value>, String> {
    let mut kept: Map<String, Value> =
        serde_json::from_slice(&state.to_snapshot()?).map_err(|error| error.to_string())?;
    let version = kept.remove("v").unwrap_or_default();
    let mut rest = kept.remove("state").unwrap_or_default();
    if let Some(rest) = rest.as_object_mut() {
        rest.remove("epoch");
        rest.remove("position");
    }
    let mut lines = Vec::new();
    for (name, path) in PARTS {
        let Some(part) = path.iter().try_fold(&mut rest, |value, key| value.get_mut(key)) else {
            return Err(format!("the state has no {name}"));
        };
        match part.take() {
            Value::Object(entries) => {
                lines.extend(
                    entries.into_iter().map(|(key, value)| line(name, json!([key, value]))),
                );
            }
            Value::Array(entries) => {
                lines.extend(entries.into_iter().map(|value| line(name, value)));
            }
            _ => return Err(format!("the state has no list of each {name}")),
        }
    }
    lines.insert(0, line("state", json!({ "version": version, "is": rest })));
    Ok(lines)
}

/// One line of what there are many of.
#[derive(Debug)]
pub(super) struct Part {
    /// Its number in the file.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) value: Value,
}

/// Puts the state together again, at `position`: from the line of what there is once, with its
/// number, and the others.
///
/// # Errors
/// The number of the line that is to blame, and what is wrong with it.
pub(super) fn state_of(
    (number, once): &(usize, Value),
    parts: &[Part],
    position: u64,
) -> Result<State, (usize, String)> {
    let state = match assemble(once, parts, position) {
        Ok(state) => state,
        // The first that does not fit in alone.
        Err(what) => {
            let alone = |part| assemble(once, std::slice::from_ref(part), position);
            assemble(once, &[], position).map_err(|what| (*number, what))?;
            let wrong = parts.iter().find_map(|part| Some((part.number, alone(part).err()?)));
            return Err(wrong.unwrap_or((*number, what)));
        }
    };
    // What this program does not know would be gone without a word.
    let again = lines_of(&state).map_err(|what| (*number, what))?;
    let again: HashSet<String> = again.iter().map(Value::to_string).collect();
    let given = parts.iter().map(|part| (part.number, line(&part.name, part.value.clone())));
    for (number, line) in given.chain([(*number, line("state", once.clone()))]) {
        if !again.contains(&line.to_string()) {
            return Err((number, "it says what this program does not know".to_owned()));
        }
    }
    Ok(state)
}

fn assemble(once: &Value, parts: &[Part], position: u64) -> Result<State, String> {
    let not_whole = || "it is not the whole state".to_owned();
    let version = once.get("version").ok_or_else(not_whole)?;
    let mut state = once.get("is").cloned().ok_or_else(not_whole)?;
    for (name, path) in PARTS {
        let of = parts.iter().filter(|part| part.name == *name).map(|part| part.value.clone());
        let all = if *name == "answered" {
            Value::Array(of.collect())
        } else {
            let mut all = Map::new();
            for value in of {
                let (key, value) = serde_json::from_value::<(String, Value)>(value)
                    .map_err(|error| error.to_string())?;
                if all.insert(key, value).is_some() {
                    return Err(format!("there is another {name} like it"));
                }
            }
            Value::Object(all)
        };
        let place = path.iter().try_fold(&mut state, |value, key| value.get_mut(key));
        *place.ok_or_else(not_whole)? = all;
    }
    let fields = state.as_object_mut().ok_or_else(not_whole)?;
    fields.insert("epoch".to_owned(), Value::Null);
    fields.insert("position".to_owned(), position.into());
    State::from_snapshot(json!({ "v": version, "state": state }).to_string().as_bytes())
}

fn line(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

/// Whether the state has parts of this name.
pub(super) fn is_part(name: &str) -> bool {
    PARTS.iter().any(|(part, _)| *part == name)
}
