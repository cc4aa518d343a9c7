//! What is found after a restart, and after it was deleted.

use serde_json::json;

use super::support::Server;
use super::support::account::Account;
use super::{create_room, found, say};

#[tokio::test]
async fn the_same_is_found_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &[]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for number in 0..30 {
        say(&client, "ann", "bob", &format!("word number {number}")).await;
    }
    let before = found(&client, "bob", "word num*").await;
    assert_eq!(before.len(), 20);
    server.kill();
    let server = Server::start_in(home.path(), &[]);
    let client = server.client();
    assert_eq!(found(&client, "bob", "word num*").await, before);
    say(&client, "ann", "bob", "one word more, a number").await;
    assert_eq!(found(&client, "bob", "word num*").await[1..], before[..19]);
}

#[tokio::test]
async fn what_goes_with_an_account_is_found_no_more() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let client = server.client();
    client.register(&["bob"]).await;
    let room = create_room(&client, "bob", &["ann"]).await;
    for recipient in ["bob", &*room] {
        let body = json!({ "sender": "ann", "recipient": recipient, "message": "ann was here" });
        assert_eq!(ann.post("/send", body).await.0, 200);
    }
    say(&client, "bob", &room, "bob was here").await;
    assert_eq!(found(&client, "bob", "here").await.len(), 3);
    let body = json!({ "password": "ann and a secret", "messages": "remove" });
    assert_eq!(ann.delete("/auth/account", body).await.0, 200);
    assert_eq!(found(&client, "bob", "here").await, ["bob was [here]"]);
}
