//! The document is OpenAPI 3.1, and complete.

use std::collections::BTreeSet;
use std::slice;

use serde_json::Value;

use crate::spec::{Operation, Spec};
use crate::support::Server;

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    let text = value.as_str().unwrap_or_else(|| panic!("{what} is missing"));
    assert!(!text.trim().is_empty(), "{what} is empty");
    text
}

#[tokio::test]
async fn the_document_is_openapi_3_1() {
    let spec = Spec::of(&Server::memory()).await;
    assert!(text(&spec.0["openapi"], "openapi").starts_with("3.1."));
    for key in ["title", "version", "description"] {
        text(&spec.0["info"][key], key);
    }
    let tags = spec.0["tags"].as_array().unwrap().iter();
    let tags: BTreeSet<_> = tags.map(|tag| text(&tag["name"], "tag")).collect();
    let mut ids = BTreeSet::new();
    for operation in spec.operations() {
        let Operation { method, path, value } = operation;
        let what = format!("{method} {path}");
        assert!(path.starts_with('/'), "{what}");
        let id = text(&value["operationId"], &what);
        assert!(ids.insert(id.to_owned()), "{what}: there are two of the id {id}");
        text(&value["summary"], &format!("the summary of {what}"));
        for tag in value["tags"].as_array().expect("every operation has a tag") {
            assert!(tags.contains(text(tag, &what)), "{what}: the tag {tag} is not explained");
        }
        for scheme in value["security"].as_array().into_iter().flatten() {
            for name in scheme.as_object().unwrap().keys() {
                assert!(spec.0["components"]["securitySchemes"][name].is_object(), "{what}");
            }
        }
        check_parameters(&operation, &what);
        check_bodies(&operation, &what);
    }
}

fn check_parameters(operation: &Operation<'_>, what: &str) {
    let mut seen = BTreeSet::new();
    for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
        let name = text(&parameter["name"], what);
        let place = text(&parameter["in"], name);
        text(&parameter["description"], &format!("{what}: the description of {name}"));
        assert!(["query", "header", "path"].contains(&place), "{what}: {name} is in {place}");
        assert!(parameter["schema"].is_object(), "{what}: {name} has no schema");
        assert!(seen.insert((place, name)), "{what}: there are two of {name}");
        assert!(place != "path" || parameter["required"] == true, "{what}: {name} is required");
    }
    let path = seen.iter().filter(|(place, _)| *place == "path").map(|(_, name)| *name);
    let in_braces = operation.path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap());
    assert_eq!(path.collect::<BTreeSet<_>>(), in_braces.collect(), "{what}");
}

fn check_bodies(operation: &Operation<'_>, what: &str) {
    let request = operation.value["requestBody"]["content"].as_object();
    // What ends a session or more of them says all with its address.
    let speaks = match (operation.method, operation.path) {
        ("GET", _) | ("POST", "/auth/logout") => false,
        ("DELETE", path) => {
            matches!(path, "/auth/account" | "/conversations/{id}/participants")
        }
        _ => true,
    };
    assert_eq!(request.is_some(), speaks, "{what}");
    let kinds: BTreeSet<_> = request.into_iter().flatten().map(|(kind, _)| kind.as_str()).collect();
    let both = ["application/json", "application/x-www-form-urlencoded"];
    let file = operation.path == "/projects/{id}/files" && kinds == ["multipart/form-data"].into();
    assert!(kinds.is_empty() || file || kinds == BTreeSet::from(both), "{what}");
    let responses = operation.value["responses"].as_object().unwrap();
    assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{what}");
    for (status, response) in responses {
        let code: u16 = status.parse().unwrap();
        assert!((100..600).contains(&code), "{what}: {status}");
        text(&response["description"], &format!("{what}: the description of {status}"));
    }
}

#[tokio::test]
async fn every_schema_is_json_schema_and_used() {
    let spec = Spec::of(&Server::memory()).await;
    let schemas = spec.0["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
        // What has the fields of another refers to that, which is in the list as well.
        let parts = schema["allOf"].as_array().map_or(slice::from_ref(schema), Vec::as_slice);
        let own = parts.iter().filter_map(|part| part["properties"].as_object());
        assert!(own.clone().count() > 0, "{name} has no fields");
        for (field, schema) in own.flatten() {
            let described = spec.resolve(schema)["description"].as_str();
            text(&described.into(), &format!("the description of {name}.{field}"));
        }
    }
    for (what, media) in spec.media() {
        assert!(
            is_raw(&what) || jsonschema::draft202012::meta::is_valid(&media["schema"]),
            "{what}"
        );
    }
    // Every reference leads somewhere, and to every schema but the events of a stream, which
    // the document can only describe.
    let mut used = BTreeSet::new();
    walk(&spec.0, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            spec.resolve(value);
            used.insert(reference.rsplit('/').next().unwrap().to_owned());
        }
    });
    let unused: Vec<_> = schemas.keys().filter(|name| !used.contains(*name)).collect();
    assert_eq!(unused, ["ByeEvent", "GapEvent", "PresenceEvent", "ReadyEvent"]);
}

#[tokio::test]
async fn every_body_has_an_example_and_every_example_fits_its_schema() {
    let spec = Spec::of(&Server::memory()).await;
    let mut examples = 0;
    for (what, media) in spec.media() {
        if is_raw(&what) {
            continue;
        }
        let schema = &media["schema"];
        let own = media.get("example").into_iter();
        let named = media["examples"].as_object().into_iter().flatten();
        let of_schema = spec.resolve(schema)["examples"].as_array().into_iter().flatten();
        let named = named.map(|(_, example)| &example["value"]);
        let all: Vec<_> = own.chain(named).chain(of_schema).collect();
        assert!(!all.is_empty(), "{what} has no example");
        examples += all.len();
        for example in all {
            spec.check(schema, example, &what);
            if !what.contains("openapi.json") {
                assert!(spec.undocumented(schema, example).is_empty(), "{what}: {example}");
            }
        }
    }
    assert!(examples > 100, "{examples} examples were found");
    walk(&spec.0["components"]["schemas"], &mut |schema| {
        for example in schema["examples"].as_array().into_iter().flatten() {
            spec.check(schema, example, "a schema's own example");
            assert!(spec.undocumented(schema, example).is_empty(), "{example}");
        }
    });
}

/// Whether what comes there has no schema.
fn is_raw(what: &str) -> bool {
    what.ends_with("image/png") || what.ends_with("application/octet-stream")
}

/// Calls `see` with every object in the value.
fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            see(value);
            fields.values().for_each(|value| walk(value, see));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, see)),
        _ => {}
    }
}
