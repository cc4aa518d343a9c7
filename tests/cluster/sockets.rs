//! Who is here, and who may try once more, whichever node is asked; sockets without sticky sessions.

use serde_json::{Value, json};

use crate::programs::output;
use crate::support::cluster::{Cluster, patiently, proxy};
use crate::support::wire::Wire;

/// Asks a node through the proxy.
fn ask(cluster: &Cluster, node: usize, target: &str, body: Option<&str>) -> (u16, String) {
    let ask = async {
        let mut wire = Wire::connect(cluster.proxy.port()).await.unwrap();
        let fields = format!("Content-Type: application/json\r\n{}", proxy::picks(node));
        let method = if body.is_some() { "POST" } else { "GET" };
        wire.ask(method, target, &fields, body.unwrap_or_default().as_bytes()).await.unwrap();
        let reply = wire.reply().await.unwrap();
        (reply.head.status, String::from_utf8(reply.body.to_vec()).unwrap())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ask)
}

fn get(cluster: &Cluster, node: usize, target: &str) -> Value {
    serde_json::from_str(&ask(cluster, node, target, None).1).unwrap()
}

/// Connects a socket at one node; gives the secret id of its session, and what its next polls are
/// asked for.
fn connect(cluster: &Cluster, node: usize) -> String {
    let (_, opened) = ask(cluster, node, "/socket.io/?EIO=4&transport=polling", None);
    let sid = opened.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap();
    let session = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let (status, answer) = ask(cluster, node, &session, Some("40"));
    assert_eq!((status, answer.as_str()), (200, "ok"));
    session
}

fn sockets(cluster: &Cluster, node: usize) -> Value {
    get(cluster, node, "/api/clients")["total_clients"].clone()
}

fn online(cluster: &Cluster, node: usize) -> Value {
    get(cluster, node, "/online")["online_users"].clone()
}

#[test]
fn sockets_of_all_nodes_are_one_crowd_without_sticky_sessions() {
    let cluster = Cluster::start("");
    let url = format!("http://127.0.0.1:{}", cluster.proxy.port());
    let printed = output(&format!("python3 tests/clients/socketio_spread.py {url}"), 120);
    assert_eq!(printed.trim(), "all is well");
    for node in 0..3 {
        patiently("no node knows of a socket", 30, || sockets(&cluster, node) == 0);
    }
}

#[test]
fn a_dead_node_takes_its_sockets_with_it_and_its_users() {
    let mut cluster = Cluster::start("");
    let ann = json!({ "username": "ann" }).to_string();
    assert_eq!(ask(&cluster, 0, "/register", Some(&ann)).0, 200);
    let session = connect(&cluster, 0);
    let (status, answer) = ask(&cluster, 1, &session, None);
    // Packets are parted by U+001E; a ping may be before this one.
    let connected = answer.split('\u{1e}').any(|packet| packet.starts_with("40{\"sid\":"));
    assert!(status == 200 && connected, "it is passed on: {answer}");
    for node in 1..3 {
        patiently("all know of the socket", 30, || sockets(&cluster, node) == 1);
        assert_eq!(online(&cluster, node), json!(["ann"]));
    }
    cluster.nodes[0].kill();
    for node in 1..3 {
        patiently("it went with its node", 30, || sockets(&cluster, node) == 0);
        patiently("and so did she", 30, || online(&cluster, node) == json!([]));
    }
    let (status, answer) = ask(&cluster, 1, &session, None);
    assert_eq!(status, 400);
    assert_eq!(answer, r#"{"code":1,"message":"Session ID unknown"}"#);
}

#[test]
fn wrong_passwords_count_for_all_nodes() {
    let cluster = Cluster::start("rate_limits.failed_logins = \"3/10m\"");
    let log_in = |node| {
        let body = json!({ "username": "ann", "password": "wrong horse" }).to_string();
        ask(&cluster, node, "/auth/login", Some(&body)).0
    };
    for _ in 0..3 {
        assert_eq!(log_in(0), 401);
    }
    // When the others know of this socket, they have heard what was said before.
    connect(&cluster, 0);
    for node in 1..3 {
        patiently("they have heard", 30, || sockets(&cluster, node) == 1);
        assert_eq!(log_in(node), 429, "three are enough, wherever they were");
    }
}
