//! Real clients: requests with a cookie, curl with a token, two kinds of sockets.

use serde_json::Value;

use crate::programs::{need, need_node_modules, output};
use crate::support::Server;

/// Every step of `conversations.json` was made, and answered as it says.
fn walk(client: &str) {
    let steps = include_str!("../clients/conversations.json");
    let steps: Vec<Value> = serde_json::from_str(steps).unwrap();
    let calls = steps.iter().filter(|step| step.get("call").is_some()).count();
    let server = Server::memory();
    let printed = output(&format!("{client} {}", server.url("")), 120);
    assert_eq!(printed.trim(), format!("{calls} calls, 0 wrong"));
}

#[test]
fn requests_walks_through_every_row_with_a_session() {
    walk("python3 tests/clients/conversations.py");
}

#[test]
fn curl_walks_through_every_row_with_a_token() {
    need(&["curl", "jq"]);
    walk("bash tests/clients/conversations.sh");
}

#[test]
fn python_socketio_talks_in_conversations_over_each_transport() {
    for transports in ["polling", "websocket", "polling,websocket"] {
        let server = Server::memory();
        let client = "python3 tests/clients/socketio_conversations.py";
        let printed = output(&format!("{client} {} {transports}", server.url("")), 120);
        assert!(printed.trim().ends_with(" 0 wrong"), "{transports}: {printed}");
    }
}

#[test]
fn socket_io_client_talks_in_conversations() {
    need_node_modules();
    let server = Server::memory();
    let client = "node tests/clients/socketio_conversations.mjs";
    assert_eq!(output(&format!("{client} {}", server.url("")), 120).trim(), "0 wrong");
}
