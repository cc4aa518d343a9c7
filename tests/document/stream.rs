//! What a stream sends is what the document says.

use std::collections::BTreeSet;

use serde_json::json;

use crate::spec::Spec;
use crate::support::Server;
use crate::support::events::{Event, Events};

/// The schema of each event; the unnamed one is a message.
const EVENTS: [(&str, &str); 5] = [
    ("", "Message"),
    ("ready", "ReadyEvent"),
    ("gap", "GapEvent"),
    ("presence", "PresenceEvent"),
    ("bye", "ByeEvent"),
];

async fn to_the_end(mut stream: Events) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn every_event_is_documented_and_every_documented_event_is_sent() {
    let server = Server::memory();
    let spec = Spec::of(&server).await;
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.send("bob", "ann", "Hello \u{1f30d}", "1").await;
    let plain = Events::open(&client, &[("username", "ann"), ("last_id", "0")]).await;
    // A cursor that does not fit, and more of each message.
    let query = [("username", "ann"), ("last_id", "7"), ("view", "full")];
    let full = Events::open(&client, &query).await;
    let operation = spec.operation("GET", "/events");
    for name in operation.response(200)["headers"].as_object().unwrap().keys() {
        assert!(plain.headers.contains_key(name), "{name}");
    }
    assert_eq!(plain.headers["content-type"], "text/event-stream");
    assert_eq!(client.post("/logout", json!({"username": "ann"})).await.0, 200);

    let (plain, full) = tokio::join!(to_the_end(plain), to_the_end(full));
    let description = operation.value["description"].as_str().unwrap();
    let mut seen = BTreeSet::new();
    for event in plain.iter().chain(&full) {
        let (name, data) = (&event.name, event.json());
        let (_, schema) = EVENTS.iter().find(|(event, _)| event == name).expect(name);
        assert!(description.contains(&format!("`{schema}`")), "{schema} is not described");
        let schema = &spec.0["components"]["schemas"][schema];
        spec.check(schema, &data, name);
        assert!(spec.undocumented(schema, &data).is_empty(), "{name}: {data}");
        seen.insert(name.as_str());
    }
    assert_eq!(seen, EVENTS.iter().map(|(name, _)| *name).collect());
    let message = full.iter().find(|event| event.name.is_empty()).unwrap();
    assert_eq!(message.json()["kind"], "direct");
}
