//! The lines that go over the bus, byte by byte: nodes of different versions may meet there.

use chatroom::cluster::Message;

const LINES: &str = include_str!("../golden/bus.jsonl");

#[test]
fn what_nodes_say_reads_as_it_always_did() {
    let mut kinds = std::collections::BTreeSet::new();
    for line in LINES.lines() {
        let message = Message::decode(line.as_bytes());
        let message = message.unwrap_or_else(|| panic!("it cannot be read any more: {line}"));
        assert_eq!(String::from_utf8(message.encode()).unwrap(), line);
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        kinds.insert(match &value["says"] {
            serde_json::Value::String(kind) => kind.clone(),
            says => says.as_object().unwrap().keys().next().unwrap().clone(),
        });
    }
    assert_eq!(kinds.len(), 10, "there is a line of everything: {kinds:?}");
}

#[test]
fn what_is_of_another_version_is_not_listened_to() {
    let line = LINES.lines().next().unwrap();
    assert!(Message::decode(line.replace(r#""v":1"#, r#""v":2"#).as_bytes()).is_none());
    for other in ["", "{}", "[1]", "\u{0}", &line[1..]] {
        assert!(Message::decode(other.as_bytes()).is_none(), "{other}");
    }
}
