//! Passwords, tokens: typed without being shown, or from standard input; never arguments.

use std::io::{BufRead, IsTerminal, Read};

use super::TOKEN;
use super::error::AdminError;
use crate::password::Password;

/// More than any password or token has, in bytes.
const LONGEST: u64 = 16 * 1024;

/// A password that is to become somebody's. On a terminal it is typed twice.
pub(super) fn new_password(name: &str) -> Result<Password, AdminError> {
    let text = password(name)?;
    let password = Password::parse(&text)
        .map_err(|error| AdminError::refused(error.code(), error.to_string()))?;
    if std::io::stdin().is_terminal() && prompt("The same again: ")? != text {
        let message = "The two were not the same; nothing was changed. Try again.".to_owned();
        return Err(AdminError::not_asked("password_mistyped", message));
    }
    Ok(password)
}

/// A password: from the terminal, else the first line of standard input.
pub(super) fn password(name: &str) -> Result<String, AdminError> {
    if std::io::stdin().is_terminal() {
        return prompt(&format!("Password for {name}: "));
    }
    let mut line = String::new();
    let read = std::io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.map_err(|error| unread(&error))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        let message = "No password: it has to be the first line of standard input.".to_owned();
        return Err(AdminError::not_asked("password_missing", message));
    }
    Ok(line.to_owned())
}

/// The token of an admin's session: from the environment, else from the terminal.
pub(super) fn token() -> Result<String, AdminError> {
    let given = std::env::var(TOKEN).unwrap_or_default();
    match given.trim() {
        "" if std::io::stdin().is_terminal() => prompt("Token: ").map(|token| token.trim().into()),
        "" => Err(AdminError::not_asked(
            "token_missing",
            format!(
                "No token: a server is asked with the one in {TOKEN}. `chatroom admin token NAME` \
                 gives one, with the same --url or on the store of the stopped server."
            ),
        )),
        token => Ok(token.to_owned()),
    }
}

fn prompt(text: &str) -> Result<String, AdminError> {
    rpassword::prompt_password(text).map_err(|error| unread(&error))
}

fn unread(error: &std::io::Error) -> AdminError {
    let message = format!("The password or token cannot be read: {error}.");
    AdminError::not_asked("input_unreadable", message)
}
