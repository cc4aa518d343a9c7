//! A conversation that gets from every endpoint every answer that it has.

use serde_json::{Value, json};

use crate::administration;
use crate::shared;

/// One request, and what comes of it.
pub(crate) struct Call {
    /// In capitals.
    pub(crate) method: &'static str,
    /// With its query.
    pub(crate) path: String,
    /// The content type; "" sends none.
    pub(crate) kind: &'static str,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// The status.
    pub(crate) status: u16,
    /// The code; "" for a success.
    pub(crate) code: &'static str,
    /// Whose session it comes in, or begins; "" for none.
    pub(crate) who: &'static str,
    /// One header more.
    pub(crate) header: Option<(&'static str, &'static str)>,
}

impl Call {
    pub(crate) fn by(self, who: &'static str) -> Call {
        Call { who, ..self }
    }

    pub(crate) fn with(self, method: &'static str) -> Call {
        Call { method, ..self }
    }

    pub(crate) fn saying(self, name: &'static str, value: &'static str) -> Call {
        Call { header: Some((name, value)), ..self }
    }
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn call(
    path: &str,
    kind: &'static str,
    body: &[u8],
    status: u16,
    code: &'static str,
) -> Call {
    let (path, body, who) = (path.to_owned(), body.to_owned(), "");
    Call { method: "POST", path, kind, body, status, code, who, header: None }
}

pub(crate) fn get(path: &str, status: u16, code: &'static str) -> Call {
    call(path, "", b"", status, code).with("GET")
}

fn done(path: &str, body: Value) -> Call {
    call(path, JSON, body.to_string().as_bytes(), 200, "")
}

fn form(path: &str, body: &str) -> Call {
    call(path, FORM, body.as_bytes(), 200, "")
}

pub(crate) fn refused(path: &str, body: Value, status: u16, code: &'static str) -> Call {
    call(path, JSON, body.to_string().as_bytes(), status, code)
}

/// The whole conversation, in its order.
pub(crate) fn all() -> Vec<Call> {
    let mut calls = vec![join("carol")];
    calls.extend(bodies());
    calls.extend(people());
    calls.extend(administration::all());
    calls.extend(accounts());
    calls.extend(protected());
    calls.extend(rooms());
    calls.extend(messages());
    calls.extend(shared::all());
    calls.extend(ends());
    calls
}

/// What is wrong with a body is wrong at every endpoint that reads one.
fn bodies() -> Vec<Call> {
    let fields = [
        ("/register", "username"),
        ("/logout", "username"),
        ("/send", "sender"),
        ("/create_room", "admin"),
        ("/join_room", "username"),
        ("/leave_room", "room_id"),
        ("/auth/register", "username"),
        ("/auth/login", "username"),
        ("/auth/password", "old_password"),
        ("/auth/account", "password"),
    ];
    let mut calls = Vec::new();
    for (path, field) in fields {
        let large = format!("{{\"more\":\"{}\"}}", "x".repeat(256 << 10));
        calls.extend([
            call(path, JSON, b"{\"username\":", 400, "invalid_json"),
            call(path, "", b"\xff", 400, "invalid_utf8"),
            call(path, JSON, b"[]", 400, "invalid_body"),
            call(path, FORM, b"", 400, "field_required"),
            call(path, JSON, large.as_bytes(), 413, "body_too_large"),
            refused(path, json!({field: ["ann"]}), 400, "invalid_type"),
        ]);
    }
    let method = |path: &str| if path == "/auth/account" { "DELETE" } else { "POST" };
    calls
        .into_iter()
        .map(|call| {
            let method = method(&call.path);
            call.by("carol").with(method)
        })
        .collect()
}

pub(crate) fn join(who: &'static str) -> Call {
    let body = json!({"username": who, "password": "correct horse"});
    refused("/auth/register", body, 201, "").by(who)
}

fn accounts() -> Vec<Call> {
    let account = |name: &str| json!({"username": name, "password": "correct horse"});
    let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
    let remove = |body: Value, status, code| {
        refused("/auth/account", body, status, code).with("DELETE").by("carol")
    };
    let end = |path: &str, status, code| call(path, "", b"", status, code).with("DELETE");
    let short = json!({"username": "dora", "password": "short"});
    let long = json!({"username": "dora", "password": "x".repeat(1025)});
    let path = "/auth/password";
    let mut calls = vec![
        call("/auth/register", FORM, b"username=dora&password=battery+staple", 201, "").by("dora"),
        refused("/auth/register", account("carol"), 400, "username_taken"),
        refused("/auth/register", short, 400, "password_too_short"),
        refused("/auth/register", long, 400, "password_too_long"),
        get("/auth/check", 200, "").by("carol"),
        get("/auth/check", 401, ""),
        done("/auth/login", account("carol")).by("Carol elsewhere"),
        form("/auth/login", "username=carol&password=correct+horse"),
        refused("/auth/login", account("nobody"), 401, "invalid_credentials"),
        get("/auth/sessions", 200, "").by("carol"),
        get("/auth/sessions", 401, "authentication_required"),
        end("/auth/sessions/999", 404, "session_not_found").by("carol"),
        end("/auth/sessions/1", 401, "authentication_required"),
        end("/auth/sessions/4", 200, "").by("carol"),
        end("/auth/sessions", 200, "").by("carol"),
        end("/auth/sessions", 401, "authentication_required"),
        done(path, change("correct horse", "battery staple")).by("carol"),
        refused(path, change("correct horse", "battery staple"), 401, "invalid_credentials")
            .by("carol"),
        refused(path, change("battery staple", "short"), 400, "password_too_short").by("carol"),
        refused(path, change("x", &"x".repeat(1025)), 400, "password_too_long").by("carol"),
        refused(path, change("battery staple", "x"), 401, "authentication_required"),
        call("/auth/logout", "", b"", 200, "").by("dora"),
        call("/auth/logout", "", b"", 401, "authentication_required").by("dora"),
        remove(json!({"password": "wrong horse"}), 401, "invalid_credentials"),
        remove(json!({"password": "battery staple", "messages": "x"}), 400, "invalid_messages"),
        remove(json!({"password": "battery staple"}), 200, ""),
        remove(json!({"password": "battery staple"}), 401, "authentication_required"),
    ];
    for (name, code) in bad_names() {
        calls.push(refused("/auth/register", account(&name), 400, code));
    }
    calls
}

/// Nobody acts in Dora's name.
fn protected() -> Vec<Call> {
    let code = "authentication_required";
    let room = json!({"username": "dora", "room_id": "room_General"});
    let send = json!({"sender": "dora", "recipient": "ann", "message": "hello"});
    let create = json!({"admin": "dora", "participants": ["ann"]});
    vec![
        refused("/register", json!({"username": "dora"}), 401, code),
        refused("/logout", json!({"username": "dora"}), 401, code),
        refused("/send", send, 401, code),
        refused("/create_room", create, 401, code),
        refused("/join_room", room.clone(), 401, code),
        refused("/leave_room", room, 401, code),
        get("/rooms?username=dora", 401, code),
        get("/messages?username=dora", 401, code),
        get("/search?username=dora&q=hello", 401, code),
        get("/events?username=dora", 401, code),
    ]
}

/// A name for each way in which one is refused.
pub(crate) fn bad_names() -> [(String, &'static str); 10] {
    [
        ("x".repeat(65), "name_too_long"),
        (" ann".to_owned(), "name_space"),
        ("a\u{202e}nn".to_owned(), "name_control"),
        ("a\u{fffd}nn".to_owned(), "name_replacement"),
        ("a<b>nn".to_owned(), "name_markup"),
        ("a\u{e000}nn".to_owned(), "name_unassigned"),
        (format!("a{}", "\u{301}".repeat(9)), "name_marks"),
        ("Server".to_owned(), "name_reserved"),
        ("Room 7".to_owned(), "name_room_prefix"),
        ("\u{3164}".to_owned(), "name_invisible"),
    ]
}

fn people() -> Vec<Call> {
    let mut calls = vec![
        done("/register", json!({"username": "ann"})),
        form("/register", "username=bob"),
        done("/register", json!({"username": "Carlá 🌍", "token": null})),
        refused("/register", json!({"username": "ANN"}), 400, "username_taken"),
        get("/online", 200, ""),
    ];
    for (name, code) in bad_names() {
        calls.push(refused("/register", json!({"username": name}), 400, code));
    }
    calls
}

fn rooms() -> Vec<Call> {
    let room = |name: &str, room: &str| json!({"username": name, "room_id": room});
    vec![
        done("/create_room", json!({"admin": "ann", "participants": ["bob", "Carlá 🌍"]})),
        form("/create_room", "admin=bob&participants=ann"),
        refused(
            "/create_room",
            json!({"admin": "eve", "participants": ["bob"]}),
            400,
            "not_registered",
        ),
        refused(
            "/create_room",
            json!({"admin": "ann", "participants": ["eve"]}),
            400,
            "participant_not_online",
        ),
        done("/join_room", room("ann", "room_General")),
        form("/join_room", "username=bob&room_id=room_General"),
        refused("/join_room", room("eve", "room_General"), 400, "not_registered"),
        refused("/join_room", room("ann", "room_99"), 400, "room_not_found"),
        refused("/join_room", room("ann", "nonsense"), 400, "room_not_found"),
        refused("/join_room", room("eve", "nonsense"), 400, "not_registered"),
        refused("/join_room", room("Carlá 🌍", "room_2"), 400, "room_not_open"),
        get("/rooms?username=ann", 200, ""),
        get("/rooms", 400, "field_required"),
        get("/rooms?username=eve", 400, "not_registered"),
    ]
}

fn messages() -> Vec<Call> {
    let send = |recipient: &str, message: Value| json!({"sender": "ann", "recipient": recipient, "message": message});
    let once = |message: &str, id: &str| json!({"sender": "ann", "recipient": "bob", "message": message, "client_msg_id": id});
    let eve = json!({"sender": "eve", "recipient": "ann", "message": "hello"});
    vec![
        done("/send", send("bob", json!("Hello \u{1f30d} \"quoted\"\r\n\u{0}"))),
        done("/send", send("bob", json!(7.5))),
        done("/send", send("bob", json!(false))),
        done("/send", send("room_1", json!("to the room"))),
        form("/send", "sender=bob&recipient=ann&message=by+form"),
        done("/send", once("once", "1")),
        done("/send", once("once", "1")),
        refused("/send", once("twice", "1"), 409, "idempotency_conflict"),
        refused("/send", once("once", &"x".repeat(129)), 400, "invalid_client_msg_id"),
        refused("/send", send("bob", json!("x".repeat(16385))), 413, "message_too_long"),
        refused("/send", send("eve", json!("hello")), 400, "recipient_not_online"),
        refused("/send", send("room_99", json!("hello")), 400, "room_not_found"),
        refused("/send", eve, 400, "not_registered"),
        get("/messages?username=bob", 200, ""),
        get("/messages?username=bob&last_id=0&wait=1&limit=2", 200, ""),
        get("/messages?username=bob&before_id=9&view=full", 200, ""),
        get("/messages?username=bob&with=ann&view=full", 200, ""),
        get("/messages?username=bob&with=room_1&epoch=another", 200, ""),
        get("/messages?username=bob&last_id=999999999&wait=x", 200, ""),
        get("/messages", 400, "field_required"),
        get("/messages?username=eve", 400, "not_registered"),
        get("/messages?username=bob&with=room_99", 400, "room_not_found"),
        get("/search?username=bob&q=hello&order=rank", 200, ""),
        get("/search?username=bob&q=room+OR&with=room_1&from=ann&before=99&limit=1", 200, ""),
        get("/search?username=bob&q=by&limit=1", 200, ""),
        get("/search?q=hello", 400, "field_required"),
        get("/search?username=eve&q=hello", 400, "not_registered"),
        get("/search?username=bob&q=hello&with=room_99", 400, "room_not_found"),
        get("/search?username=bob&q=*", 400, "query_empty"),
        get(&format!("/search?username=bob&q={}", "x".repeat(257)), 400, "query_too_long"),
        get("/search?username=bob&q=h*", 400, "prefix_too_short"),
        get("/search?username=bob&q=hello&after=soon", 400, "invalid_time"),
        get("/search?username=bob&q=hello&cursor=x", 400, "invalid_cursor"),
        get("/events", 400, "field_required"),
        get("/events?username=eve", 400, "not_registered"),
        get("/events?username=bob&with=room_99", 400, "room_not_found"),
    ]
}

/// Who has left a room is told apart from who never was in it.
fn ends() -> Vec<Call> {
    let room = |name: &str, room: &str| json!({"username": name, "room_id": room});
    let send = json!({"sender": "ann", "recipient": "room_1", "message": "hello"});
    vec![
        done("/leave_room", room("ann", "room_1")),
        form("/leave_room", "username=bob&room_id=room_General"),
        refused("/leave_room", room("ann", "room_1"), 400, "not_participant"),
        refused("/leave_room", room("ann", "room_99"), 400, "room_not_found"),
        refused("/send", send, 400, "not_participant"),
        get("/messages?username=ann&with=room_1", 400, "not_participant"),
        get("/search?username=ann&q=hello&with=room_1", 400, "not_participant"),
        get("/events?username=ann&with=room_1", 400, "not_participant"),
        done("/logout", json!({"username": "ann"})),
        form("/logout", "username=bob"),
        refused("/logout", json!({"username": "ann"}), 400, "not_registered"),
        get("/announcement", 200, ""),
        get("/api", 200, ""),
        get("/api/health", 200, ""),
        get("/api/status", 200, ""),
        get("/api/clients", 200, ""),
        get("/api/status/details", 200, ""),
        get("/metrics", 200, ""),
        get("/openapi.json", 200, ""),
        get("/docs", 303, ""),
        get("/docs/index.html", 200, ""),
        get("/docs/index.css", 200, ""),
        get("/docs/swagger-initializer.js", 200, ""),
        get("/docs/favicon-32x32.png", 200, ""),
        get("/docs/nothing.html", 404, "not_found"),
    ]
}
