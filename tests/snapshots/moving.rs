//! A store goes on in a stream, and back in a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tempfile::TempDir;

use super::NATS;
use super::support::account::Account;
use super::support::went::run;
use super::support::{Client, Server, command};

/// Little memory and many snapshots, so that a small store has everything that a large one has.
const SMALL: &[(&str, &str)] =
    &[("CHATROOM_HISTORY_MEMORY_BYTES", "2000"), ("CHATROOM_HISTORY_SNAPSHOT_ENTRIES", "100")];

fn start(home: &Path, store: &str) -> Server {
    let mut command = command(home);
    command.args(["serve", "--port", "0", "--store", store]).envs(SMALL.iter().copied());
    Server::launch(home, &mut command)
}

/// Where a store of this name is in the servers.
fn place(stream: &str) -> String {
    NATS.store(stream)
}

fn export(home: &Path, store: &str) -> Vec<u8> {
    let file = home.join("exported");
    run(home, &["export", "exported", "--force", "--store", store]).done();
    fs::read(file).unwrap()
}

/// All that `name` may read: the texts by their ids.
async fn history(client: &Client, name: &str) -> BTreeMap<u64, String> {
    let mut all = BTreeMap::new();
    loop {
        let cursor = all.last_key_value().map_or(0, |(id, _)| *id);
        let path = format!("/messages?username={name}&last_id={cursor}&limit=500&view=full");
        let (status, body) = client.get(&path).await;
        assert_eq!(status, 200, "{body}");
        let messages = body["messages"].as_array().unwrap();
        if messages.is_empty() {
            return all;
        }
        for message in messages {
            let text = message["message"].as_str().unwrap().to_owned();
            all.insert(message["id"].as_u64().unwrap(), text);
        }
    }
}

async fn epoch(client: &Client) -> String {
    let (_, body) = client.get("/messages?username=ann&last_id=0&epoch=").await;
    body["epoch"].as_str().unwrap().to_owned()
}

