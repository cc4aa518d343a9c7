//! The settings file, `chatroom.toml`.

use std::io::ErrorKind;
use std::path::Path;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

use super::error::Problem;
use super::findings::Findings;
use super::known;
use super::value::{self, Wrong};

/// The file that is read when no other is asked for; it need not be there.
const NAME: &str = "chatroom.toml";

/// Reads the settings file in `dir`, or the one that was asked for.
pub(super) fn read(asked: Option<&Path>, dir: &Path, findings: &mut Findings) {
    let path = asked.unwrap_or(Path::new(NAME));
    let file = path.display().to_string();
    let text = match std::fs::read_to_string(dir.join(path)) {
        Ok(text) => text,
        Err(error) if asked.is_none() && error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            let reason = error.to_string();
            return findings.problems.push(Problem::Unreadable { file, reason });
        }
    };
    match Toml::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(dict) => take(&file, dict, findings),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            findings.problems.push(Problem::Syntax { file, line, message });
        }
    }
}

fn take(file: &str, dict: Dict, findings: &mut Findings) {
    for (name, value) in known::flatten(dict) {
        // A table of ours is flattened away unless it is empty, which says nothing, or is no table.
        if findings.known.within(&name).next().is_some() {
            if !matches!(value, Value::Dict(..)) {
                let wrong = Wrong::new(format!("a table, [{name}]"), value::found(&value));
                let (origin, message) = (format!("{file}: {name}"), wrong.to_string());
                findings.problems.push(Problem::Value { origin, message });
            }
        } else if let Some(setting) = table_for_setting(&name, findings) {
            let origin = format!("{file}: {setting}");
            findings.give(origin, &setting, Value::from(Dict::new()));
        } else if findings.known.has(&name) {
            findings.give(format!("{file}: {name}"), &name, value);
        } else {
            let nearest = findings.known.nearest(&name).map(|name| format!("{name:?}"));
            let what = format!("setting {name:?}");
            findings.problems.push(Problem::Unknown { place: file.into(), what, nearest });
        }
    }
}

/// The setting that `name` lies within, if somebody wrote a table where a value belongs.
fn table_for_setting(name: &str, findings: &Findings) -> Option<String> {
    let dots = name.match_indices('.').map(|(at, _)| &name[..at]);
    dots.into_iter().find(|prefix| findings.known.has(prefix)).map(Into::into)
}
