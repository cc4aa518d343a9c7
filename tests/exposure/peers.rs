//! Whom the server takes for somebody near, which a trusted proxy simulates here.

use std::process::Stdio;

use crate::Ask;
use crate::support::answers::assert_fault;
use crate::support::{Server, command};

fn from(address: &str) -> [(&str, &str); 1] {
    [("X-Forwarded-For", address)]
}

#[test]
fn only_private_networks_reach_the_server() {
    let server = Server::configured("proxies = [\"127.0.0.1\"]\n");
    for address in ["127.0.0.9", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.1.1"] {
        assert_eq!(Ask::get("/online", &from(address)).json(&server).0, 200, "{address}");
    }
    for address in ["::1", "fe80::1", "fd00::1", "[fd00::1]:4711", "10.0.0.1:99", "::ffff:10.0.0.1"]
    {
        assert_eq!(Ask::get("/online", &from(address)).json(&server).0, 200, "{address}");
    }
    for address in ["203.0.113.7", "8.8.8.8", "100.64.0.1", "172.32.0.1", "2001:db8::1"] {
        let answer = Ask::get("/online", &from(address)).json(&server);
        assert_fault(&answer, 403, "peer_not_allowed");
    }
    for nobody in ["unknown", "_hidden", "10.0.0.1.evil.example", "10.0.0.256", "''", "0.0.0.0"] {
        let answer = Ask::get("/online", &from(nobody)).json(&server);
        assert_fault(&answer, 403, "peer_not_allowed");
    }
}

#[test]
fn nothing_is_done_for_somebody_far() {
    let server = Server::configured("proxies = [\"127.0.0.1\"]\n");
    let far = from("203.0.113.7");
    for path in ["/register", "/socket.io/?EIO=4&transport=polling", "/nothing"] {
        let answer = Ask::post(path, &far, r#"{"username": "eve"}"#).json(&server);
        assert_fault(&answer, 403, "peer_not_allowed");
    }
    let (_, body) = Ask::get("/online", &[]).json(&server);
    assert_eq!(body["online_users"], serde_json::json!([]));
}

#[test]
fn further_networks_can_be_let_in() {
    let settings = "proxies = [\"127.0.0.1\"]\npeers = [\"100.64.0.0/10\", \"2001:db8::7\"]\n";
    let server = Server::configured(settings);
    for address in ["100.64.0.1", "100.127.255.255", "2001:db8::7", "10.0.0.1"] {
        assert_eq!(Ask::get("/online", &from(address)).json(&server).0, 200, "{address}");
    }
    for address in ["100.128.0.0", "2001:db8::8"] {
        let answer = Ask::get("/online", &from(address)).json(&server);
        assert_fault(&answer, 403, "peer_not_allowed");
    }
}

#[test]
fn the_log_says_which_setting_lets_them_in_but_not_without_end() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("chatroom.toml"), "proxies = [\"127.0.0.1\"]\n").unwrap();
    let log = std::fs::File::create(home.path().join("stderr")).unwrap();
    let mut start = command(home.path());
    start.args(["serve", "--port", "0", "--store", "memory:"]).stderr(Stdio::from(log));
    let server = Server::launch(home.path(), &mut start);
    for _ in 0..50 {
        Ask::get("/online", &from("203.0.113.7")).json(&server);
        Ask::get("/online", &[("Host", "chat.example.org:80")]).json(&server);
    }
    let log = std::fs::read_to_string(home.path().join("stderr")).unwrap();
    assert!(log.contains("peers = [\"203.0.113.7\"]"), "{log}");
    assert!(log.contains("hosts = [\"chat.example.org\"]"), "{log}");
    assert!(log.lines().count() <= 11, "{log}");
}
