//! What is asked for too often is refused, with the time to come back.

use serde_json::json;

use crate::support::Server;
use crate::support::answers::assert_fault;
use crate::{Ask, json};

fn register(server: &Server, name: &str) -> u16 {
    let body = json!({ "username": name }).to_string();
    Ask::post("/register", &[], &body).json(server).0
}

fn send(server: &Server, sender: &str) -> (u16, serde_json::Value, Option<String>) {
    let body = json!({ "sender": sender, "recipient": "bob", "message": "Hello" }).to_string();
    let answered = Ask::post("/send", &[], &body).of(server);
    let (status, body) = json(&answered);
    (status, body, answered.header("retry-after"))
}

#[test]
fn messages_are_limited_for_each_user() {
    let server = Server::configured("[rate_limits]\nsend_per_user = \"3/1h\"\n");
    for name in ["ann", "bob", "eve"] {
        assert_eq!(register(&server, name), 200);
    }
    for _ in 0..3 {
        assert_eq!(send(&server, "eve").0, 200);
    }
    // Another spelling of the name is the same user.
    for name in ["eve", "EVE"] {
        let (status, body, retry_after) = send(&server, name);
        assert_fault(&(status, body), 429, "rate_limited");
        let seconds: u64 = retry_after.unwrap().parse().unwrap();
        assert!((1..=1200).contains(&seconds), "{seconds}");
    }
    assert_eq!(send(&server, "ann").0, 200);
    let (_, inbox) = Ask::get("/messages?username=bob", &[]).json(&server);
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 4, "what was refused was not sent");
}

#[test]
fn messages_are_limited_for_each_address() {
    let server = Server::configured("[rate_limits]\nsend_per_address = \"3/1h\"\n");
    for name in ["ann", "bob"] {
        assert_eq!(register(&server, name), 200);
    }
    let sent = (0..10)
        .filter(|number| send(&server, if number % 2 == 0 { "ann" } else { "bob" }).0 == 200);
    assert_eq!(sent.count(), 3);
}

#[test]
fn names_and_rooms_are_limited_too() {
    let limits = "register_per_address = \"2/1h\"\ncreate_room_per_user = \"1/1h\"\n";
    let server = Server::configured(&format!("[rate_limits]\n{limits}"));
    let registered: Vec<_> =
        ["ann", "bob", "eve"].iter().map(|name| register(&server, name)).collect();
    assert_eq!(registered, [200, 200, 429]);
    let create = |admin: &str| {
        let body = json!({ "admin": admin, "participants": ["bob"] }).to_string();
        Ask::post("/create_room", &[], &body).json(&server).0
    };
    assert_eq!([create("ann"), create("ann"), create("bob")], [200, 429, 200]);
}

#[test]
fn guessing_ends_soon_and_the_owner_gets_in_from_elsewhere() {
    let server = Server::configured("proxies = [\"127.0.0.1\"]\n");
    let enter = |path: &str, from: &str, name: &str, password: &str| {
        let body = json!({ "username": name, "password": password }).to_string();
        let answered = Ask::post(path, &[("X-Forwarded-For", from)], &body).of(&server);
        (answered.status, answered.header("retry-after"))
    };
    let (home, elsewhere) = ("10.0.0.1", "10.0.0.2");
    assert_eq!(enter("/auth/register", home, "ann", "correct horse").0, 201);
    // A name that is nobody's is counted the same, so that it does not tell itself.
    for name in ["ann", "nobody"] {
        for number in 0..30 {
            let spelt = if number % 2 == 0 { name.to_owned() } else { name.to_uppercase() };
            let (status, retry_after) = enter("/auth/login", elsewhere, &spelt, "a guess");
            assert_eq!(status, if number < 8 { 401 } else { 429 }, "{spelt}, {number}");
            assert_eq!(retry_after.is_some(), status == 429);
        }
    }
    // The right one is not looked at either: who guesses does not learn that it was.
    assert_eq!(enter("/auth/login", elsewhere, "ann", "correct horse").0, 429);
    assert_eq!(enter("/auth/login", home, "ann", "correct horse").0, 200);
}

#[test]
fn on_a_private_network_nobody_is_slowed_who_does_not_guess_passwords() {
    let server = Server::memory();
    for number in 0..150 {
        assert_eq!(register(&server, &format!("user{number}")), 200);
    }
    assert_eq!(register(&server, "bob"), 200);
    for _ in 0..150 {
        assert_eq!(send(&server, "user1").0, 200);
    }
}
