//! Real Socket.IO clients against the real server, and what no client should send.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use std::fs::File;
use std::path::Path;

use programs::{Program, need_node_modules, output};
use serde_json::Value;
use support::{Server, command};

const TRANSPORTS: [&str; 3] = ["polling", "websocket", "polling,websocket"];

#[test]
fn python_socketio_hears_exactly_what_the_contract_says_over_each_transport() {
    for transports in TRANSPORTS {
        walk("python3 tests/clients/socketio_walk.py", transports);
    }
}

#[test]
fn socket_io_client_hears_exactly_what_the_contract_says_over_each_transport() {
    need_node_modules();
    for transports in TRANSPORTS {
        walk("node tests/clients/socketio_walk.mjs", transports);
    }
}

/// Every step of `socketio.json` was made, and every client heard what it says and nothing else.
fn walk(client: &str, transports: &str) {
    let steps: Vec<Value> = serde_json::from_str(include_str!("clients/socketio.json")).unwrap();
    let count = steps.iter().filter(|step| step.get("about").is_none()).count();
    let server = Server::memory();
    let printed = output(&format!("{client} {} {transports}", server.url("")), 120);
    assert_eq!(printed.trim(), format!("{count} steps, 0 wrong"), "{transports}");
}

#[test]
fn a_thousand_messages_arrive_once_and_in_order_at_receivers_on_each_transport() {
    need_node_modules();
    let server = Server::start(&[]);
    order(&server, "");
}

#[test]
fn receivers_that_lose_their_connection_and_resume_miss_nothing() {
    need_node_modules();
    let server = Server::start(&[]);
    let printed = order(&server, "reconnect");
    let reconnects: u32 = printed.split(' ').next().unwrap().parse().unwrap();
    assert!(reconnects > 100, "{printed}");
}

fn order(server: &Server, mode: &str) -> String {
    let client = "node tests/clients/socketio_order.mjs";
    let printed = output(&format!("{client} {} 1000 {mode}", server.url("")), 180);
    assert!(printed.trim().ends_with(" 0 troubles"), "{printed}");
    printed
}

#[test]
fn what_no_client_should_send_is_refused_and_harms_nobody() {
    let home = tempfile::tempdir().unwrap();
    let server = logged(home.path(), &[]);
    let printed =
        output(&format!("python3 tests/clients/socketio_hostile.py {}", server.url("")), 120);
    assert!(printed.trim().ends_with(" 0 wrong"), "{printed}");
    let log = std::fs::read_to_string(home.path().join("stderr")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn the_id_that_others_know_a_client_by_opens_nothing() {
    let server = Server::memory();
    let printed =
        output(&format!("python3 tests/clients/socketio_secret.py {}", server.url("")), 120);
    assert!(printed.trim().ends_with(" 0 wrong"), "{printed}");
}

#[test]
fn a_browser_is_the_guest_of_its_cookie_or_gets_another() {
    let server = Server::memory();
    let printed =
        output(&format!("python3 tests/clients/socketio_guest.py {}", server.url("")), 60);
    assert!(printed.trim().ends_with(" 0 wrong"), "{printed}");
}

#[test]
fn the_api_counts_the_sockets_that_are_connected() {
    let server = Server::memory();
    let printed = output(&format!("python3 tests/clients/socketio_api.py {}", server.url("")), 60);
    assert!(printed.trim().ends_with(" 0 wrong"), "{printed}");
}

#[test]
fn pages_of_origins_that_are_not_listed_open_no_websocket() {
    let home = tempfile::tempdir().unwrap();
    let settings = [("CHATROOM_CORS_ORIGINS", "https://chat.example.org")];
    let server = logged(home.path(), &settings);
    let printed =
        output(&format!("python3 tests/clients/socketio_origin.py {}", server.url("")), 60);
    assert!(printed.trim().ends_with(" 0 wrong"), "{printed}");
    let log = std::fs::read_to_string(home.path().join("stderr")).unwrap();
    assert!(log.contains("cors_origins") && log.contains("https://evil.example.org"), "{log}");
}

#[test]
fn the_python_example_and_the_page_chat_in_a_room() {
    programs::need(&["chromium"]);
    need_node_modules();
    let server = Server::memory();
    let start = |name| {
        Program::start(&format!(
            "python3 examples/socketio_client.py {} Side {name}",
            server.url("")
        ))
    };
    let (mut ann, mut bob) = (start("ann"), start("bob"));
    // By then each has asked to join, and what it sends comes behind that.
    ann.shows("you are ann");
    bob.shows("you are bob");
    ann.types("I am in");
    assert_eq!(ann.shows("I am"), "ann: I am in");
    bob.types("Ça va ?");
    assert_eq!(bob.shows("va"), "bob: Ça va ?");
    assert_eq!(ann.shows("va"), "bob: Ça va ?");
    ann.types("Oui !");
    assert_eq!(bob.shows("Oui"), "ann: Oui !");
    ann.ends();
    bob.ends();
    let page = format!("node tests/clients/socketio_browser.mjs {}", server.url(""));
    assert_eq!(output(&page, 120).trim(), "they understood each other");
}

/// A server whose standard error is kept in the file `stderr`.
fn logged(home: &Path, settings: &[(&str, &str)]) -> Server {
    let mut command = command(home);
    let errors = File::create(home.join("stderr")).unwrap();
    command.args(["serve", "--port", "0", "--store", "memory:"]).stderr(errors);
    Server::launch(home, command.envs(settings.iter().copied()))
}
