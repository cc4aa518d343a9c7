//! Who has the store in hand administers it, while the nodes run.

use serde_json::json;

use crate::support::chat;
use crate::support::cluster::{Cluster, NODES, STREAM, proxy};
use crate::support::command;
use crate::support::wire::Wire;

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_is_made_beside_the_nodes_that_serve() {
    let cluster = Cluster::start("");
    let mut wire = Wire::connect(cluster.proxy.port()).await.unwrap();
    let ann = json!({ "username": "ann", "password": "a long password" });
    let reply = wire.post("/auth/register", &ann).await.unwrap();
    assert_eq!(reply.head.status, 201);
    let account: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let token = account["token"].as_str().unwrap().to_owned();
    let home = tempfile::tempdir().unwrap();
    let admin = |what: &[&str]| {
        let mut admin = command(home.path());
        admin.arg("admin").args(what).env("CHATROOM_STORE", cluster.nats.store(STREAM));
        admin.env("CHATROOM_CLUSTER_MONITOR", cluster.nats.monitors()).env("TMPDIR", home.path());
        let output = tokio::task::block_in_place(|| admin.output().unwrap());
        let says = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(says).unwrap())
    };
    let (code, says) = admin(&["promote", "ann"]);
    assert_eq!(code, Some(0), "{says}");
    let fields = |node| format!("Authorization: Bearer {token}\r\n{}", proxy::picks(node));
    for node in 0..NODES {
        wire.ask("GET", "/admin/accounts", &fields(node), b"").await.unwrap();
        assert_eq!(wire.reply().await.unwrap().head.status, 200, "node {node}");
    }
    let (code, says) = admin(&["promote", "nobody"]);
    assert_eq!(code, Some(1), "{says}");
    assert!(home.path().read_dir().unwrap().next().is_none(), "its history is removed");
    chat::register(&mut wire, "bob").await.unwrap();
}