/// A folder with a store of everything there can be, its server stopped; its epoch.
async fn filled() -> (TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let mut server = start(home.path(), "sqlite:a.db");
    let client = server.client();
    client.register(&["ann", "bob", "Zoë"]).await;
    let dora = Account::register(&server, "dora").await;
    let emil = Account::register(&server, "emil").await;
    let (_, conversation) = dora.project("garden").await;
    let added = json!({ "participant_ids": [emil.id] });
    dora.post(&format!("/conversations/{conversation}/participants"), added).await;
    let body = json!({ "admin": "ann", "participants": ["bob", "Zoë"] });
    let (_, room) = client.post("/create_room", body).await;
    let room = room["room_id"].as_str().unwrap();
    for number in 0..180 {
        let to = ["bob", room, "Zoë"][number % 3];
        client.send("ann", to, &format!("number {number} 🚀"), &format!("a{number}")).await;
    }
    client.post("/logout", json!({ "username": "Zoë" })).await;
    let epoch = epoch(&client).await;
    assert!(server.terminate().0.success());
    (home, epoch)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_moved_there_and_back_exports_the_same_bytes() {
    let (home, life) = filled().await;
    let (home, stream) = (home.path(), place("back"));
    let before = export(home, "sqlite:a.db");
    run(home, &["move", "--from", "sqlite:a.db", "--to", &stream]).done();
    assert_eq!(export(home, "sqlite:a.db"), before, "what was moved can still be read");
    for words in [
        &["serve", "--port", "0", "--store", "sqlite:a.db"][..],
        &["move", "--from", "sqlite:a.db", "--to", &place("elsewhere")],
    ] {
        run(home, words).says(2, &["was moved to nats://", "DROP TABLE moved"]);
    }
    run(home, &["move", "--from", &stream, "--to", "sqlite:b.db"]).done();
    assert_eq!(export(home, "sqlite:b.db"), before);
    run(home, &["check", "--store", "sqlite:b.db"]).done();
    let words = ["serve", "--port", "0", "--store", &stream];
    run(home, &words).says(2, &["was moved to sqlite:b.db", "chatroom-moved-to"]);
    let mut server = start(home, "sqlite:b.db");
    assert_eq!(epoch(&server.client()).await, life);
    assert!(server.terminate().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_goes_on_in_a_stream_with_the_same_ids_and_epoch_and_comes_back_with_more() {
    let (home, before) = filled().await;
    let (home, stream) = (home.path(), place("on"));
    run(home, &["move", "--from", "sqlite:a.db", "--to", &stream, "--keep"]).done();
    let alone = start(home, "sqlite:a.db");
    let mut said = history(&alone.client(), "bob").await;
    drop(alone);

    let mut node = start(home, &stream);
    assert_eq!(epoch(&node.client()).await, before);
    assert_eq!(history(&node.client(), "bob").await, said);
    let words = ["move", "--from", &stream, "--to", "sqlite:b.db"];
    run(home, &words).says(2, &["A node runs on nats://", "Stop all"]);
    for number in 0..300 {
        let text = format!("in the stream {number}");
        let id = node.client().send("ann", "bob", &text, &text).await;
        said.insert(id, text);
    }
    assert!(node.terminate().0.success());
    run(home, &words).done();

    run(home, &["check", "--store", "sqlite:b.db"]).done();
    let mut back = start(home, "sqlite:b.db");
    assert_eq!(epoch(&back.client()).await, before);
    assert_eq!(history(&back.client(), "bob").await, said);
    let newest = *said.last_key_value().unwrap().0;
    assert_eq!(back.client().send("ann", "bob", "again alone", "b").await, newest + 1);
    assert!(back.terminate().0.success());
    run(home, &["check", "--store", "sqlite:b.db"]).done();
    let again = ["move", "--from", "sqlite:b.db", "--to", &place("again")];
    run(home, &again).done();
    // The folder has the archive of the stream before.
    fs::remove_dir_all(home.join("chatroom-data")).unwrap();
    let node = start(home, &place("again"));
    assert_eq!(history(&node.client(), "bob").await.len(), said.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_leaves_the_store_as_it_was_and_a_stream_that_no_node_starts_on() {
    let (home, life) = filled().await;
    let (home, stream) = (home.path(), place("killed"));
    let before = export(home, "sqlite:a.db");
    let words = ["move", "--from", "sqlite:a.db", "--to", &stream];
    for point in ["snapshot.chunk", "snapshot.sent", "snapshot.published"] {
        let mut killed = command(home);
        killed.args(words).env("FAULT_POINT", format!("{point}:1"));
        let killed = killed.stderr(Stdio::null()).status().unwrap();
        assert_eq!(killed.code(), None, "{point}");
        let refused = run(home, &["serve", "--port", "0", "--store", &stream]);
        refused.says(2, &["is not whole", "from sqlite:a.db", "chatroom move"]);
        let mut server = start(home, "sqlite:a.db");
        assert_eq!(epoch(&server.client()).await, life);
        assert!(server.terminate().0.success());
        assert_eq!(export(home, "sqlite:a.db"), before, "{point}");
    }
    run(home, &words).done();
    run(home, &["move", "--from", &stream, "--to", "sqlite:b.db"]).done();
    assert_eq!(export(home, "sqlite:b.db"), before);
    let left: Vec<_> = fs::read_dir(home).unwrap().map(|file| file.unwrap().file_name()).collect();
    let is_left = |name: &str| name.contains(".new") || name.contains(".loading");
    assert!(!left.iter().any(|name| is_left(name.to_str().unwrap())), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_used_and_a_target_that_is_there_are_refused() {
    let (home, _) = filled().await;
    let (home, stream) = (home.path(), place("used"));
    let words = ["move", "--from", "sqlite:a.db", "--to", &stream];
    let server = start(home, "sqlite:a.db");
    run(home, &words).says(2, &["is in use by another chatroom"]);
    drop(server);
    run(home, &[&words[..], &["--keep"]].concat()).done();
    run(home, &words).says(2, &["The stream of nats://", "is there already"]);
    let back = ["move", "--from", &stream, "--to", "sqlite:a.db"];
    run(home, &back).says(2, &["a.db is there already"]);
    let nowhere = place("nowhere");
    let none = ["move", "--from", &nowhere, "--to", "sqlite:c.db"];
    run(home, &none).says(2, &["There is no stream"]);
    let copy = ["move", "--from", "sqlite:a.db", "--to", "sqlite:c.db"];
    run(home, &copy).says(2, &["chatroom backup"]);
    assert!(!home.join("c.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_later_begins_with_the_snapshot_of_another() {
    let (home, stream) = (tempfile::tempdir().unwrap(), place("later"));
    let node = start(home.path(), &stream);
    let client = node.client();
    client.register(&["ann", "bob"]).await;
    let mut said = BTreeMap::new();
    let mut number = 0;
    let archive = home.path().join("joined/archive.db");
    // Once the log was trimmed, a node without an archive needs the snapshot.
    while first_of("later").await == 1 {
        let text = format!("number {number}");
        let id = client.send("ann", "bob", &text, &text).await;
        said.insert(id, text);
        number += 1;
        assert!(number < 20_000, "the log was trimmed");
    }
    let mut joining = command(home.path());
    joining.args(["serve", "--port", "0", "--store", &stream]).envs(SMALL.iter().copied());
    joining.env("CHATROOM_CLUSTER_FOLDER", "joined");
    let joined = Server::launch(home.path(), &mut joining);
    assert!(archive.exists());
    let found = history(&joined.client(), "bob").await;
    for (id, text) in &said {
        assert_eq!(found.get(id), Some(text));
    }
    let words = ["serve", "--port", "0", "--store", &stream];
    run(home.path(), &words).says(2, &["is in use by another chatroom", "cluster.folder"]);
    drop(node);
    let id = joined.client().send("ann", "bob", "one more", "one more").await;
    assert_eq!(id, said.last_key_value().unwrap().0 + 1);
}

async fn first_of(stream: &str) -> u64 {
    let client = async_nats::connect(NATS.address(0)).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let stream = context.get_stream(stream).await.unwrap();
    stream.cached_info().state.first_sequence.max(1)
}
