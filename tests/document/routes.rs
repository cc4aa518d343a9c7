//! The document lists the routes that are mounted, no more, no less.

use std::collections::BTreeSet;
use std::sync::Arc;

use chatroom::command::Policy;
use chatroom::config::{Access, Flags, load};
use chatroom::http;
use chatroom::log::memory::MemoryLog;
use chatroom::metrics::Metrics;
use chatroom::node::{Absence, Node};

use crate::spec::Spec;
use crate::support::Server;

#[tokio::test]
async fn the_document_lists_exactly_the_routes_that_are_mounted() {
    let empty = tempfile::tempdir().unwrap();
    let settings = load(&Flags::default(), [], empty.path()).unwrap().settings;
    let log = Box::new(MemoryLog);
    let node = Node::start(log, None, Policy::default(), Absence::NEVER, Access::Open).unwrap();
    let metrics = Arc::new(Metrics::new("0"));
    let rocket = rocket::custom(rocket::Config::default());
    let mounted = http::mount(rocket, node, metrics, settings, &[]).unwrap();
    let routes = mounted.routes().map(|route| {
        let path = route.uri.path().replace('<', "{").replace('>', "}");
        format!("{} {path}", route.method)
    });
    let routes: BTreeSet<_> = routes.collect();
    assert!(routes.contains("POST /send"), "the routes were found: {routes:?}");

    let spec = Spec::of(&Server::memory()).await;
    let documented = spec.operations().into_iter().map(|o| format!("{} {}", o.method, o.path));
    assert_eq!(documented.collect::<BTreeSet<_>>(), routes);
}
