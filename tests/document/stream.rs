//! What a stream sends is what the document says.

use std::collections::BTreeSet;

use reqwest::Response;
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::support::Server;

/// The schema of each event; the unnamed one is a message.
const EVENTS: [(&str, &str); 5] = [
    ("", "Message"),
    ("ready", "ReadyEvent"),
    ("gap", "GapEvent"),
    ("presence", "PresenceEvent"),
    ("bye", "ByeEvent"),
];

/// Reads to the end: the name and the data of each event.
async fn events(response: Response) -> Vec<(String, Value)> {
    let text = response.text().await.unwrap();
    let events = text.split("\n\n").filter_map(|event| {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let data = serde_json::from_str(field("data: ")?).unwrap();
        Some((field("event: ").unwrap_or_default().to_owned(), data))
    });
    events.collect()
}

#[tokio::test]
async fn every_event_is_documented_and_every_documented_event_is_sent() {
    let server = Server::memory();
    let spec = Spec::of(&server).await;
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.send("bob", "ann", "Hello \u{1f30d}", "1").await;
    let open = |query: &str| client.http().get(server.url(&format!("/events?{query}"))).send();
    let plain = open("username=ann&last_id=0").await.unwrap();
    // A cursor that does not fit, and more of each message.
    let full = open("username=ann&last_id=7&view=full").await.unwrap();
    let operation = spec.operation("GET", "/events");
    for name in operation.response(200)["headers"].as_object().unwrap().keys() {
        assert!(plain.headers().contains_key(name), "{name}");
    }
    assert_eq!(plain.headers()["content-type"], "text/event-stream");
    assert_eq!(client.post("/logout", json!({"username": "ann"})).await.0, 200);

    let (plain, full) = tokio::join!(events(plain), events(full));
    let description = operation.value["description"].as_str().unwrap();
    let mut seen = BTreeSet::new();
    for (name, data) in plain.iter().chain(&full) {
        let (_, schema) = EVENTS.iter().find(|(event, _)| event == name).expect(name);
        assert!(description.contains(&format!("`{schema}`")), "{schema} is not described");
        let schema = &spec.0["components"]["schemas"][schema];
        spec.check(schema, data, name);
        assert!(spec.undocumented(schema, data).is_empty(), "{name}: {data}");
        seen.insert(name.as_str());
    }
    assert_eq!(seen, EVENTS.iter().map(|(name, _)| *name).collect());
    assert_eq!(full.iter().find(|(name, _)| name.is_empty()).unwrap().1["kind"], "direct");
}
