//! History that is longer than memory, on the real binary: read without a seam, kept as long as it
//! is to be kept, refused when it is not what was written.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use support::events::Events;
use support::{Client, Server};

/// Some messages in memory, and a snapshot after every fifty entries.
const SHORT: [(&str, &str); 2] =
    [("CHATROOM_HISTORY_MEMORY_BYTES", "3000"), ("CHATROOM_HISTORY_SNAPSHOT_ENTRIES", "50")];

/// Messages that ann and bob have said in a room and to each other.
const SAID: u64 = 300;

fn start(home: &Path, more: &[(&str, &str)]) -> Server {
    let mut command = support::command(home);
    command.args(["serve", "--port", "0", "--store", "sqlite:chatroom.db"]).envs(SHORT);
    Server::launch(home, command.envs(more.iter().copied()))
}

/// Waits until `holds` of the archive.
fn wait_for(home: &Path, what: &str, holds: impl Fn(&Connection) -> rusqlite::Result<bool>) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let db = Connection::open_with_flags(
        home.join("chatroom.db-archive"),
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .unwrap();
    while !holds(&db).unwrap_or(false) {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn archived_to(home: &Path, id: u64) {
    wait_for(home, "everything is archived", |db| {
        let last = "SELECT max(last) FROM messages";
        Ok(db.query_row(last, [], |row| row.get::<_, i64>(0))? >= id as i64 - 60)
    });
}

/// What the `n`th message says; every third goes to bob, the others to the room.
fn text(n: u64) -> String {
    format!("number {n} of the history")
}

fn recipient(n: u64) -> &'static str {
    if n.is_multiple_of(3) { "bob" } else { "room_1" }
}

/// A store with a history, its server, and the id of the first message.
async fn filled(home: &Path) -> (Server, u64) {
    let server = start(home, &[]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let room = json!({"admin": "ann", "participants": ["bob"]});
    assert_eq!(client.post("/create_room", room).await.0, 200);
    let mut first = 0;
    for n in 0..SAID {
        let id = client.send("ann", recipient(n), &text(n), &n.to_string()).await;
        first = if n == 0 { id } else { first };
    }
    archived_to(home, first + SAID - 1);
    // What is archived leaves memory with the next that is written.
    client.send("bob", "bob", "the last", "last").await;
    (server, first)
}

async fn poll(client: &Client, query: &str) -> Value {
    let (status, body) = client.get(&format!("/messages?{query}")).await;
    assert_eq!(status, 200, "{query}: {body}");
    body
}

fn ids(body: &Value) -> Vec<u64> {
    body["messages"].as_array().unwrap().iter().map(|m| m["id"].as_u64().unwrap()).collect()
}

/// Everything bob may read, by pages of `limit`.
async fn paged(client: &Client, limit: u64) -> Vec<(u64, String)> {
    let (mut cursor, mut all) = (0, Vec::new());
    loop {
        let query = format!("username=bob&last_id={cursor}&limit={limit}");
        let body = poll(client, &query).await;
        assert_eq!(body["recovered"], true, "{query}");
        for message in body["messages"].as_array().unwrap() {
            let text = message["message"].as_str().unwrap().to_owned();
            all.push((message["id"].as_u64().unwrap(), text));
        }
        cursor = body["last_id"].as_u64().unwrap();
        if body["has_more"] == false {
            return all;
        }
    }
}

async fn is_whole(client: &Client, first: u64) {
    for limit in [7, 100, 1000] {
        let all = paged(client, limit).await;
        let said: Vec<_> = all.iter().filter(|(_, text)| text.starts_with("number")).collect();
        let wanted: Vec<_> = (0..SAID).map(|n| (first + n, text(n))).collect();
        assert_eq!(said, wanted.iter().collect::<Vec<_>>(), "by {limit}");
    }
}

#[tokio::test]
async fn archive_and_memory_read_as_one() {
    let home = tempfile::tempdir().unwrap();
    let (mut server, first) = filled(home.path()).await;
    for round in 0..2 {
        let client = server.client();
        is_whole(&client, first).await;
        // Back from the newest, in one conversation.
        let (mut end, mut room) = (u64::MAX / 4, Vec::new());
        loop {
            let query = format!("username=bob&with=room_1&limit=40&before_id={end}");
            let body = poll(&client, &query).await;
            let page = ids(&body);
            assert!(page.is_sorted(), "{page:?}");
            room.splice(0..0, page.iter().copied());
            end = *page.first().unwrap();
            if body["has_more"] == false {
                break;
            }
        }
        let wanted: Vec<_> =
            (0..SAID).filter(|n| recipient(*n) == "room_1").map(|n| first + n).collect();
        assert_eq!(room, wanted, "round {round}");
        // Around one that is old, around the newest.
        for middle in [first + 150, first + SAID - 1] {
            let query = format!("username=bob&around={middle}&limit=20");
            let body = poll(&client, &query).await;
            let page = ids(&body);
            assert!(page.contains(&middle), "{middle}: {page:?}");
            assert_eq!(body["has_older"], true);
            assert_eq!(page.iter().filter(|id| **id < middle).count(), 10);
            assert!(page.windows(2).all(|pair| pair[1] == pair[0] + 1), "{page:?}");
        }
        // A stream goes on from an old place.
        let mut events =
            Events::open(&client, &[("username", "bob"), ("last_id", &first.to_string())]).await;
        for n in 1..SAID {
            let event = events.message().await.json();
            assert_eq!(event["id"], first + n);
            assert_eq!(event["message"], text(n));
        }
        drop(events);
        server.terminate();
        server = start(home.path(), &[]);
    }
}

#[tokio::test]
async fn a_start_reads_little_and_the_log_is_short() {
    let home = tempfile::tempdir().unwrap();
    let (mut server, first) = filled(home.path()).await;
    let log = home.path().join("chatroom.db");
    let entries = || {
        let db = Connection::open_with_flags(&log, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        db.query_row("SELECT count(*) FROM log", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    support::process::until("the log is trimmed", 20, || entries() <= 120).await;
    server.terminate();
    // The trimmed entries are nowhere in the files of the log.
    let said = text(10);
    for file in ["chatroom.db", "chatroom.db-wal"] {
        let bytes = std::fs::read(home.path().join(file)).unwrap_or_default();
        let found = bytes.windows(said.len()).any(|window| window == said.as_bytes());
        assert!(!found, "{file} still has what was trimmed");
    }
    let server = start(home.path(), &[]);
    is_whole(&server.client(), first).await;
    // What was answered once is answered again.
    let id = server.client().send("ann", recipient(5), &text(5), "5").await;
    assert_eq!(id, first + 5);
}

#[tokio::test]
async fn what_is_kept_for_a_time_goes_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (mut server, first) = filled(home.path()).await;
    let head = first + SAID;
    server.terminate();
    let keep = "100 messages";
    let server = start(home.path(), &[("CHATROOM_HISTORY_KEEP", keep)]);
    let client = server.client();
    let oldest = head + 1 - 100;
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let body = poll(&client, "username=bob&limit=1").await;
        if body["oldest_id"] == oldest {
            break;
        }
        assert!(Instant::now() < deadline, "{body}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let body = poll(&client, "username=bob&last_id=0&limit=1000").await;
    assert_eq!(ids(&body).first(), Some(&oldest));
    assert_eq!(ids(&body).len(), 100);
    assert_eq!(body["recovered"], true, "nothing was seen before");
    // Whoever was in the middle has missed something, and is told.
    let body = poll(&client, &format!("username=bob&last_id={}&limit=5", first + 5)).await;
    assert_eq!(body["recovered"], false);
    assert_eq!(ids(&body).first(), Some(&oldest));
    let body = poll(&client, &format!("username=bob&last_id={}&limit=5", oldest + 5)).await;
    assert_eq!(body["recovered"], true);
    let body = poll(&client, &format!("username=bob&around={}&limit=6", first + 3)).await;
    assert_eq!(ids(&body).first(), Some(&oldest));
    // It is gone from the files, too.
    wait_for(home.path(), "the archive is trimmed", |db| {
        let oldest_there = "SELECT min(first) FROM messages";
        Ok(db.query_row(oldest_there, [], |row| row.get::<_, i64>(0))? >= oldest as i64 - 64)
    });
}

#[tokio::test]
async fn a_room_may_keep_less_than_the_rest() {
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path(), &[]);
    let client = server.client();
    client.register(&["ann"]).await;
    let join = json!({"username": "ann", "room_id": "room_General"});
    assert_eq!(client.post("/join_room", join).await.0, 200);
    for n in 0..100 {
        client.send("ann", "room_General", &text(n), &format!("room {n}")).await;
        client.send("ann", "ann", &text(n), &format!("own {n}")).await;
    }
    let mut server = server;
    server.terminate();
    let server = start(home.path(), &[("CHATROOM_HISTORY_ROOM_KEEP", "General: 10 messages")]);
    let client = server.client();
    let deadline = Instant::now() + Duration::from_secs(20);
    while ids(&poll(&client, "username=ann&with=room_General&limit=1000").await).len() != 10 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(ids(&poll(&client, "username=ann&with=ann&limit=1000").await).len(), 100);
    let body = poll(&client, "username=ann&limit=1000").await;
    assert_eq!((ids(&body).len(), &body["oldest_id"]), (110, &json!(1)));
}

#[tokio::test]
async fn a_damaged_history_is_not_served() {
    let home = tempfile::tempdir().unwrap();
    let (mut server, first) = filled(home.path()).await;
    server.terminate();
    let file = home.path().join("chatroom.db-archive");
    let db = Connection::open(&file).unwrap();
    let row = "(SELECT first FROM messages ORDER BY first LIMIT 1 OFFSET 1)";
    let edit =
        format!("UPDATE messages SET messages = replace(messages, 'of', 'on') WHERE first = {row}");
    assert_eq!(db.execute(&edit, []).unwrap(), 1);
    db.close().unwrap();
    let server = start(home.path(), &[]);
    let client = server.client();
    let (status, body) = client.get("/messages?username=bob&last_id=0&limit=1000").await;
    assert_eq!((status, &body["code"]), (503, &json!("history_unavailable")));
    // What is not damaged is there.
    let body = poll(&client, &format!("username=bob&last_id={}&limit=9", first + 200)).await;
    assert_eq!(ids(&body).len(), 9);
}

#[tokio::test]
async fn a_history_that_is_not_the_logs_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (mut server, _) = filled(home.path()).await;
    server.terminate();
    let other = tempfile::tempdir().unwrap();
    let (mut another, _) = filled(other.path()).await;
    another.terminate();
    let file = home.path().join("chatroom.db-archive");
    let own = std::fs::read(&file).unwrap();
    let foreign = std::fs::read(other.path().join("chatroom.db-archive")).unwrap();
    for (what, bytes, says) in [
        ("missing", None, "missing or older"),
        ("another's", Some(&foreign), "another store"),
        ("cut", Some(&own[..own.len() / 2].to_vec()), "damaged"),
        ("no database", Some(&b"This is a text.".repeat(100)), "damaged"),
    ] {
        match bytes {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let mut command = support::command(home.path());
        command.args(["serve", "--port", "0", "--store", "sqlite:chatroom.db"]).envs(SHORT);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{what}: {error}");
        assert!(error.contains(says), "{what}: {error}");
        let _ = std::fs::remove_file(&file);
        for side in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(home.path().join(format!("chatroom.db-archive{side}")));
        }
    }
    std::fs::write(&file, &own).unwrap();
    start(home.path(), &[]);
}
