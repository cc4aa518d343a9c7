//! Sockets behind a load balancer that sends each request to another node.

use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::nats::{Nats, free_address, until};
use super::programs::{need, output};
use super::servers::Node;

/// HAProxy in front of nodes, killed when dropped.
struct Proxy {
    child: Child,
    url: String,
    _home: TempDir,
}

impl Proxy {
    fn before(nodes: &[Node]) -> Proxy {
        need(&["haproxy"]);
        let (home, address) = (tempfile::tempdir().unwrap(), free_address());
        let servers: String = nodes
            .iter()
            .enumerate()
            .map(|(number, node)| format!("  server node{number} {}\n", node.address))
            .collect();
        let settings = format!(
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 60s\n  timeout server \
             60s\n  timeout tunnel 60s\nlisten chat\n  bind {address}\n  balance roundrobin\n\
             {servers}"
        );
        let file = home.path().join("haproxy.cfg");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let proxy = Proxy {
            child: command.spawn().unwrap(),
            url: format!("http://{address}"),
            _home: home,
        };
        until("HAProxy listens", || std::net::TcpStream::connect(address).is_ok());
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn sockets_of_all_nodes_are_one_crowd_without_sticky_sessions() {
    let nats = Nats::start();
    let nodes = [1, 2, 3].map(|number| Node::start(&nats, number));
    let proxy = Proxy::before(&nodes);
    let printed = output(&format!("python3 tests/clients/socketio_spread.py {}", proxy.url), 120);
    assert_eq!(printed.trim(), "all is well");
    for node in &nodes {
        let presence = node.member.cluster.presence();
        until("every socket is gone from every node", || presence.socket_count() == 0);
    }
}

#[test]
fn the_session_of_a_dead_node_is_unknown_and_its_sockets_are_gone() {
    let nats = Nats::start();
    let mut nodes = [1, 2].map(|number| Node::start(&nats, number));
    let ask = |node: &Node, query: &str| {
        let url = node.url(&format!("/socket.io/?EIO=4&transport=polling{query}"));
        output(&format!("curl -s '{url}'"), 30)
    };
    let opened = ask(&nodes[0], "");
    let sid = opened.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let connect = |node: &Node| {
        let url = node.url(&format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
        output(&format!("curl -s -d 40 '{url}'"), 30)
    };
    assert_eq!(connect(&nodes[1]), "ok", "the other node passes it on");
    let answer = ask(&nodes[1], &format!("&sid={sid}"));
    assert!(answer.starts_with("40{\"sid\":"), "{answer}");
    let there = nodes[1].member.cluster.presence().clone();
    until("both know of the socket", || there.socket_count() == 1);
    nodes[0].member.kill();
    until("it went with its node", || there.socket_count() == 0);
    let answer = ask(&nodes[1], &format!("&sid={sid}"));
    assert_eq!(answer, r#"{"code":1,"message":"Session ID unknown"}"#);
}

#[tokio::test]
async fn wrong_passwords_count_for_all_nodes() {
    let nodes = tokio::task::spawn_blocking(|| {
        let nats = Nats::start();
        let nodes = [1, 2].map(|number| Node::start(&nats, number));
        (nats, nodes)
    });
    let (_nats, nodes) = nodes.await.unwrap();
    let client = reqwest::Client::new();
    let log_in = async |node: &Node| {
        let body = json!({"username": "ann", "password": "wrong horse"});
        let answer = client.post(node.url("/auth/login")).json(&body).send().await.unwrap();
        answer.status().as_u16()
    };
    let mut heard = nodes[1].member.cluster.hear();
    for _ in 0..3 {
        assert_eq!(log_in(&nodes[0]).await, 401);
    }
    let mut wrong = 0;
    while wrong < 3 {
        let message = heard.recv().await.unwrap();
        wrong += usize::from(matches!(message.says, chatroom::cluster::Says::WrongLogin { .. }));
    }
    assert_eq!(log_in(&nodes[1]).await, 429, "three are enough, wherever they were");
    // The runtimes of the nodes end where that may take a while.
    tokio::task::spawn_blocking(move || drop(nodes)).await.unwrap();
}
