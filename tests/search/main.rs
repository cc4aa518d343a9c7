//! `GET /search`: what is found, by whom, in which order; and what is never found.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod archived;
mod gone;
mod hostile;
mod pages;
#[path = "../support/mod.rs"]
mod support;
mod visible;
mod words;

use serde_json::{Value, json};
use support::Client;

/// What `username` finds, asked with these parameters beside it.
async fn search(client: &Client, username: &str, query: &[(&str, &str)]) -> Value {
    let mut all = vec![("username", username)];
    all.extend(query);
    let (status, body) = client.query("/search", &all).await;
    assert_eq!((status, &body["status"]), (200, &json!("success")), "{query:?}: {body}");
    body
}

/// The snippets as texts, with what was looked for in brackets.
fn snippets(body: &Value) -> Vec<String> {
    let part = |part: &Value| {
        let text = part["text"].as_str().unwrap();
        if part["hit"].as_bool().unwrap() { format!("[{text}]") } else { text.to_owned() }
    };
    let hits = body["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["snippet"].as_array().unwrap().iter().map(part).collect()).collect()
}

/// What `username` finds with these words.
async fn found(client: &Client, username: &str, words: &str) -> Vec<String> {
    snippets(&search(client, username, &[("q", words)]).await)
}

fn ids(body: &Value) -> Vec<u64> {
    body["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_u64().unwrap()).collect()
}

async fn say(client: &Client, sender: &str, recipient: &str, text: &str) {
    let body = json!({ "sender": sender, "recipient": recipient, "message": text });
    let (status, body) = client.post("/send", body).await;
    assert_eq!(status, 200, "{body}");
}

async fn create_room(client: &Client, admin: &str, participants: &[&str]) -> String {
    let body = json!({ "admin": admin, "participants": participants });
    let (status, body) = client.post("/create_room", body).await;
    assert_eq!(status, 200, "{body}");
    body["room_id"].as_str().unwrap().to_owned()
}
