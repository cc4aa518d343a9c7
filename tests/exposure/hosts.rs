//! A page that points its own name to the server does not get in.

use crate::support::Server;
use crate::support::answers::assert_fault;
use crate::support::raw::{Reply, exchange};
use crate::{Ask, json};

const OURS: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1:5003",
    "192.168.1.7:80",
    "203.0.113.9",
    "[::1]:5003",
    "[fe80::1]",
    "[::ffff:192.0.2.1]:5003",
    "localhost",
    "LOCALHOST:1",
    "app.localhost",
    "kitchen",
    "kitchen:5003",
    "kitchen.local",
    "Kitchen.LOCAL.",
    "chat.lan",
    "a.b.home.arpa:5003",
    "chat.corp.internal",
    "",
];

const FOREIGN: &[&str] = &[
    "evil.example",
    "evil.example:5003",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example.",
    "kitchen.local.evil.example",
    "notlocal.xlocal.com",
    ".local",
    "chat.localx",
    "local.evil",
    "1.2.3.4.5",
    "256.1.1.1",
    "127.0.0.1:5003:80",
    "127.0.0.1:x",
    "[::1",
    "[evil.example]",
    "[::1]evil.example",
    "user@evil.example",
];

#[test]
fn only_private_names_are_answered_to() {
    let server = Server::memory();
    for host in OURS {
        let (status, body) = Ask::get("/online", &[("Host", host)]).json(&server);
        assert_eq!(status, 200, "{host:?}: {body}");
    }
    for host in FOREIGN {
        let answer = Ask::get("/online", &[("Host", host)]).json(&server);
        assert_eq!(answer.0, 403, "{host:?}");
        assert_fault(&answer, 403, "host_not_allowed");
    }
}

#[test]
fn nothing_is_done_and_nothing_served_under_a_foreign_name() {
    let server = Server::memory();
    let foreign = [("Host", "evil.example")];
    for (method, path) in [
        ("POST", "/register"),
        ("POST", "/register/"),
        ("GET", "/"),
        ("GET", "/docs/index.html"),
        ("GET", "/nothing"),
        ("DELETE", "/register"),
        ("OPTIONS", "/register"),
        ("GET", "/socket.io/?EIO=4&transport=polling"),
        ("POST", "/socket.io/?EIO=4&transport=polling"),
    ] {
        let ask = Ask { method, ..Ask::post(path, &foreign, r#"{"username": "eve"}"#) };
        assert_fault(&ask.json(&server), 403, "host_not_allowed");
    }
    let head = Ask { method: "HEAD", ..Ask::get("/online", &foreign) };
    assert_eq!(head.of(&server).status, 403);
    let (_, body) = Ask::get("/online", &[]).json(&server);
    assert_eq!(body["online_users"], serde_json::json!([]));
}

#[test]
fn a_second_host_does_not_hide_behind_the_first() {
    let server = Server::memory();
    for hosts in [["localhost", "evil.example"], ["evil.example", "localhost"]] {
        let headers = hosts.map(|host| ("Host", host));
        let answered = Ask::get("/online", &headers).of(&server);
        assert!(matches!(answered.status, 400 | 403), "{}", answered.status);
    }
}

#[test]
fn a_request_older_than_hosts_is_answered() {
    let server = Server::memory();
    match exchange(server.port(), b"GET /online HTTP/1.0\r\n\r\n", false) {
        Reply::Answered(answered) => assert_eq!(json(&answered).0, 200),
        reply => panic!("{reply:?}"),
    }
}

#[test]
fn names_of_the_settings_are_answered_to() {
    let server = Server::configured("hosts = [\"chat.example.org\", \"Chat.Example.com.\"]\n");
    for host in ["chat.example.org", "CHAT.example.org:5003", "chat.example.com", "localhost"] {
        assert_eq!(Ask::get("/online", &[("Host", host)]).json(&server).0, 200, "{host}");
    }
    for host in ["example.org", "x.chat.example.org", "chat.example.org.evil.example"] {
        let answer = Ask::get("/online", &[("Host", host)]).json(&server);
        assert_fault(&answer, 403, "host_not_allowed");
    }
}
