//! What is found when memory has let go of it: the same as before, and nothing that was deleted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::support::account::Account;
use super::support::{Client, Server, archives};
use super::{create_room, found, ids, say, search};

/// Nothing stays in memory, and nothing waits to be archived.
const AT_ONCE: &str = "[history]\nmemory_bytes = 0\nsnapshot_entries = 1\n";

fn start(home: &Path) -> Server {
    std::fs::write(home.join("chatroom.toml"), AT_ONCE).unwrap();
    Server::start_in(home, &[])
}

/// Waits until a question to every archive's file has this answer.
async fn until(home: &Path, question: &str, wanted: i64) {
    let ask = |archive: PathBuf| {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let db = Connection::open_with_flags(archive, flags).ok()?;
        db.query_row(question, [], |row| row.get::<_, i64>(0)).ok()
    };
    while archives(home).into_iter().any(|archive| ask(archive) != Some(wanted)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_archived(client: &Client, home: &Path) {
    let (_, health) = client.get("/api/status").await;
    let head = health["messages"].as_i64().unwrap_or_else(|| panic!("{health}"));
    until(home, "SELECT max(last) FROM messages", head).await;
}

/// Ann, bob and eve have said a lot to each other and in two rooms.
async fn said(client: &Client) {
    client.register(&["ann", "bob", "eve"]).await;
    create_room(client, "ann", &["bob"]).await;
    create_room(client, "eve", &["bob"]).await;
    let texts = ["a word", "東京の天気", "a word more", "word by word", "Straße", "nothing"];
    for number in 0..150 {
        let (from, to) =
            [("ann", "bob"), ("bob", "ann"), ("eve", "bob"), ("ann", "room_1"), ("eve", "room_2")]
                [number % 5];
        say(client, from, to, texts[number % 6]).await;
    }
}

/// The answers to one question of each kind.
async fn answers(client: &Client) -> Vec<(u64, usize)> {
    let mut answers = Vec::new();
    for name in ["ann", "bob", "eve"] {
        for query in [
            &[("q", "word")][..],
            &[("q", "wo* a"), ("order", "rank")],
            &[("q", "\"a word\""), ("with", "bob")],
            &[("q", "東京")],
            &[("q", "strasse"), ("from", "eve")],
            &[("q", "word"), ("before", "60"), ("after", "20")],
            &[("q", "word"), ("after", "2020-01-01"), ("before", "2100-01-01")],
            &[("q", "participant"), ("from", "server")],
            &[("q", "word"), ("after", "2100-01-01")],
        ] {
            let mut query = query.to_vec();
            query.push(("limit", "100"));
            let ids = ids(&search(client, name, &query).await);
            let mut hash = 0_u64;
            ids.iter().for_each(|id| hash = hash.wrapping_mul(1_000_003).wrapping_add(*id));
            answers.push((hash, ids.len()));
        }
    }
    answers
}

#[tokio::test]
async fn the_same_is_found_before_while_and_after_it_is_archived() {
    let home = tempfile::tempdir().unwrap();
    let memory = Server::memory();
    said(&memory.client()).await;
    let wanted = answers(&memory.client()).await;
    assert!(wanted.iter().filter(|(_, count)| *count > 0).count() > 15, "{wanted:?}");

    let mut server = start(home.path());
    let client = server.client();
    said(&client).await;
    assert_eq!(answers(&client).await, wanted);
    let archived = until_archived(&client, home.path());
    tokio::pin!(archived);
    loop {
        tokio::select! {
            () = &mut archived => break,
            found = answers(&client) => assert_eq!(found, wanted),
        }
    }
    assert_eq!(answers(&client).await, wanted);
    server.kill();
    let server = start(home.path());
    assert_eq!(answers(&server.client()).await, wanted);
}

#[tokio::test]
async fn pages_go_on_from_memory_into_the_archive() {
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path());
    let client = server.client();
    said(&client).await;
    until_archived(&client, home.path()).await;
    for _ in 0..15 {
        say(&client, "ann", "bob", "a new word").await;
    }
    for order in ["newest", "rank"] {
        let all = [("q", "word"), ("order", order), ("limit", "100")];
        let wanted = ids(&search(&client, "bob", &all).await);
        assert!(wanted.len() > 60);
        let (mut read, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = [("q", "word"), ("order", order), ("limit", "9"), ("cursor", &*cursor)];
            let body = search(&client, "bob", &page).await;
            read.extend(ids(&body));
            match body["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(read, wanted, "{order}");
    }
}

#[tokio::test]
async fn nobody_finds_in_the_archive_what_they_may_not_read() {
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path());
    let client = server.client();
    said(&client).await;
    say(&client, "eve", "room_2", "only for those in the second room").await;
    say(&client, "eve", "bob", "only for bob").await;
    until_archived(&client, home.path()).await;
    assert!(found(&client, "ann", "only").await.is_empty());
    assert_eq!(found(&client, "bob", "only").await.len(), 2);
    let body = json!({ "username": "bob", "room_id": "room_2" });
    assert_eq!(client.post("/leave_room", body).await.0, 200);
    assert_eq!(found(&client, "bob", "only").await, ["[only] for bob"]);
    // Who takes a name does not take its lines.
    assert_eq!(client.post("/logout", json!({ "username": "bob" })).await.0, 200);
    client.register(&["bob"]).await;
    assert!(found(&client, "bob", "only").await.is_empty());
    // The tokens of lines are no words.
    for question in ["\u{e000}3", "\"\u{e000}3 only\"", "\u{e000}3 only", "\u{e001}*"] {
        let query = [("username", "ann"), ("q", question)];
        let (status, body) = client.query("/search", &query).await;
        assert!(status == 400 || body["hits"] == json!([]), "{question:?}: {body}");
    }
}

#[tokio::test]
async fn deleted_words_are_found_no_more_and_are_in_the_file_no_more() {
    let home = tempfile::tempdir().unwrap();
    let mut server = start(home.path());
    let client = server.client();
    said(&client).await;
    let cid = Account::register(&server, "cid").await;
    for recipient in ["bob", "room_General"] {
        client.post("/join_room", json!({ "username": "bob", "room_id": "room_General" })).await;
        let text = "the word xylophonist9 goes with me";
        let body = json!({ "sender": "cid", "recipient": recipient, "message": text });
        assert_eq!(cid.post("/send", body).await.0, 200);
    }
    until_archived(&client, home.path()).await;
    let count = |word: &str| format!("SELECT count(*) FROM words WHERE words MATCH '{word}'");
    assert_eq!(found(&client, "bob", "xylo*").await.len(), 2);
    until(home.path(), &count("xylophonist9"), 2).await;
    let body = json!({ "password": "cid and a secret", "messages": "remove" });
    assert_eq!(cid.delete("/auth/account", body).await.0, 200);
    assert!(found(&client, "bob", "xylophonist9").await.is_empty());
    until(home.path(), &count("xylophonist9"), 0).await;
    assert!(found(&client, "bob", "xylo*").await.is_empty());
    until(home.path(), &count("nothing"), 25).await;
    assert!(server.terminate().0.success());
    for archive in archives(home.path()) {
        let bytes = std::fs::read(&archive).unwrap();
        let holds = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
        assert!(holds(b"nothing") && !holds(b"xylophonist9") && !holds(b"lophonist"));
        let db = Connection::open(archive).unwrap();
        db.execute("INSERT INTO words (words) VALUES ('integrity-check')", []).unwrap();
    }
}

#[tokio::test]
async fn what_is_kept_no_longer_is_found_no_more() {
    let home = tempfile::tempdir().unwrap();
    let mut server = start(home.path());
    let client = server.client();
    client.register(&["ann"]).await;
    for number in 0..200 {
        say(&client, "ann", "ann", &format!("counted {number}")).await;
    }
    until_archived(&client, home.path()).await;
    let count = "SELECT count(*) FROM words WHERE words MATCH 'counted'";
    until(home.path(), count, 200).await;
    server.kill();
    let settings = format!("{AT_ONCE}keep = \"10 messages\"\n");
    std::fs::write(home.path().join("chatroom.toml"), settings).unwrap();
    let server = Server::start_in(home.path(), &[]);
    let client = server.client();
    until(home.path(), count, 10).await;
    let found = found(&client, "ann", "counted").await;
    let wanted = (190..200).rev().map(|number| format!("[counted] {number}"));
    assert_eq!(found, wanted.collect::<Vec<_>>());
}
