//! The file `.env` in the working directory.

use std::io::ErrorKind;
use std::path::Path;

use super::error::Problem;
use super::findings::Findings;
use super::variables;

pub(super) const NAME: &str = ".env";

/// The variables in `.env`, the last of each name as the shell would have it.
///
/// The file belongs to other programs too, so a line that cannot be read is a problem only if it
/// sets a variable that we read: passing over `CORS_ORIGINS` would open what its owner closed.
/// Lines are never shown: they hold secrets.
pub(super) fn read(dir: &Path, findings: &mut Findings) -> Vec<(String, String)> {
    let path = dir.join(NAME);
    if path.is_dir() {
        return Vec::new(); // a virtual environment of Python's is often called so
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let (file, reason) = (NAME.into(), error.to_string());
            findings.problems.push(Problem::Unreadable { file, reason });
            return Vec::new();
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut variables = Vec::new();
    for line in dotenvy::from_read_iter(text.as_bytes()) {
        match line {
            Ok(variable) => variables.push(variable),
            Err(error) => unreadable(text, &error, findings),
        }
    }
    variables
}

fn unreadable(text: &str, error: &dotenvy::Error, findings: &mut Findings) {
    // dotenvy gives the part that it could not read, not where it stands.
    let part = match error {
        dotenvy::Error::LineParse(part, _) => part.lines().next().unwrap_or_default(),
        _ => "",
    };
    let line = text.lines().position(|line| !part.is_empty() && line.contains(part));
    let name = line.and_then(|at| text.lines().nth(at)).and_then(|line| {
        let line = line.trim_start();
        let (name, _) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        Some(name.trim())
    });
    let line = line.map_or(1, |at| at + 1);
    if name.is_none_or(variables::is_read) {
        let name = name.unwrap_or("this line");
        let message = format!("{name} cannot be read; a value with spaces needs quotes around it");
        findings.problems.push(Problem::Syntax { file: NAME.into(), line, message });
    } else {
        findings.notices.push(format!("{NAME}: line {line} cannot be read and is passed over"));
    }
}
