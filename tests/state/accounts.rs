//! The words of a script about accounts, sessions, invitations.

use std::fmt::Write;

use chatroom::command::{
    ChangePassword, CloseSession, Closing, Command, CreateAccount, CreateInvite, EndInvite, Left,
    MakeAdmin, NewSession, OfAccount, OpenSession, RemoveAccount, ResetPassword,
};
use chatroom::id::{SessionId, UserId};
use chatroom::name::Name;
use chatroom::password::PasswordHash;
use chatroom::state::State;
use chatroom::timestamp::Timestamp;
use chatroom::token::TokenHash;

use crate::words::Words;

/// The command of these words.
pub(crate) fn parse(words: &mut Words) -> Command {
    let verb = words.verb.clone();
    match verb.as_str() {
        "account" => Command::CreateAccount(CreateAccount {
            name: Name::parse(&words.next()).unwrap(),
            password: password(&words.key("password").unwrap_or_default()),
            session: words.key("session").map(|token| session(&token)),
            proof: words.key("proof").map(|token| TokenHash::of(&token)),
            invite: words.key("invite").map(|token| TokenHash::of(&token)),
            by_admin: words.key("by_admin").is_some_and(|value| value == "true"),
            admin: words.key("admin").is_some_and(|value| value == "true"),
        }),
        "login" => Command::OpenSession(OpenSession {
            user: user(words),
            session: session(&words.next()),
            verified: number(&words.key("verified").unwrap_or("0".into())),
        }),
        "close" => Command::CloseSession(CloseSession {
            session: SessionId(number(&words.next())),
            reason: Closing::LoggedOut,
        }),
        "password" => Command::ChangePassword(ChangePassword {
            user: user(words),
            password: password(&words.next()),
            verified: number(&words.key("verified").unwrap_or("0".into())),
            keep: words.key("keep").map(|id| SessionId(number(&id))),
        }),
        "reset" => Command::ResetPassword(ResetPassword {
            user: user(words),
            password: password(&words.next()),
        }),
        "disable" => Command::DisableAccount(OfAccount { user: user(words) }),
        "enable" => Command::EnableAccount(OfAccount { user: user(words) }),
        "remove" => Command::RemoveAccount(RemoveAccount {
            user: user(words),
            verified: words.key("verified").map(|changes| number(&changes)),
            messages: match words.next().as_str() {
                "keep" => Left::Keep,
                "remove" => Left::Remove,
                other => panic!("messages are kept or removed, not {other}"),
            },
        }),
        "admin" => {
            Command::MakeAdmin(MakeAdmin { user: user(words), admin: words.next() == "yes" })
        }
        "invite" => Command::CreateInvite(CreateInvite {
            invite: TokenHash::of(&words.next()),
            uses: words.key("uses").map_or(1, |uses| number(&uses) as u32),
            until: words.key("until").map(|until| Timestamp(number(&until) * 1000)),
        }),
        "uninvite" => Command::EndInvite(EndInvite { invite: TokenHash::of(&words.next()) }),
        other => panic!("no such command: {other}"),
    }
}

/// All that is known of accounts.
pub(crate) fn show(state: &State) -> String {
    let mut out = String::new();
    for (user, name, account) in state.accounts() {
        let (password, created) = (account.password.as_str(), account.created.0 / 1000);
        let disabled = if account.disabled { ", disabled" } else { "" };
        let admin = if account.admin { ", admin" } else { "" };
        let (name, changes) = (name.as_str(), account.changes);
        let _ = write!(out, "account of user {} {name}{disabled}{admin}, ", user.0);
        let _ = writeln!(out, "password {password} ({changes} changes), since {created} s");
        for (session, own) in state.sessions_of(user) {
            assert_eq!((own.user, state.session_of(own.token).unwrap().0), (user, session));
            let (agent, created) = (&own.agent, own.created.0 / 1000);
            let _ = writeln!(out, "  session {} {agent:?}, since {created} s", session.0);
        }
    }
    for (_, session) in state.sessions() {
        assert!(state.account(session.user).is_some(), "a session without an account");
    }
    for (user, since) in state.retired() {
        let _ = writeln!(out, "name of user {} retired, since {} s", user.0, since.0 / 1000);
    }
    for (_, invite) in state.invites() {
        let until = invite.until.map_or("ever".to_owned(), |until| format!("{} s", until.0 / 1000));
        let _ = writeln!(out, "invitation for {}, for {until}", invite.uses);
    }
    out
}

fn session(token: &str) -> NewSession {
    NewSession { token: TokenHash::of(token), agent: token.to_owned() }
}

fn password(text: &str) -> PasswordHash {
    PasswordHash::of_phc(text)
}

fn user(words: &mut Words) -> UserId {
    UserId(number(&words.next()))
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}
