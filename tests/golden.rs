//! The promised formats, byte by byte: entries as stores hold them, bodies as clients get them.
//!
//! A line of these files is never changed once it was released; new ones are added. Bodies are
//! written anew by `CHATROOM_BLESS=1`.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::collections::BTreeSet;

use chatroom::command::Command;
use chatroom::log::codec;
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use support::{Client, Server};

const ENTRIES: &str = include_str!("golden/entries.jsonl");
const BODIES: &str = include_str!("golden/bodies.jsonl");

/// Its name in the golden file. A new command does not compile here until it has one.
fn name(command: &Command) -> &'static str {
    match command {
        Command::Begin { .. } => "begin",
        Command::Configure(_) => "configure",
        Command::Register { .. } => "register",
        Command::Logout { .. } => "logout",
        Command::Expire { .. } => "expire",
        Command::Send { .. } => "send",
        Command::CreateRoom { .. } => "create_room",
        Command::OpenRoom { .. } => "open_room",
        Command::JoinRoom { .. } => "join_room",
        Command::LeaveRoom { .. } => "leave_room",
        Command::CreateAccount(_) => "create_account",
        Command::OpenSession(_) => "open_session",
        Command::CloseSession(_) => "close_session",
        Command::ChangePassword(_) => "change_password",
        Command::ResetPassword(_) => "reset_password",
        Command::DisableAccount(_) => "disable_account",
        Command::EnableAccount(_) => "enable_account",
        Command::RemoveAccount(_) => "remove_account",
        Command::MakeAdmin(_) => "make_admin",
        Command::CreateInvite(_) => "create_invite",
        Command::EndInvite(_) => "end_invite",
        Command::CreateProject(_) => "create_project",
        Command::CreateConversation(_) => "create_conversation",
        Command::AddParticipants(_) => "add_participants",
        Command::RemoveParticipants(_) => "remove_participants",
        Command::AddFile(_) => "add_file",
        Command::RemoveFile(_) => "remove_file",
    }
}

const NAMES: &[&str] = &[
    "begin",
    "configure",
    "register",
    "logout",
    "expire",
    "send",
    "create_room",
    "open_room",
    "join_room",
    "leave_room",
    "create_account",
    "open_session",
    "close_session",
    "change_password",
    "reset_password",
    "disable_account",
    "enable_account",
    "remove_account",
    "make_admin",
    "create_invite",
    "end_invite",
    "create_project",
    "create_conversation",
    "add_participants",
    "remove_participants",
    "add_file",
    "remove_file",
];

