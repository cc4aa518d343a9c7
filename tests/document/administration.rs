//! What an admin asks: from every endpoint under `/admin/` every answer that it has.

use serde_json::{Value, json};

use crate::conversation::{Call, FORM, JSON, bad_names, call, get, refused};

/// Every endpoint that reads a body, with a field of it that is a text.
const POSTS: [(&str, &str); 9] = [
    ("/admin/accounts", "username"),
    ("/admin/accounts/disable", "username"),
    ("/admin/accounts/enable", "username"),
    ("/admin/accounts/password", "username"),
    ("/admin/accounts/promote", "username"),
    ("/admin/accounts/demote", "username"),
    ("/admin/sessions/end", "username"),
    ("/admin/invites", "uses"),
    ("/admin/invites/end", "invite"),
];

const GETS: [&str; 3] = ["/admin/accounts", "/admin/sessions", "/admin/invites"];

/// What those see who are near, too.
const FIGURES: [&str; 2] = ["/api/status/details", "/metrics"];

/// The conversation of root, in its order.
pub(crate) fn all() -> Vec<Call> {
    let mut calls: Vec<_> = bodies().into_iter().chain(accounts()).collect();
    calls.extend(sessions());
    calls.extend(invites());
    let mut calls: Vec<_> = calls.into_iter().map(|call| call.by("root")).collect();
    calls.extend(strangers());
    calls
}

fn bodies() -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, field) in POSTS {
        let large = format!("{{\"more\":\"{}\"}}", "x".repeat(256 << 10));
        calls.extend([
            call(path, JSON, b"{\"username\":", 400, "invalid_json"),
            call(path, "", b"\xff", 400, "invalid_utf8"),
            call(path, JSON, b"[]", 400, "invalid_body"),
            call(path, JSON, large.as_bytes(), 413, "body_too_large"),
            refused(path, json!({field: ["ann"]}), 400, "invalid_type"),
        ]);
        if path != "/admin/invites" {
            calls.push(call(path, FORM, b"", 400, "field_required"));
        }
    }
    calls
}

fn accounts() -> Vec<Call> {
    let account = |name: &str, password: &str| json!({"username": name, "password": password});
    let ulf = || json!({"username": "ulf"});
    let (path, long) = ("/admin/accounts", "x".repeat(1025));
    let admin = json!({"username": "ute", "password": "correct horse", "admin": true});
    let wrong = json!({"username": "uwe", "password": "correct horse", "admin": "maybe"});
    let mut calls = vec![
        call(path, FORM, b"username=ulf&password=correct+horse", 200, ""),
        refused(path, admin, 200, ""),
        refused(path, wrong, 400, "invalid_type"),
        refused(path, account("ulf", "correct horse"), 400, "username_taken"),
        refused(path, account("uwe", "short"), 400, "password_too_short"),
        refused(path, account("uwe", &long), 400, "password_too_long"),
        get(path, 200, ""),
    ];
    for (name, code) in bad_names() {
        calls.push(refused(path, account(&name, "correct horse"), 400, code));
    }
    for path in POSTS.map(|(path, _)| path) {
        if path.starts_with("/admin/accounts/") && path != "/admin/accounts/password" {
            calls.push(refused(path, ulf(), 200, ""));
            calls.push(refused(path, json!({"username": "nobody"}), 404, "account_not_found"));
        }
    }
    let path = "/admin/accounts/password";
    calls.extend([
        refused(path, account("ulf", "battery staple"), 200, ""),
        refused(path, account("nobody", "battery staple"), 404, "account_not_found"),
        refused(path, account("ulf", "short"), 400, "password_too_short"),
        refused(path, account("ulf", &long), 400, "password_too_long"),
    ]);
    calls
}

fn sessions() -> Vec<Call> {
    let end = |body: Value, status, code| refused("/admin/sessions/end", body, status, code);
    vec![
        get("/admin/sessions", 200, ""),
        get("/admin/sessions?username=root", 200, ""),
        get("/admin/sessions?username=nobody", 404, "account_not_found"),
        end(json!({"username": "ulf"}), 200, ""),
        end(json!({"username": "nobody"}), 404, "account_not_found"),
        end(json!({"session": 999}), 404, "session_not_found"),
        end(json!({"session": "x"}), 400, "invalid_type"),
    ]
}

fn invites() -> Vec<Call> {
    let path = "/admin/invites";
    vec![
        refused(path, json!({}), 200, ""),
        call(path, FORM, b"uses=3&expires_in=60", 200, ""),
        refused(path, json!({"uses": 0}), 400, "invalid_type"),
        refused(path, json!({"uses": 10001}), 400, "invalid_type"),
        refused(path, json!({"expires_in": 0}), 400, "invalid_type"),
        refused(path, json!({"expires_in": 31_622_401}), 400, "invalid_type"),
        get(path, 200, ""),
        refused("/admin/invites/end", json!({"invite": "none"}), 404, "invite_invalid"),
    ]
}

/// Nobody else is told anything, whatever they ask.
fn strangers() -> Vec<Call> {
    let mut calls = Vec::new();
    for (who, status, code) in [("", 401, "authentication_required"), ("carol", 403, "not_admin")] {
        calls.extend(GETS.map(|path| get(path, status, code).by(who)));
        calls.extend(POSTS.map(|(path, _)| refused(path, json!({}), status, code).by(who)));
        // Through a proxy nobody is near.
        calls.extend(
            FIGURES
                .map(|path| get(path, status, code).by(who).saying("X-Forwarded-For", "10.0.0.1")),
        );
    }
    calls
}
