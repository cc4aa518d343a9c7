//! What concerns projects, conversations, files, for that conversation.

use serde_json::{Value, json};

use crate::conversation::{Call, FORM, JSON, call, get, join, refused};

/// The boundary of an upload's parts.
const MULTIPART: &str = "multipart/form-data; boundary=between-parts";

/// How whoever is not logged in is refused.
const NOBODY: &str = "authentication_required";

/// An upload whose one part has this `Content-Disposition`.
fn upload(path: &str, disposition: &str, bytes: &[u8], status: u16, code: &'static str) -> Call {
    let head = format!("--between-parts\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    let body = [head.as_bytes(), bytes, b"\r\n--between-parts--\r\n"].concat();
    call(path, MULTIPART, &body, status, code)
}

fn made(path: &str, body: Value) -> Call {
    refused(path, body, 201, "")
}

fn formed(path: &str, body: &str) -> Call {
    call(path, FORM, body.as_bytes(), 201, "")
}

/// What is wrong with a body is wrong at each of these.
fn bodies(path: &'static str, method: &'static str, field: &str) -> Vec<Call> {
    let large = format!("{{\"more\":\"{}\"}}", "x".repeat(256 << 10));
    let calls = [
        call(path, JSON, b"{", 400, "invalid_json"),
        call(path, "", b"\xff", 400, "invalid_utf8"),
        call(path, JSON, b"[]", 400, "invalid_body"),
        call(path, JSON, large.as_bytes(), 413, "body_too_large"),
        refused(path, json!({field: {"a": "list"}}), 400, "invalid_type"),
    ];
    calls.map(|call| call.with(method).by("pam")).into()
}

/// Pam begins conversations 3 and 4: two rooms are there before.
pub(crate) fn all() -> Vec<Call> {
    let (one, talk) = ("/conversations/3/messages", "/conversations/3/participants");
    let (files, file) = ("/projects/1/files", "/projects/1/files/1");
    let large = vec![b'x'; (16 << 20) + 1];
    let mut calls = vec![
        join("pam"),
        join("rob"),
        get("/projects", 401, NOBODY),
        refused("/projects", json!({}), 401, NOBODY),
        made("/projects", json!({"name": "P"})).by("pam"),
        formed("/projects", "name=Q&language_model=small").by("pam"),
        refused("/projects", json!({}), 400, "field_required").by("pam"),
        refused("/projects", json!({"name": " "}), 400, "label_empty").by("pam"),
        refused("/projects", json!({"name": "a\nb"}), 400, "label_control").by("pam"),
        refused("/projects", json!({"name": "x".repeat(201)}), 400, "label_too_long").by("pam"),
        get("/projects", 200, "").by("pam"),
        get("/conversations", 401, NOBODY),
        refused("/conversations", json!({}), 401, NOBODY),
        made("/conversations", json!({"participant_ids": ["<id of pam>"]})).by("rob"),
        formed("/conversations", "project_id=1").by("pam"),
        refused("/conversations", json!({"project_id": 1}), 403, "not_in_project").by("rob"),
        refused("/conversations", json!({"project_id": 99}), 404, "project_not_found").by("rob"),
        refused("/conversations", json!({"participant_ids": [999]}), 404, "user_not_found")
            .by("rob"),
        get("/conversations", 200, "").by("pam"),
        get("/conversations/users?search=pa", 200, "").by("rob"),
        get("/conversations/users", 401, NOBODY),
        made(one, json!({"content": "Hello 🌍"})).by("pam"),
        formed(one, "content=by+form").by("pam"),
        refused(one, json!({}), 400, "field_required").by("pam"),
        refused(one, json!({"content": "x".repeat(16_385)}), 413, "message_too_long").by("pam"),
        refused(one, json!({"content": "x"}), 401, NOBODY),
        refused(one, json!({"content": "x"}), 403, "not_in_conversation").by("rob"),
        refused("/conversations/99/messages", json!({}), 404, "conversation_not_found").by("pam"),
        get(&format!("{one}?page=1&per_page=1"), 200, "").by("pam"),
        get(one, 401, NOBODY),
        get(one, 403, "not_in_conversation").by("rob"),
        get("/conversations/99/messages", 404, "conversation_not_found").by("pam"),
    ];
    for method in ["POST", "DELETE"] {
        let ask = |body, status, code| refused(talk, body, status, code).with(method);
        calls.extend([
            ask(json!({"user_id": 1}), 401, NOBODY),
            ask(json!({"user_id": 1}), 403, "not_in_conversation").by("rob"),
            ask(json!({"user_id": 999}), 404, "user_not_found").by("pam"),
            ask(json!({}), 400, "field_required").by("pam"),
            refused("/conversations/99/participants", json!({}), 404, "conversation_not_found")
                .with(method)
                .by("pam"),
        ]);
        calls.extend(bodies(talk, method, "user_id"));
    }
    calls.extend([
        refused(talk, json!({"user_id": "<id of rob>"}), 200, "").by("pam"),
        refused(talk, json!({"user_id": "<id of pam>"}), 403, "not_yours").with("DELETE").by("rob"),
        upload(files, "name=\"file\"; filename=\"a b.txt\"", b"the file", 201, "").by("pam"),
        upload(files, "name=\"file\"; filename=\"\"", b"", 400, "file_unnamed").by("pam"),
        upload(files, "name=\"other\"; filename=\"a\"", b"", 400, "file_required").by("pam"),
        upload(files, "name=\"file\"; filename=\"a\"", &large, 413, "file_too_large").by("pam"),
        call(files, MULTIPART, b"--between-parts\r\n", 400, "invalid_body").by("pam"),
        upload(files, "name=\"file\"; filename=\"a\"", b"", 401, NOBODY),
        upload("/projects/2/files", "name=\"file\"; filename=\"a\"", b"", 403, "not_in_project")
            .by("rob"),
        upload(
            "/projects/99/files",
            "name=\"file\"; filename=\"a\"",
            b"",
            404,
            "project_not_found",
        )
        .by("rob"),
        get(files, 200, "").by("rob"),
        get(files, 401, NOBODY),
        get("/projects/2/files", 403, "not_in_project").by("rob"),
        get("/projects/99/files", 404, "project_not_found").by("rob"),
        get(file, 200, "").by("rob"),
        get(file, 206, "").saying("Range", "bytes=4-").by("rob"),
        get(file, 304, "").saying("If-None-Match", "*").by("rob"),
        get(file, 416, "range_not_satisfiable").saying("Range", "bytes=99-").by("rob"),
        get(file, 401, NOBODY),
        get("/projects/2/files/1", 403, "not_in_project").by("rob"),
        get("/projects/99/files/1", 404, "project_not_found").by("rob"),
        get("/projects/1/files/99", 404, "file_not_found").by("rob"),
    ]);
    let delete = |path, status, code| call(path, "", b"", status, code).with("DELETE");
    calls.extend([
        delete(file, 401, NOBODY),
        delete(file, 403, "not_yours").by("rob"),
        delete("/projects/2/files/1", 403, "not_in_project").by("rob"),
        delete("/projects/99/files/1", 404, "project_not_found").by("rob"),
        delete("/projects/1/files/99", 404, "file_not_found").by("rob"),
        delete(file, 200, "").by("pam"),
        call(talk, FORM, b"user_id=<id of rob>", 200, "").with("DELETE").by("pam"),
    ]);
    calls.extend(bodies("/projects", "POST", "name"));
    calls.extend(bodies("/conversations", "POST", "participant_ids"));
    calls.extend(bodies(one, "POST", "content"));
    calls
}
