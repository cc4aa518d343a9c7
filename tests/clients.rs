//! Real clients against the real server: curl, requests, fetch, EventSource, a browser.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use programs::{Program, need, need_node_modules, output};
use serde_json::{Value, json};
use support::Server;

#[test]
fn curl_gets_exactly_the_bodies_of_the_contract() {
    need(&["curl", "jq"]);
    walk("bash tests/clients/contract.sh");
}

#[test]
fn requests_gets_exactly_the_bodies_of_the_contract() {
    walk("python3 tests/clients/contract.py");
}

#[test]
fn fetch_gets_exactly_the_bodies_of_the_contract() {
    need(&["node"]);
    walk("node tests/clients/contract.mjs");
}

#[test]
fn requests_is_somebody_by_its_cookie() {
    let server = Server::memory();
    let printed = output(&format!("python3 tests/clients/accounts.py {}", server.url("")), 120);
    assert_eq!(printed.trim(), "28 calls, 0 wrong");
}

#[test]
fn curl_is_somebody_by_a_bearer_token() {
    need(&["curl", "jq"]);
    let server = Server::memory();
    let printed = output(&format!("bash tests/clients/accounts.sh {}", server.url("")), 120);
    assert_eq!(printed.trim(), "27 calls, 0 wrong");
}

#[test]
fn a_page_of_a_listed_origin_walks_through_every_row_by_its_cookie() {
    need(&["chromium"]);
    need_node_modules();
    for (table, steps) in [
        ("accounts.json", include_str!("clients/accounts.json")),
        ("conversations.json", include_str!("clients/conversations.json")),
    ] {
        let client = "node tests/clients/page_elsewhere.mjs";
        let mut page = Program::start(&format!("{client} {table} $(command -v chromium)"));
        let origin = page.shows("http://");
        let server = Server::configured(&format!("cors_origins = [{origin:?}]\n"));
        page.types(&server.url(""));
        let printed = page.ends();
        assert_eq!(printed.last(), Some(&format!("{} calls, 0 wrong", calls(steps))));
    }
}

#[test]
fn curl_holds_a_conversation_with_forms_alone() {
    need(&["curl", "jq"]);
    let server = Server::memory();
    output(&format!("bash tests/clients/forms.sh {}", server.url("")), 60);
}

#[test]
fn two_pages_opened_from_a_file_chat_in_a_browser() {
    need(&["chromium"]);
    need_node_modules();
    let server = Server::memory();
    let line = format!("node tests/clients/browser.mjs {} $(command -v chromium)", server.url(""));
    output(&line, 180);
}

/// Every step of `contract.json` was made, and answered as it says.
fn walk(client: &str) {
    let calls = calls(include_str!("clients/contract.json"));
    let server = Server::memory();
    let printed = output(&format!("{client} {}", server.url("")), 120);
    assert_eq!(printed.trim(), format!("{calls} calls, 0 wrong"));
}

/// How many of the steps are calls; the others say what follows.
fn calls(steps: &str) -> usize {
    let steps: Vec<Value> = serde_json::from_str(steps).unwrap();
    steps.iter().filter(|step| step.get("call").is_some()).count()
}

#[tokio::test]
async fn a_client_that_polls_every_two_seconds_misses_nothing_and_gets_nothing_twice() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["host"]).await;
    let mut poller =
        Program::start(&format!("python3 tests/clients/poller.py {} carl", server.url("")));
    poller.shows("User carl registered successfully.");
    for number in 1..=30 {
        let text = format!("number {number}");
        client.send("host", "carl", &text, &text).await;
    }
    let body = json!({"admin": "host", "participants": ["carl"]});
    assert_eq!(client.post("/create_room", body).await.1["room_id"], "room_1");
    poller.shows("Room 1 has been created");

    // It has understood the notice, and greets the room.
    let query = [("username", "host"), ("last_id", "32"), ("wait", "25")];
    let (_, page) = client.query("/messages", &query).await;
    let greeting = json!(
        {"id": 33, "sender": "carl", "recipient": "room_1", "message": "carl says hello"}
    );
    assert_eq!(page["messages"], json!([greeting]));

    client.send("host", "carl", "bye", "bye").await;
    let mut wanted = vec!["User carl registered successfully.".to_owned()];
    wanted.extend((1..=30).map(|number| format!("[{number}] host: number {number}")));
    wanted.push(
        "[32] server: Room 1 has been created and you have been added as a participant.".to_owned(),
    );
    wanted.push("[33] carl: carl says hello".to_owned());
    wanted.push("[34] host: bye".to_owned());
    wanted.push("User carl logged out successfully.".to_owned());
    assert_eq!(poller.ends(), wanted);
}

#[tokio::test]
async fn an_event_source_goes_on_after_a_restart_where_it_was() {
    need_node_modules();
    let mut server = Server::start(&[]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.send("bob", "ann", "before it looked", "1").await;
    let mut events =
        Program::start(&format!("node tests/clients/events.mjs {} ann", server.url("")));
    events.shows("before it looked");
    events.shows("ready ");
    client.send("bob", "ann", "while it looked", "2").await;
    events.shows("while it looked");

    let port = server.port().to_string();
    let (status, _) = server.terminate();
    assert!(status.success());
    events.shows(r#"bye {"reason":"shutdown","reconnect":true}"#);
    events.shows("interrupted");
    let home = server.home().to_owned();
    let mut again = support::command(&home);
    let again = Server::launch(&home, again.args(["serve", "--port", &port]));
    let client = again.client();
    client.send("bob", "ann", "while it was away", "3").await;
    events.shows("while it was away");
    client.send("bob", "ann", "bye", "4").await;

    let lines = events.ends();
    assert!(!lines.iter().any(|line| line.starts_with("gap")), "{lines:#?}");
    let messages: Vec<_> = lines.iter().filter(|line| line.starts_with("message")).collect();
    let (_, page) = client.query("/messages", &[("username", "ann"), ("wait", "0")]).await;
    let epoch = page["epoch"].as_str().unwrap();
    let wanted = ["before it looked", "while it looked", "while it was away", "bye"];
    assert_eq!(messages.len(), wanted.len(), "{lines:#?}");
    for (number, (line, text)) in (1..).zip(messages.into_iter().zip(wanted)) {
        let mut words = line.splitn(3, ' ').skip(1);
        assert_eq!(words.next(), Some(format!("{epoch}:{number}").as_str()));
        let message: Value = serde_json::from_str(words.next().unwrap()).unwrap();
        let body = json!({"id": number, "sender": "bob", "recipient": "ann", "message": text});
        assert_eq!(message, body);
    }
}
