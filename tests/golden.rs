//! The promised formats, byte by byte: entries as stores hold them, catalogues of snapshots, bodies
//! as clients get them.
//!
//! A line of these files is never changed once it was released; new ones are added. Bodies are
//! written anew by `CHATROOM_BLESS=1`.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "golden/stored.rs"]
mod stored;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use chatroom::command::{Command, Entry, Origin};
use chatroom::id::NodeId;
use chatroom::log::codec;
use chatroom::log::jetstream::batch;
use chatroom::snapshots::Catalogue;
use chatroom::state::State;
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use support::{Client, Server};

const ENTRIES: &str = include_str!("golden/entries.jsonl");
const CATALOGUES: &str = include_str!("golden/catalogue.jsonl");
const BODIES: &str = include_str!("golden/bodies.jsonl");
const ADMINISTRATION: &str = include_str!("golden/administration.jsonl");

/// Its name in the golden file. A new command does not compile here until it has one.
fn name(command: &Command) -> &'static str {
    match command {
        Command::Begin { .. } => "begin",
        Command::Configure(_) => "configure",
        Command::Register { .. } => "register",
        Command::Logout { .. } => "logout",
        Command::Expire { .. } => "expire",
        Command::Forget { .. } => "forget",
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
        Command::Trim(_) => "trim",
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
    "trim",
    "forget",
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

/// Reads what the first of `lines` would be in another version, without one, with another word in
/// the place of one that has to be there, cut off, and what is wrong in ways of its own: each is an
/// error that says why.
fn assert_refused<T: std::fmt::Debug>(
    lines: &str,
    (word, other): (&str, &str),
    more: impl Fn(&str) -> Vec<(String, &'static str)>,
    read: impl Fn(&str) -> Result<T, String>,
) {
    let line = lines.lines().next().unwrap();
    let mut wrongs = vec![
        (line.replacen(r#""v":1"#, r#""v":2"#, 1), "version 2"),
        (line.replacen(r#""v":1,"#, "", 1), "cannot be read"),
        (line.replacen(word, other, 1), "cannot be read"),
        (line[..line.len() - 1].to_owned(), "cannot be read"),
    ];
    wrongs.extend(more(line));
    for (wrong, why) in wrongs {
        let found = read(&wrong).unwrap_err();
        assert!(found.contains(why), "{wrong}: {found}");
    }
}

/// Nothing is wrong with it in a way of its own.
fn no_more(_: &str) -> Vec<(String, &'static str)> {
    Vec::new()
}

#[test]
fn an_entry_of_another_version_or_shape_is_an_error() {
    let more = |line: &str| {
        let wrongs = [format!("{line}{line}"), "[]".to_owned(), String::new()];
        wrongs.into_iter().map(|wrong| (wrong, "cannot be read")).collect()
    };
    assert_refused(ENTRIES, ("begin", "began"), more, codec::decode);
}

#[test]
fn every_catalogue_is_read_and_written_with_exactly_these_bytes() {
    for line in CATALOGUES.lines() {
        let catalogue = Catalogue::decode(line.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(catalogue.encode()).unwrap(), line);
    }
}

#[test]
fn a_catalogue_of_another_version_or_shape_is_an_error() {
    let more = |line: &str| vec![(line.replacen("ba78", "BA78", 1), "no SHA-256 in hex")];
    let read = |line: &str| Catalogue::decode(line.as_bytes());
    assert_refused(CATALOGUES, ("seq", "sequence"), more, read);
}

/// Batches of a shared log, each as one message of its stream.
const BATCHES: &str = include_str!("golden/batches.jsonl");

#[test]
fn every_batch_is_read_and_written_with_exactly_these_bytes() {
    for (line, seq) in BATCHES.lines().zip(1..) {
        let (head, entries) = batch::decode(seq, line.as_bytes()).unwrap();
        for (entry, number) in entries.iter().zip(head.first..) {
            let node = head.node.clone();
            assert_eq!(entry.origin, Some(Origin { node, number, seq }));
        }
        assert_eq!(String::from_utf8(batch::encode(&head, &entries)).unwrap(), line);
    }
}

/// Nodes of different versions work side by side only while they come to the same digest. Where a
/// change has to change this one, the changelog says that all nodes are stopped for the upgrade.
#[test]
fn the_digest_of_a_state_stays_what_it_was() {
    let (mut state, mut events) = (State::default(), Vec::new());
    // Those that there were when it was written down.
    let entries = ENTRIES.lines().take(49).map(|line| codec::decode(line).unwrap());
    let batches = (1..).zip(BATCHES.lines().take(2));
    let more = batches.flat_map(|(seq, line)| batch::decode(seq, line.as_bytes()).unwrap().1);
    for (entry, number) in entries.chain(more).zip(1..) {
        let origin = Origin { node: NodeId::from_random([7; 10]), number, seq: number };
        let _ = state.apply(Entry { origin: Some(origin), ..entry }, &mut events);
    }
    assert!(events.len() >= 5, "{events:?}");
    assert_eq!(state.digest(), "e00dfe0a00b1759a");
}

#[test]
fn a_batch_of_another_version_or_shape_is_an_error() {
    let read = |line: &str| batch::decode(1, line.as_bytes());
    assert_refused(BATCHES, ("begin", "began"), no_more, read);
}

/// One request and its answer.
#[derive(serde::Serialize, serde::Deserialize)]
struct Exchange {
    /// Who asks, by a token; nobody without it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    by: String,
    request: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    body: Value,
    status: u16,
    answer: Box<RawValue>,
}

/// What is another at every run, and is asked with later.
struct Secrets {
    /// By the names of the accounts.
    tokens: BTreeMap<String, String>,
    /// Of the last invitation; bodies call it `INVITE`.
    invite: String,
}

async fn ask(client: &Client, exchange: &Exchange, secrets: &mut Secrets) -> (u16, String) {
    let (method, path) = exchange.request.split_once(' ').unwrap();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.http().request(method, client.url(path));
    if !exchange.by.is_empty() {
        request = request.bearer_auth(&secrets.tokens[&exchange.by]);
    }
    if !exchange.body.is_null() {
        request = request.body(exchange.body.to_string().replace("INVITE", &secrets.invite));
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    let text_of = |key: &str| body[key].as_str().map(str::to_owned);
    secrets.tokens.extend(text_of("username").zip(text_of("token")));
    secrets.invite = text_of("invite").unwrap_or_else(|| secrets.invite.clone());
    let mut plain = text.clone();
    without_chance(&body, &mut plain);
    (status, plain)
}

/// Puts words in the places of what differs every time.
fn without_chance(value: &Value, text: &mut String) {
    let items: Vec<(&str, &Value)> = match value {
        Value::Array(items) => items.iter().map(|item| ("", item)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (&**key, value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in items {
        let word = match key {
            "token" | "version" | "epoch" | "invite" | "id" => key.to_uppercase(),
            "timestamp" => "TIME".to_owned(),
            _ if key.ends_with("_at") => "TIME".to_owned(),
            "uptime_seconds" => {
                *text = text.replace(&format!("\"{key}\":{value}"), &format!("\"{key}\":0"));
                continue;
            }
            _ => {
                without_chance(value, text);
                continue;
            }
        };
        if value.is_string() {
            *text = text.replace(&format!("\"{key}\":{value}"), &format!("\"{key}\":\"{word}\""));
        }
    }
}

/// Asks what stands in a golden file, in its order; the answers have the same bytes.
async fn compare(server: &Server, file: &str, lines: &str, root: Option<String>) {
    let bless = std::env::var_os("CHATROOM_BLESS").is_some();
    let client = server.client();
    let tokens = root.map(|token| ("root".to_owned(), token)).into_iter().collect();
    let mut secrets = Secrets { tokens, invite: String::new() };
    let mut written = String::new();
    for line in lines.lines() {
        let mut exchange: Exchange = serde_json::from_str(line).unwrap();
        let (status, answer) = ask(&client, &exchange, &mut secrets).await;
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
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
        std::fs::write(format!("{folder}/{file}"), written).unwrap();
    }
}

#[tokio::test]
async fn every_body_has_exactly_these_bytes() {
    let server = Server::configured("[limits]\nmessage_bytes = 100\nbody_bytes = 300\n");
    compare(&server, "bodies.jsonl", BODIES, None).await;
}

#[tokio::test]
async fn every_body_of_administration_has_exactly_these_bytes() {
    let (server, root) = Server::with_root();
    compare(&server, "administration.jsonl", ADMINISTRATION, Some(root)).await;
}

#[test]
fn the_bodies_of_administration_show_every_endpoint_and_its_refusals() {
    let exchanges: Vec<Exchange> =
        ADMINISTRATION.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (request, refusal) in [
        ("GET /admin/accounts", 401),
        ("GET /admin/accounts", 403),
        ("POST /admin/accounts", 400),
        ("POST /admin/accounts/disable", 404),
        ("POST /admin/accounts/enable", 404),
        ("POST /admin/accounts/password", 404),
        ("POST /admin/accounts/promote", 404),
        ("POST /admin/accounts/demote", 404),
        ("GET /admin/sessions?username=nobody", 404),
        ("POST /admin/sessions/end", 404),
        ("GET /admin/invites", 401),
        ("POST /admin/invites", 400),
        ("POST /admin/invites/end", 404),
    ] {
        let path = request.split('?').next().unwrap();
        let of = |request: &str, status: u16| {
            exchanges.iter().any(|e| e.request == request && e.status == status)
        };
        assert!(of(path, 200) && of(request, refusal), "{request} {refusal}");
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
