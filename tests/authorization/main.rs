//! Who may do what: every endpoint, every socket event, for everybody who could ask.
//!
//! `routes.txt` and `events.txt` hold a verdict for each; what the server offers and the tables do
//! not name is an error.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod cells;
#[path = "../programs/mod.rs"]
mod programs;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod world;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use table::{ROLES, Row};
use world::World;

#[tokio::test]
async fn everybody_may_do_over_http_exactly_what_the_table_says() {
    let rows = table::parse(include_str!("routes.txt"));
    let world = World::new().await;
    let (_, document) = world.client().get("/openapi.json").await;
    let mut offered = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            offered.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_named(&rows, &offered);
    let mut wrong = Vec::new();
    for row in &rows {
        for (role, verdict) in ROLES.iter().zip(&row.verdicts) {
            let found = cells::ask(&world, role, row).await;
            if found != *verdict {
                wrong.push(format!("{} as {role}: {found}, not {verdict}", row.what()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_over_a_socket_exactly_what_the_table_says() {
    let rows = table::parse(include_str!("events.txt"));
    let world = World::new().await;
    let (_, api) = world.client().get("/api").await;
    let events = api["websocket"]["events"].as_array().unwrap();
    let offered = events.iter().map(|event| event.as_str().unwrap().to_owned()).collect();
    assert_named(&rows, &offered);
    let mut asked = Vec::new();
    for row in &rows {
        for (role, verdict) in ROLES.iter().zip(&row.verdicts) {
            asked.push((row, role, verdict, cells::event(&world, role, row).await));
        }
    }
    let cells: Vec<&Value> = asked.iter().map(|(.., cell)| cell).collect();
    let input = world.home().join("cells.json");
    std::fs::write(&input, json!(cells).to_string()).unwrap();
    let program = "python3 tests/clients/socketio_ask.py";
    let command = format!("{program} {} {}", world.url(""), input.display());
    let printed = tokio::task::spawn_blocking(move || programs::output(&command, 120));
    let answers: Vec<String> = printed.await.unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), asked.len());
    let mut wrong = Vec::new();
    for ((row, role, verdict, _), found) in asked.iter().zip(&answers) {
        if found != *verdict {
            wrong.push(format!("{} as {role}: {found}, not {verdict}", row.what()));
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every offer stands in the table, and nothing else does.
fn assert_named(rows: &[Row], offered: &BTreeSet<String>) {
    let named: BTreeSet<_> = rows.iter().map(|row| row.name.clone()).collect();
    let missing: Vec<_> = offered.difference(&named).collect();
    let gone: Vec<_> = named.difference(offered).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "without a verdict: {missing:?}, gone: {gone:?}"
    );
}

/// The method and path of a row.
fn split(name: &str) -> (Method, &str) {
    let (method, path) = name.split_once(' ').unwrap();
    (Method::from_bytes(method.as_bytes()).unwrap(), path)
}
