//! What the contract promises fits the document.

use serde_json::{Deserializer, Value};

use crate::spec::Spec;
use crate::support::Server;

/// The examples of the contract, as the clients of `tests/clients` walk through them.
const EXAMPLES: &str = include_str!("../clients/contract.json");

/// The bodies that are pinned byte by byte.
const PINNED: [&str; 2] =
    [include_str!("../golden/bodies.jsonl"), include_str!("../golden/administration.jsonl")];

#[tokio::test]
async fn every_body_that_the_contract_promises_fits_the_document() {
    let spec = Spec::of(&Server::memory()).await;
    // Both stand for a time that is another at every run.
    let examples = EXAMPLES.replace("<time>", "2026-01-31T12:00:00Z");
    let examples: Vec<Value> = serde_json::from_str(&examples).unwrap();
    let pinned = PINNED.concat().replace("\"TIME\"", "\"2026-01-31T12:00:00Z\"");
    let pinned = Deserializer::from_str(&pinned).into_iter::<Value>().map(Result::unwrap);
    let mut checked = 0;
    for promise in examples.into_iter().chain(pinned) {
        let request = promise["call"].as_str().or(promise["request"].as_str());
        let Some((method, path)) = request.and_then(|request| request.split_once(' ')) else {
            continue;
        };
        let status = promise["status"].as_u64().unwrap();
        let body = promise.get("answer").unwrap_or(&promise["body"]);
        // What no endpoint answers belongs to none of them; some examples leave the code open.
        let open = status == 404 || status == 405 || body["code"] == "<text>";
        let error = &spec.0["components"]["schemas"]["Error"];
        let schema = if open {
            error
        } else {
            let response = spec.operation(method, path).response(status.try_into().unwrap());
            &response["content"]["application/json"]["schema"]
        };
        spec.check(schema, body, request.unwrap());
        assert!(spec.undocumented(schema, body).is_empty(), "{promise}");
        checked += 1;
    }
    assert!(checked > 100, "{checked} bodies were found");
}