#[test]
fn every_entry_is_read_and_written_with_exactly_these_bytes() {
    let mut seen = BTreeSet::new();
    for line in ENTRIES.lines() {
        let entry = codec::decode(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        let mut written = Vec::new();
        codec::encode(&entry, &mut written);
        assert_eq!(String::from_utf8(written).unwrap(), line);
        let name = name(&entry.command);
        assert!(line.contains(&format!(r#""do":{{"{name}":"#)), "{line}");
        seen.insert(name);
    }
    assert_eq!(seen, NAMES.iter().copied().collect(), "there is a line for each");
}

#[test]
fn an_entry_of_another_version_or_shape_is_an_error() {
    let line = ENTRIES.lines().next().unwrap();
    for (wrong, why) in [
        (line.replacen(r#""v":1"#, r#""v":2"#, 1), "version 2"),
        (line.replacen(r#""v":1,"#, "", 1), "cannot be read"),
        (line.replacen("begin", "began", 1), "cannot be read"),
        (line[..line.len() - 1].to_owned(), "cannot be read"),
        (format!("{line}{line}"), "cannot be read"),
        ("[]".to_owned(), "cannot be read"),
        (String::new(), "cannot be read"),
    ] {
        let found = codec::decode(&wrong).map(|_| ()).unwrap_err();
        assert!(found.contains(why), "{wrong}: {found}");
    }
}

/// One request and its answer.
#[derive(serde::Serialize, serde::Deserialize)]
struct Exchange {
    request: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    body: Value,
    status: u16,
    answer: Box<RawValue>,
}

async fn ask(client: &Client, exchange: &Exchange) -> (u16, String) {
    let (method, path) = exchange.request.split_once(' ').unwrap();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.http().request(method, client.url(path));
    if !exchange.body.is_null() {
        request = request.body(exchange.body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, without_chance(&response.text().await.unwrap()))
}

/// The answer, with words in the places of what differs every time.
fn without_chance(text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap();
    let mut out = text.to_owned();
    let mut replace = |value: &Value, word: &str| {
        if let Some(found) = value.as_str() {
            out = out.replace(&format!("\"{found}\""), &format!("\"{word}\""));
        }
    };
    replace(&body["token"], "TOKEN");
    replace(&body["timestamp"], "TIME");
    replace(&body["version"], "VERSION");
    replace(&body["epoch"], "EPOCH");
    for key in ["messages", "rooms", "hits"] {
        for item in body[key].as_array().into_iter().flatten() {
            replace(&item["created_at"], "TIME");
        }
    }
    if let Some(seconds) = body["uptime_seconds"].as_u64() {
        let uptime = |seconds: u64| format!("\"uptime_seconds\":{seconds},");
        out = out.replace(&uptime(seconds), &uptime(0));
    }
    out
}

#[tokio::test]
async fn every_body_has_exactly_these_bytes() {
    let bless = std::env::var_os("CHATROOM_BLESS").is_some();
    let server = Server::configured("[limits]\nmessage_bytes = 100\nbody_bytes = 300\n");
    let client = server.client();
    let mut written = String::new();
    for line in BODIES.lines() {
        let mut exchange: Exchange = serde_json::from_str(line).unwrap();
        let (status, answer) = ask(&client, &exchange).await;
        if bless {
            (exchange.status, exchange.answer) = (status, RawValue::from_string(answer).unwrap());
            written += &format!("{}\n", serde_json::to_string(&exchange).unwrap());
        } else {
            assert_eq!(
                (status, answer.as_str()),
                (exchange.status, exchange.answer.get()),
                "{line}"
            );
        }
    }
    if bless {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/bodies.jsonl");
        std::fs::write(file, written).unwrap();
    }
}

#[test]
fn the_bodies_show_every_endpoint_and_its_refusals() {
    let exchanges: Vec<Exchange> =
        BODIES.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for endpoint in [
        "POST /register",
        "POST /logout",
        "GET /online",
        "POST /send",
        "GET /messages",
        "GET /search",
        "POST /create_room",
        "POST /leave_room",
        "POST /join_room",
        "GET /announcement",
        "GET /rooms",
        "GET /api/health",
        "GET /api/status",
        "GET /api/clients",
    ] {
        let of = |status: u16| {
            exchanges.iter().any(|e| e.request.starts_with(endpoint) && e.status == status)
        };
        assert!(of(200), "{endpoint}");
        let takes_nothing = matches!(endpoint, "GET /online" | "GET /announcement")
            || endpoint.starts_with("GET /api/");
        assert!(takes_nothing || of(400), "{endpoint}");
    }
    for (request, status) in [
        ("POST /auth/register", 201),
        ("POST /auth/login", 200),
        ("POST /auth/login", 401),
        ("GET /auth/check", 401),
        ("POST /auth/logout", 401),
        ("POST /auth/password", 401),
        ("DELETE /auth/account", 401),
        ("GET /auth/sessions", 401),
        ("DELETE /auth/sessions", 401),
        ("DELETE /auth/sessions/1", 401),
    ] {
        assert!(exchanges.iter().any(|e| e.request == request && e.status == status), "{request}");
    }
    let answers = exchanges.iter().map(|exchange| exchange.answer.get());
    let codes: BTreeSet<String> = answers
        .filter_map(|answer| {
            serde_json::from_str::<Value>(answer).unwrap()["code"].as_str().map(str::to_owned)
        })
        .collect();
    for code in [
        "field_required",
        "invalid_type",
        "invalid_body",
        "body_too_large",
        "message_too_long",
        "name_reserved",
        "username_taken",
        "not_registered",
        "recipient_not_online",
        "participant_not_online",
        "room_not_found",
        "not_participant",
        "room_not_open",
        "idempotency_conflict",
        "query_empty",
        "query_too_long",
        "prefix_too_short",
        "invalid_time",
        "invalid_cursor",
        "not_found",
        "method_not_allowed",
        "authentication_required",
        "invalid_credentials",
        "password_too_short",
    ] {
        assert!(codes.contains(code), "{code}");
    }
    assert_eq!(json!(exchanges[0].status), json!(200));
}
