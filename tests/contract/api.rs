//! `GET /api`, `/api/health`, `/api/status`, `/api/clients`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// A moment as every answer of these tells it.
fn moment(value: &Value) -> &str {
    let text = value.as_str().unwrap_or_default();
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{value}");
    text
}

/// The body of a `GET` that succeeds, with its keys checked.
async fn get(client: &Client, path: &str, keys: &[&str]) -> Value {
    let (status, body) = client.get(path).await;
    assert_eq!(status, 200, "{path}: {body}");
    let found: BTreeSet<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(found, keys.iter().copied().collect(), "{path}");
    moment(&body["timestamp"]);
    body
}

async fn status(client: &Client) -> Value {
    let keys = [
        "status",
        "message",
        "service",
        "version",
        "timestamp",
        "uptime_seconds",
        "connected_clients",
        "users_online",
        "rooms",
        "messages",
        "store",
    ];
    get(client, "/api/status", &keys).await
}

#[tokio::test]
async fn api_lists_every_endpoint_of_the_document() {
    let server = Server::memory();
    let client = server.client();
    let keys = ["service", "version", "endpoints", "websocket", "timestamp"];
    let body = get(&client, "/api", &keys).await;
    assert_eq!(body["service"], "chatroom");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    let (_, document) = client.get("/openapi.json").await;
    let mut wanted = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = &operation["summary"];
            let method = method.to_ascii_uppercase();
            wanted.push(json!({ "method": method, "path": path, "summary": summary }));
        }
    }
    let by_text = |endpoints: &[Value]| -> BTreeSet<String> {
        endpoints.iter().map(Value::to_string).collect()
    };
    let endpoints = body["endpoints"].as_array().unwrap();
    assert_eq!(by_text(endpoints), by_text(&wanted));
    assert_eq!(endpoints.len(), wanted.len());
    assert!(endpoints.len() > 10, "{body}");
}

/// `tests/clients/socketio.json` walks through every event of the contract.
#[tokio::test]
async fn api_lists_every_event_that_a_socket_may_send() {
    let steps: Vec<Value> = serde_json::from_str(include_str!("../clients/socketio.json")).unwrap();
    let understood = steps.iter().filter(|step| step["refused"] != "unknown_event");
    let walked: BTreeSet<_> = understood.filter_map(|step| step["emit"].as_str()).collect();
    let server = Server::memory();
    let (_, body) = server.client().get("/api").await;
    let events = body["websocket"]["events"].as_array().unwrap();
    assert_eq!(events.iter().map(|event| event.as_str().unwrap()).collect::<BTreeSet<_>>(), walked);
    assert_eq!(body["websocket"].as_object().unwrap().len(), 1, "{body}");
    assert_eq!(events.len(), walked.len(), "each once");
}

#[tokio::test]
async fn a_server_that_can_write_is_healthy() {
    let server = Server::memory();
    let body = get(&server.client(), "/api/health", &["status", "timestamp", "service"]).await;
    assert_eq!((&body["status"], &body["service"]), (&json!("healthy"), &json!("chatroom")));
}

#[tokio::test]
async fn the_status_counts_users_rooms_and_messages() {
    let server = Server::memory();
    let client = server.client();
    let counts = |body: &Value| {
        ["users_online", "rooms", "messages", "connected_clients"].map(|key| body[key].clone())
    };
    let empty = status(&client).await;
    // The one room is the configured one.
    assert_eq!(counts(&empty), [json!(0), json!(1), json!(0), json!(0)]);
    assert_eq!(empty["status"], "online");
    assert_eq!(empty["service"], "chatroom");
    assert_eq!(empty["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(empty["message"], "The server is running.");
    client.register(&["ann", "bob"]).await;
    client.send("ann", "bob", "hello", "1").await;
    let body = json!({ "admin": "ann", "participants": ["bob"] });
    assert_eq!(client.post("/create_room", body).await.0, 200);
    // The notice of the room went to both.
    assert_eq!(counts(&status(&client).await), [json!(2), json!(2), json!(3), json!(0)]);
    client.post("/logout", json!({ "username": "bob" })).await;
    assert_eq!(status(&client).await["users_online"], 1);
}

#[tokio::test]
async fn the_uptime_is_that_of_the_server() {
    let before = Instant::now();
    let server = Server::memory();
    let client = server.client();
    let started = Instant::now();
    loop {
        let uptime = status(&client).await["uptime_seconds"].as_u64().unwrap();
        assert!(uptime <= before.elapsed().as_secs(), "{uptime}");
        assert!(uptime + 1 >= started.elapsed().as_secs(), "{uptime}");
        if uptime == 2 {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{uptime}");
    }
}

#[tokio::test]
async fn the_status_says_what_kind_of_store_it_is_but_not_where() {
    let server = Server::memory();
    assert_eq!(status(&server.client()).await["store"], "memory");
    let server = Server::start(&["--store", "sqlite:secret-place.db"]);
    let body = status(&server.client()).await;
    assert_eq!(body["store"], "sqlite");
    assert!(!body.to_string().contains("secret"), "{body}");
}

#[tokio::test]
async fn without_sockets_there_are_no_clients() {
    let server = Server::memory();
    let keys = ["total_clients", "clients", "timestamp"];
    let body = get(&server.client(), "/api/clients", &keys).await;
    assert_eq!((&body["total_clients"], &body["clients"]), (&json!(0), &json!([])));
}
