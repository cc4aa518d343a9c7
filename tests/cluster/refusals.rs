//! Servers of NATS that are not set up as the log needs it.

use std::process::Command;

use serde_json::json;

use crate::support::cluster::alone::Alone;
use crate::support::{Server, command};

/// What a server says that does not start on this one of NATS.
fn refused(nats: &Alone, settings: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let chatroom = command(home.path());
    // It would serve for ever.
    let mut serve = Command::new("timeout");
    serve.args(["--kill-after=1", "30"]).arg(chatroom.get_program());
    serve.args(["serve", "--port", "0", "--store", &nats.store("chatroom")]);
    for (name, value) in chatroom.get_envs() {
        match value {
            Some(value) => serve.env(name, value),
            None => serve.env_remove(name),
        };
    }
    serve.env("CHATROOM_CLUSTER_MONITOR", nats.monitor()).env("CHATROOM_CLUSTER_REPLICAS", "1");
    serve.envs(settings.iter().copied()).current_dir(home.path());
    let output = serve.output().unwrap();
    let says = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{says}");
    says
}

#[test]
fn a_server_that_syncs_later_is_refused() {
    let nats = Alone::start("", "");
    let says = refused(&nats, &[]);
    assert!(says.contains("does not sync each write"), "{says}");
    assert!(says.contains("sync_interval: always"), "{says}");
}

#[test]
fn a_server_that_takes_less_than_a_request_may_come_to_is_refused() {
    let nats = Alone::start("sync_interval: always", "max_payload: 600KB");
    let says = refused(&nats, &[("CHATROOM_LIMITS_BODY_BYTES", "400000")]);
    assert!(says.contains("may come to 800000 in the log. Raise max_payload"), "{says}");
}

#[test]
fn more_copies_than_there_are_servers_are_refused() {
    let nats = Alone::start("sync_interval: always", "");
    let says = refused(&nats, &[("CHATROOM_CLUSTER_REPLICAS", "3")]);
    assert!(says.contains("stands alone and cannot keep 3 copies"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_to_more_than_they_take_is_refused_for_good() {
    let (nats, home) = (Alone::start("sync_interval: always", ""), tempfile::tempdir().unwrap());
    let mut serve = command(home.path());
    serve.args(["serve", "--port", "0", "--store", &nats.store("chatroom")]);
    serve.env("CHATROOM_CLUSTER_MONITOR", nats.monitor()).env("CHATROOM_CLUSTER_REPLICAS", "1");
    let server = Server::launch(home.path(), &mut serve);
    let client = server.client();
    client.register(&["a"]).await;
    let room = |names: usize| json!({ "admin": "a", "participants": vec!["a"; names] });
    let (status, body) = client.post("/create_room", room(60_000)).await;
    assert_eq!((status, &body["code"]), (413, &json!("body_too_large")));
    assert_eq!(client.post("/create_room", room(1)).await.0, 200);
}
