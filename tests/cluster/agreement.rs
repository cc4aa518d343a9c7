//! What was acknowledged by one node is there at the others, at once.

use serde_json::{Value, json};

use crate::support::cluster::{Cluster, NODES, proxy};
use crate::support::wire::{Reply, Wire};

/// A connection through the proxy, which says at which node each request shall arrive.
struct Anywhere(Wire);

impl Anywhere {
    async fn ask(&mut self, node: usize, method: &str, target: &str, body: Value) -> Reply {
        let fields = format!("Content-Type: application/json\r\n{}", proxy::picks(node));
        let body = if method == "GET" { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
        self.0.ask(method, target, &fields, &body).await.unwrap();
        self.0.reply().await.unwrap()
    }

    async fn post(&mut self, node: usize, target: &str, body: Value) -> Value {
        self.ask(node, "POST", target, body).await.success()
    }

    async fn refused(&mut self, node: usize, target: &str, body: Value) -> String {
        let reply = self.ask(node, "POST", target, body).await;
        assert!((400..500).contains(&reply.head.status), "{}", reply.head.status);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["code"].as_str().unwrap().to_owned()
    }

    async fn messages(&mut self, node: usize, name: &str, cursor: u64) -> Vec<Value> {
        let target = format!("/messages?username={name}&last_id={cursor}");
        let page: Value = self.ask(node, "GET", &target, Value::Null).await.success();
        page["messages"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_acknowledged_the_others_show_and_refuse_by() {
    let cluster = Cluster::start("");
    let mut wire = Anywhere(Wire::connect(cluster.proxy.port()).await.unwrap());
    let mut head = 0;
    for round in 0..100 {
        let (here, there) = (round % NODES, (round + 1) % NODES);
        let name = json!({ "username": "ann" });
        wire.post(here, "/register", name.clone()).await;
        assert_eq!(wire.refused(there, "/register", name.clone()).await, "username_taken");
        let message = json!({ "sender": "ann", "recipient": "ann", "message": "Hi" });
        wire.post(there, "/send", message.clone()).await;
        head += 1;
        for node in 0..NODES {
            let seen = wire.messages(node, "ann", head - 1).await;
            assert_eq!(seen.len(), 1, "round {round}, sent at {there}, read at {node}");
            assert_eq!(seen[0]["id"], head);
        }
        wire.post(here, "/logout", name.clone()).await;
        assert_eq!(wire.refused(there, "/send", message).await, "not_registered");
    }
}
