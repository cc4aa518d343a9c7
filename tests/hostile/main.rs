//! Requests that no honest client sends: each is answered as its table says, then the next is served.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;
mod table;

use std::io::Write;
use std::net::Shutdown;

use serde_json::{Value, json};
use support::Server;
use support::answers::success;
use support::raw::{self, Answered, Reply};
use table::{Case, Expected};

const TABLES: &[(&str, &str)] = &[
    ("bodies", include_str!("bodies.txt")),
    ("http", include_str!("http.txt")),
    ("json", include_str!("json.txt")),
    ("names", include_str!("names.txt")),
    ("queries", include_str!("queries.txt")),
    ("streams", include_str!("streams.txt")),
    ("types", include_str!("types.txt")),
];

/// Sends the request of one case; `Err` says what is wrong with the answer.
fn try_case(server: &Server, case: &Case) -> Result<(), String> {
    let mut stream = raw::connect(server.port());
    // The server may answer and close before it has read all.
    let _ = stream.write_all(&case.request);
    if case.half_close {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let reply = raw::read_reply(&mut stream, case.is_head());
    match (&case.expected, &reply) {
        (Expected::Closed, Reply::Closed) => Ok(()),
        (Expected::Bare(status), Reply::Answered(answered)) if answered.status == *status => Ok(()),
        (Expected::Success, Reply::Answered(answered)) => check_success(case, answered),
        (Expected::Error(status, code), Reply::Answered(answered)) => {
            check_error(answered, *status, code)
        }
        _ => Err(describe(&reply)),
    }
}

fn check_success(case: &Case, answered: &Answered) -> Result<(), String> {
    let is_success = case.is_head() || body(answered)?["status"] == "success";
    (answered.status == 200 && is_success).then_some(()).ok_or_else(|| show(answered))
}

fn check_error(answered: &Answered, status: u16, code: &str) -> Result<(), String> {
    let body = body(answered)?;
    let message = body["message"].as_str().unwrap_or_default();
    let wanted = json!({ "status": "fail", "message": message, "code": code });
    let is_right = answered.status == status && body == wanted && !message.is_empty();
    is_right.then_some(()).ok_or_else(|| show(answered))
}

fn body(answered: &Answered) -> Result<Value, String> {
    if answered.header("content-type").as_deref() != Some("application/json") {
        return Err(format!("not JSON by its type: {}", show(answered)));
    }
    serde_json::from_slice(&answered.body).map_err(|_| show(answered))
}

fn describe(reply: &Reply) -> String {
    match reply {
        Reply::Answered(answered) => show(answered),
        other => format!("{other:?}"),
    }
}

fn show(answered: &Answered) -> String {
    let body = String::from_utf8_lossy(&answered.body);
    format!("{} {}", answered.status, body.chars().take(300).collect::<String>())
}

/// A server on which ann and bob share room_1, and cid is alone.
async fn furnished() -> Server {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] })).await;
    server
}

#[tokio::test]
async fn every_hostile_request_is_answered_as_its_table_says() {
    let server = furnished().await;
    let mut wrong = Vec::new();
    let mut count = 0;
    for (table, text) in TABLES {
        for case in table::parse(text) {
            count += 1;
            if let Err(found) = try_case(&server, &case) {
                wrong.push(format!(
                    "{table}: {}\n  wanted {:?}\n  found {found}",
                    case.title, case.expected
                ));
            }
            let next = raw::exchange(
                server.port(),
                b"GET /rooms?username=cid HTTP/1.1\r\nHost: a\r\n\r\n",
                false,
            );
            let served = matches!(&next, Reply::Answered(answered) if answered.status == 200);
            assert!(served, "after {table}: {}: {}", case.title, describe(&next));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 130, "{count} cases");
}

#[tokio::test]
async fn nothing_hostile_leaves_a_trace_but_what_was_accepted() {
    let server = furnished().await;
    for (_, text) in TABLES {
        for case in table::parse(text).iter().filter(|case| case.expected != Expected::Success) {
            let _ = try_case(&server, case);
        }
    }
    let client = server.client();
    let online = client.get("/online").await;
    assert_eq!(online, success(json!({ "online_users": ["ann", "bob", "cid"] })));
    for (name, notices) in [("ann", 1), ("bob", 1), ("cid", 0)] {
        let (_, body) = client.query("/messages", &[("username", name)]).await;
        assert_eq!(body["messages"].as_array().unwrap().len(), notices, "{name}: {body}");
    }
}

#[test]
fn the_table_notices_a_wrong_answer() {
    // A status, a code and a body that are not as written are all found.
    let answered = |status, body: &str| Answered {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.as_bytes().to_vec(),
    };
    let good = r#"{"status":"fail","message":"No.","code":"x"}"#;
    assert!(check_error(&answered(400, good), 400, "x").is_ok());
    assert!(check_error(&answered(500, good), 400, "x").is_err());
    assert!(check_error(&answered(400, good), 400, "y").is_err());
    assert!(check_error(&answered(400, r#"{"status":"fail","code":"x"}"#), 400, "x").is_err());
    assert!(check_error(&answered(400, "<html>"), 400, "x").is_err());
}
