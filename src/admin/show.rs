//! What is printed.

use std::fmt::Write;

use serde::Serialize;

use super::door::Entered;
use crate::node::{AccountInfo, AdminAnswer, NewInvite};

/// An answer, for people or as `json`; `url` is where the server is.
pub(super) fn answer(answer: &AdminAnswer, json: bool, url: Option<&str>) -> String {
    if json {
        return line_of(answer);
    }
    match answer {
        AdminAnswer::Accounts(list) => {
            let rows = list.accounts.iter().map(|one| {
                let sessions = format!("{} sessions", one.sessions);
                [day(&one.created_at), sessions, standing(one).to_owned(), one.username.clone()]
            });
            table(rows.collect(), "There are no accounts.")
        }
        AdminAnswer::Sessions(list) => {
            let rows = list.sessions.iter().map(|one| {
                let used = one.last_used_at.as_deref().map_or("-".to_owned(), day);
                let who = format!("{}  {}", one.username, printable(&one.agent));
                [
                    one.id.0.to_string(),
                    format!("since {}", day(&one.created_at)),
                    format!("used {used}"),
                    who,
                ]
            });
            table(rows.collect(), "There are no sessions.")
        }
        AdminAnswer::Invites(list) => {
            let rows = list.invites.iter().map(|one| {
                let until = one
                    .expires_at
                    .as_deref()
                    .map_or("for ever".to_owned(), |at| format!("until {}", day(at)));
                [one.id.clone(), format!("for {}", one.uses), until, String::new()]
            });
            table(rows.collect(), "There are no invitations.")
        }
        AdminAnswer::Invited(invite) => invited(invite, url),
        AdminAnswer::Account(changed) => {
            format!("{}: {}\n", changed.message, changed.account.username)
        }
        AdminAnswer::Done(done) => format!("{}\n", done.message),
    }
}

/// A session that has begun: the token alone, so that a shell can put it where it belongs.
pub(super) fn entered(entered: &Entered, json: bool) -> String {
    if json { line_of(entered) } else { format!("{}\n", entered.token) }
}

fn line_of(body: &impl Serialize) -> String {
    // Our bodies have string keys only, so they always serialise.
    serde_json::to_string(body).unwrap_or_default() + "\n"
}

fn invited(invite: &NewInvite, url: Option<&str>) -> String {
    let NewInvite { invite: secret, id, uses, expires_at, .. } = invite;
    let what = match url {
        Some(url) => format!("{url}/#invite={secret}"),
        None => secret.clone(),
    };
    format!(
        "{what}\nIt is good for {uses} new account(s) until {}; its id is {id}.\n",
        day(expires_at)
    )
}

fn standing(account: &AccountInfo) -> &'static str {
    match (account.disabled, account.admin) {
        (true, true) => "admin, disabled",
        (true, false) => "disabled",
        (false, true) => "admin",
        (false, false) => "-",
    }
}

/// `2026-01-31T23:59:59.123Z` to the minute.
fn day(iso: &str) -> String {
    iso.get(..16).unwrap_or(iso).replace('T', " ")
}

/// What a client calls itself may hold anything, also what confuses a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_alphanumeric() || c.is_ascii_graphic() { c } else { ' ' })
        .collect()
}

/// Columns as wide as they need; the last is free.
fn table(rows: Vec<[String; 4]>, none: &str) -> String {
    if rows.is_empty() {
        return format!("{none}\n");
    }
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths = [wide(0), wide(1), wide(2)].map(Option::unwrap_or_default);
    let mut out = String::new();
    for [a, b, c, last] in &rows {
        let line = format!("{a:0$}  {b:1$}  {c:2$}  {last}", widths[0], widths[1], widths[2]);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
