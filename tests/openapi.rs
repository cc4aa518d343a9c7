//! The OpenAPI document, held against the server by schemathesis.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use programs::{need, output};
use support::Server;

#[test]
fn schemathesis_finds_no_fault_in_what_the_document_promises() {
    need(&["curl"]);
    let server = Server::memory();
    let printed = output(&format!("bash tests/clients/openapi.sh {}", server.url("")), 600);
    let cases = printed.lines().find_map(|line| line.trim().split_once(" generated, "));
    let cases: u32 = cases.expect("it says how many cases it made").0.parse().unwrap();
    assert!(cases >= 500, "only {cases} cases:\n{printed}");
}
