//! What the loads ask of a chat server.

use std::io;

use super::drive;
use super::http::{Pool, request};

/// How many connections, and users, most loads have.
pub(crate) const CLIENTS: usize = 64;

/// What everybody says.
pub(crate) const TEXT: &str = "Shall we meet at the usual place at half past seven?";

/// The `n`-th user's name.
pub(crate) fn name(n: usize) -> String {
    format!("user_{n}")
}

/// `POST /register` of one name.
pub(crate) fn register(name: &str) -> Vec<u8> {
    request("POST", "/register", Some(&format!("{{\"username\":\"{name}\"}}")))
}

/// `POST /send` of the usual text.
pub(crate) fn send(from: &str, to: &str) -> Vec<u8> {
    say(from, to, TEXT)
}

/// `POST /send` of a text that needs no escapes.
pub(crate) fn say(from: &str, to: &str, text: &str) -> Vec<u8> {
    let body = format!("{{\"sender\":\"{from}\",\"recipient\":\"{to}\",\"message\":\"{text}\"}}");
    request("POST", "/send", Some(&body))
}

/// `POST /create_room`.
pub(crate) fn create_room(admin: &str, others: &[String]) -> Vec<u8> {
    let others = others.join("\",\"");
    let body = format!("{{\"admin\":\"{admin}\",\"participants\":[\"{others}\"]}}");
    request("POST", "/create_room", Some(&body))
}

/// `GET /messages` with a cursor and, perhaps, more parameters.
pub(crate) fn poll(name: &str, cursor: u64, more: &str) -> Vec<u8> {
    request("GET", &format!("/messages?username={name}&last_id={cursor}{more}"), None)
}

/// Registers [`CLIENTS`] users, each a member of three rooms of eight.
pub(crate) fn populate(port: u16) -> io::Result<()> {
    let users: Vec<_> = (0..CLIENTS).map(|n| register(&name(n))).collect();
    drive::all(port, &users)?;
    let room = |n: usize| -> Vec<u8> {
        let (round, group) = (n / 8, n % 8);
        // Rounds cut the users into eights in different ways.
        let member = |k: usize| name((group * 8 + k * (2 * round + 1)) % CLIENTS);
        create_room(&member(0), &(1..8).map(member).collect::<Vec<_>>())
    };
    drive::all(port, &(0..24).map(room).collect::<Vec<_>>())
}

/// Sends one message and says which id it was given.
pub(crate) fn send_for_id(pool: &mut Pool, from: &str, to: &str, key: u64) -> io::Result<u64> {
    let body = format!(
        "{{\"sender\":\"{from}\",\"recipient\":\"{to}\",\"message\":\"{TEXT}\",\"client_msg_id\":\"{key}\"}}"
    );
    let answer = ask(pool, &request("POST", "/send", Some(&body)))?;
    number(&answer, "id").ok_or_else(|| io::Error::other(answer))
}

/// One request on the first connection, and the body of its answer.
pub(crate) fn ask(pool: &mut Pool, request: &[u8]) -> io::Result<String> {
    pool.send(0, request)?;
    let mut ready = Vec::new();
    while ready.is_empty() {
        pool.receive(None, &mut ready)?;
    }
    Ok(String::from_utf8_lossy(pool.body(0)).into_owned())
}

/// The last number in `json` with this key.
pub(crate) fn number(json: &str, key: &str) -> Option<u64> {
    let (_, after) = json.rsplit_once(&format!("\"{key}\":"))?;
    let digits = after.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}
