//! A store in somebody's hands: backed up, restored, exported, imported, looked through.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::random_range;
use serde_json::{Value, json};
use support::account::Account;
use support::went::run;
use support::{Client, Server, command, process};
use tempfile::TempDir;

/// Little memory and many snapshots, so that a small store has everything that a large one has.
const SMALL: &[(&str, &str)] =
    &[("CHATROOM_HISTORY_MEMORY_BYTES", "2000"), ("CHATROOM_HISTORY_SNAPSHOT_ENTRIES", "100")];

fn start(home: &Path, store: &str) -> Server {
    let mut command: Command = command(home);
    command.args(["serve", "--port", "0", "--store", store]).envs(SMALL.iter().copied());
    Server::launch(home, &mut command)
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

async fn epoch(client: &Client, name: &str) -> String {
    let (_, body) = client.get(&format!("/messages?username={name}&last_id=0&epoch=")).await;
    body["epoch"].as_str().unwrap().to_owned()
}

/// The log has been trimmed, so there are a snapshot and an archive.
fn is_trimmed(file: &Path) -> bool {
    let db = rusqlite::Connection::open(file).unwrap();
    db.query_row("SELECT seq FROM trimmed", [], |row| row.get::<_, i64>(0)).unwrap() > 0
}

/// A folder with a store of everything there can be, its server stopped.
async fn filled() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut server = start(home.path(), "sqlite:chatroom.db");
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
    for number in 0..150 {
        let to = ["bob", room, "Zoë"][number % 3];
        client.send("ann", to, &format!("number {number} 🚀"), &format!("a{number}")).await;
    }
    client.post("/logout", json!({ "username": "Zoë" })).await;
    process::until("a snapshot", 20, || is_trimmed(&home.path().join("chatroom.db"))).await;
    // These are in the log alone.
    for number in 150..180 {
        client.send("ann", "bob", &format!("number {number}"), &format!("a{number}")).await;
    }
    assert!(server.terminate().0.success());
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_has_everything_that_was_acknowledged_before_it_began() {
    let home = tempfile::tempdir().unwrap();
    let mut server = start(home.path(), "sqlite:chatroom.db");
    let client = server.client();
    let names = ["ann", "bob", "cid", "dan"];
    client.register(&names).await;
    let acknowledged: Arc<Mutex<BTreeMap<u64, String>>> = Arc::default();
    let writers: Vec<_> = names
        .into_iter()
        .map(|name| {
            let (client, acknowledged) = (client.clone(), acknowledged.clone());
            tokio::spawn(async move {
                for number in 0..500 {
                    let text = format!("{name} {number}");
                    let id = client.send(name, "bob", &text, &text).await;
                    acknowledged.lock().unwrap().insert(id, text);
                }
            })
        })
        .collect();
    for round in 0..4 {
        process::until("some are acknowledged", 60, || {
            acknowledged.lock().unwrap().len() > 150 + round * 450
        })
        .await;
        let before = acknowledged.lock().unwrap().clone();
        let (folder, file) = (home.path().to_owned(), format!("{round}.backup"));
        let words = file.clone();
        let went = tokio::task::spawn_blocking(move || run(&folder, &["backup", &words]));
        went.await.unwrap().done();
        let store = format!("sqlite:{round}.db");
        run(home.path(), &["restore", &file, "--store", &store]).done();
        run(home.path(), &["check", "--store", &store]).done();
        let restored = start(home.path(), &store);
        let found = history(&restored.client(), "bob").await;
        for (id, text) in &before {
            assert_eq!(found.get(id), Some(text), "round {round}: {} are there", found.len());
        }
        let newest = found.last_key_value().map_or(0, |(id, _)| *id);
        assert_eq!(found.len() as u64, newest, "without a hole");
        assert_ne!(epoch(&restored.client(), "bob").await, epoch(&client, "bob").await);
        let id = restored.client().send("ann", "bob", "a new life", "new").await;
        assert_eq!(id, newest + 1);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let (_, body) = client.get("/messages?username=bob&last_id=10&epoch=another").await;
    assert_eq!(body["recovered"], false, "that is how clients learn of another epoch");
    assert!(server.terminate().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_leaves_no_file() {
    let home = filled().await;
    let file = home.path().join("killed.backup");
    let (mut killed, mut done) = (0, 0);
    for _ in 0..40 {
        let mut command = command(home.path());
        let mut child =
            command.args(["backup", "killed.backup"]).stdout(Stdio::null()).spawn().unwrap();
        // The random moment.
        std::thread::sleep(Duration::from_micros(random_range(0..60_000)));
        child.kill().unwrap();
        if child.wait().unwrap().success() || file.exists() {
            run(home.path(), &["check", "killed.backup"]).done();
            fs::remove_file(&file).unwrap();
            done += 1;
        } else {
            killed += 1;
        }
    }
    eprintln!("backup: {killed} killed, {done} done before");
    assert!(killed > 0);
    run(home.path(), &["backup", "killed.backup"]).done();
    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".new"))
        .collect();
    assert!(left.is_empty(), "the next one takes away what was left: {left:?}");
}

#[tokio::test]
async fn what_is_exported_imported_and_exported_again_is_the_same_to_the_byte() {
    let home = filled().await;
    run(home.path(), &["export", "first.jsonl"]).done();
    run(home.path(), &["import", "first.jsonl", "--store", "sqlite:second.db"]).done();
    run(home.path(), &["export", "second.jsonl", "--store", "sqlite:second.db"]).done();
    run(home.path(), &["backup", "a.backup"]).done();
    run(home.path(), &["restore", "a.backup", "--store", "sqlite:third.db"]).done();
    let third = run(home.path(), &["export", "--store", "sqlite:third.db"]).done();
    let first = fs::read_to_string(home.path().join("first.jsonl")).unwrap();
    assert_eq!(first, fs::read_to_string(home.path().join("second.jsonl")).unwrap());
    assert_eq!(first, third, "through a backup, and to standard output");
    assert!(first.lines().count() > 180, "{first}");

    let mut servers = Vec::new();
    for store in ["sqlite:chatroom.db", "sqlite:second.db", "sqlite:third.db"] {
        servers.push(start(home.path(), store));
    }
    let mut found = Vec::new();
    for server in &servers {
        let client = server.client();
        let body = json!({ "username": "dora", "password": "dora and a secret" });
        assert_eq!(client.post("/auth/login", body).await.0, 200);
        let epoch = epoch(&client, "bob").await;
        let again = client.send("ann", "bob", "number 0 🚀", "a0").await;
        found.push((history(&client, "ann").await, history(&client, "bob").await, again, epoch));
    }
    let [original, imported, restored] = &found[..] else { panic!() };
    assert!(original.1.len() > 90);
    for other in [imported, restored] {
        assert_eq!((&original.0, &original.1, original.2), (&other.0, &other.1, other.2));
        assert_ne!(original.3, other.3, "a life of its own");
    }
}

#[tokio::test]
async fn an_import_refuses_what_it_does_not_know_with_the_number_of_the_line() {
    let home = filled().await;
    let lines = run(home.path(), &["export"]).done();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let place = |name: &str| lines.iter().position(|line| line.get(name).is_some()).unwrap();
    let (user, message) = (place("user"), place("message"));
    let refused = |what: &str, lines: &[Value], number: usize| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(home.path().join("wrong.jsonl"), text).unwrap();
        let went = run(home.path(), &["import", "wrong.jsonl", "--store", "sqlite:wrong.db"]);
        went.says(1, &["wrong.jsonl", &format!("line {number}:")]);
        let made = fs::read_dir(home.path()).unwrap().filter(|entry| {
            entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("wrong.db")
        });
        assert_eq!(made.count(), 0, "{what}: nothing is made");
    };
    let changed = |number: usize, change: &dyn Fn(&mut Value)| {
        let mut lines = lines.clone();
        change(&mut lines[number]);
        lines
    };
    refused("a version", &changed(0, &|line| line["version"] = json!(2)), 1);
    refused("a version of the state", &changed(1, &|line| line["state"]["version"] = json!(9)), 2);
    refused("a field of the state", &changed(1, &|line| line["state"]["is"]["more"] = json!(1)), 2);
    refused("a field", &changed(user, &|line| line["user"][1]["more"] = json!(1)), user + 1);
    refused("a type", &changed(user, &|line| line["user"][1]["guest"] = json!(1)), user + 1);
    refused("a part", &changed(user, &|line| *line = json!({ "robot": [] })), user + 1);
    refused("no part", &changed(user, &|line| *line = json!([])), user + 1);
    let more = |line: &mut Value| line["message"]["more"] = json!(1);
    refused("a field of a message", &changed(message, &more), message + 1);
    let nowhere = |line: &mut Value| line["message"]["lines"] = json!(["nowhere"]);
    refused("a line", &changed(message, &nowhere), message + 1);
    let late = |line: &mut Value| line["message"]["id"] = json!(1_000_000);
    refused("an id", &changed(message, &late), message + 1);
    let mut swapped = lines.clone();
    swapped.swap(message, message + 1);
    refused("an order", &swapped, message + 2);
    refused("no end", &lines[..lines.len() - 1], lines.len());
    let mut short = lines.clone();
    short.remove(message);
    refused("a message less", &short, short.len());
    let mut long = lines.clone();
    long.push(json!({ "end": { "messages": 0 } }));
    refused("something behind the end", &long, long.len());
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_a_sentence_and_changes_nothing() {
    let home = filled().await;
    let run = |words: &str| run(home.path(), &words.split(' ').collect::<Vec<_>>());
    let names = || {
        let entries = fs::read_dir(home.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    run("backup a.backup").done();
    run("export a.jsonl").done();
    let before = names();
    for words in ["backup a.backup", "export a.jsonl"] {
        run(words).says(2, &["is there already", "--force"]);
        run(&format!("{words} --force")).done();
    }
    for words in ["restore a.backup", "import a.jsonl"] {
        run(words).says(2, &["chatroom.db is there already", "--store"]);
        run(&format!("{words} --store memory:")).says(2, &["memory:"]);
        run(&format!("{words} --store sqlite:no/such/folder.db")).says(2, &["no/such/folder.db"]);
    }
    run("backup no/such/file").says(2, &["no/such/file cannot be written"]);
    run("backup b --store sqlite:none.db").says(2, &["There is no store", "none.db"]);
    run("check --store sqlite:none.db").says(2, &["There is no store", "none.db"]);
    run("check none.backup").says(2, &["There is no file"]);
    run("restore none.backup --store sqlite:b.db").says(2, &["There is no file"]);
    run("restore a.jsonl --store sqlite:b.db").says(1, &["a.jsonl"]);
    run("check chatroom.db").says(1, &["is no backup"]);
    let server = start(home.path(), "sqlite:chatroom.db");
    run("check").says(2, &["in use", &server.pid().to_string()]);
    drop(server);
    let made = names().into_iter().filter(|name| !before.contains(name));
    let made: Vec<_> =
        made.filter(|name| !name.to_str().unwrap().contains("chatroom.db")).collect();
    assert!(made.is_empty(), "{made:?}");
}

#[tokio::test]
async fn a_check_finds_every_flipped_bit_and_every_cut_that_changes_anything() {
    let home = filled().await;
    let good = run(home.path(), &["export"]).done();
    let found =
        serde_json::from_str::<Value>(&run(home.path(), &["check", "--json"]).done()).unwrap();
    assert_eq!(
        found["messages"]["count"],
        good.lines().filter(|l| l.contains("{\"message\"")).count()
    );
    run(home.path(), &["backup", "good.backup"]).done();
    let files = ["chatroom.db", "chatroom.db-archive", "good.backup"];
    let bytes = files.map(|name| fs::read(home.path().join(name)).unwrap());
    let damaged = tempfile::tempdir().unwrap();
    for (name, bytes) in files.iter().zip(&bytes) {
        fs::write(damaged.path().join(name), bytes).unwrap();
    }
    // Undamaged, these files alone are the store.
    run(damaged.path(), &["check"]).done();
    run(damaged.path(), &["check", "good.backup"]).done();
    let (mut harmless, mut noticed) = (0, 0);
    for round in 0..200 {
        for (name, bytes) in files.iter().zip(&bytes) {
            fs::write(damaged.path().join(name), bytes).unwrap();
        }
        let which = round % 3;
        let mut wrong = bytes[which].clone();
        let place = random_range(0..wrong.len());
        let what = if round % 5 == 4 {
            wrong.truncate(place);
            format!("{} is cut to {place} bytes", files[which])
        } else {
            let bit = random_range(0..8);
            wrong[place] ^= 1 << bit;
            format!("bit {bit} of byte {place} of {} is flipped", files[which])
        };
        fs::write(damaged.path().join(files[which]), wrong).unwrap();
        let words: &[&str] = if which == 2 { &["check", "good.backup"] } else { &["check"] };
        let went = run(damaged.path(), words);
        if went.exit != Some(0) {
            assert!([1, 2].contains(&went.exit.unwrap()), "{what}: {went:?}");
            went.says(went.exit.unwrap(), &[]);
            noticed += 1;
            continue;
        }
        // Free space, or what nobody reads: everything is there as it was.
        if which == 2 {
            let _ = fs::remove_file(damaged.path().join("r.db"));
            let _ = fs::remove_file(damaged.path().join("r.db-archive"));
            run(damaged.path(), &["restore", "good.backup", "--store", "sqlite:r.db"]).done();
        }
        let store = if which == 2 { "sqlite:r.db" } else { "sqlite:chatroom.db" };
        assert!(run(damaged.path(), &["export", "--store", store]).done() == good, "{what}");
        harmless += 1;
    }
    eprintln!("check: {noticed} of 200 noticed, {harmless} changed nothing");
    assert!(noticed > 60, "every cut at least");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_looks_into_the_store_of_a_running_server_takes_nothing_away() {
    let home = tempfile::tempdir().unwrap();
    let mut server = start(home.path(), "sqlite:chatroom.db");
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for number in 0..150 {
        client.send("ann", "bob", &format!("number {number}"), &format!("a{number}")).await;
    }
    let file = home.path().join("chatroom.db");
    process::until("a snapshot", 20, || is_trimmed(&file)).await;
    // As any tool does that could write: whoever closes the file last empties its side file.
    let looking = "import sqlite3; db = sqlite3.connect('chatroom.db'); \
                   db.execute('SELECT count(*) FROM log').fetchone(); db.close()";
    let looked = Command::new("python3").args(["-c", looking]).current_dir(home.path()).status();
    assert!(looked.unwrap().success());
    assert!(home.path().join("chatroom.db-wal").exists(), "the server has not closed it");
    let id = client.send("ann", "bob", "after that", "after").await;
    server.kill();
    let server = start(home.path(), "sqlite:chatroom.db");
    let found = history(&server.client(), "bob").await;
    assert_eq!(found.get(&id).map(String::as_str), Some("after that"));
}

/// Ways to damage the index of an archive, each with whether a server starts on what is left.
const DAMAGED: [(&str, bool); 5] = [
    // Sound in itself, and of other messages.
    ("INSERT INTO words (rowid, tokens) VALUES (5, 'foreign')", true),
    ("INSERT INTO words (words) VALUES ('delete-all')", true),
    ("DELETE FROM words_data WHERE id > 10", true),
    ("UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10", true),
    ("DROP TABLE words", false),
];

#[tokio::test]
async fn a_damaged_index_is_noticed_and_made_anew() {
    let home = filled().await;
    let archive = home.path().join("chatroom.db-archive");
    let hits = async |server: &Server| {
        let (status, body) = server.client().get("/search?username=ann&q=numb*&limit=100").await;
        (status, body["code"].as_str().map(str::to_owned), body["hits"].clone())
    };
    let mut server = start(home.path(), "sqlite:chatroom.db");
    let wanted = hits(&server).await;
    assert!(wanted.2.as_array().unwrap().len() == 100, "{wanted:?}");
    assert!(server.terminate().0.success());
    let files = || fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let store = || files().filter(|path| path.to_string_lossy().contains("chatroom.db"));
    let whole: Vec<_> = store().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    for (damage, starts) in DAMAGED {
        // All of it: the log may have been trimmed behind what the archive has by now.
        store().for_each(|path| fs::remove_file(path).unwrap());
        whole.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
        let db = rusqlite::Connection::open(&archive).unwrap();
        db.execute_batch(damage).unwrap();
        db.close().unwrap();
        run(home.path(), &["check"]).says(1, &["search index", "--repair"]);
        let said: Value =
            serde_json::from_str(&run(home.path(), &["check", "--json"]).out).unwrap();
        assert_eq!(said["code"], "index_damaged", "{damage}");
        // What was said last is archived at the start, which may meet the damage.
        let says = home.path().join("says.txt");
        let mut serve = command(home.path());
        serve.args(["serve", "--port", "0"]).envs(SMALL.iter().copied());
        serve.stderr(fs::File::create(&says).unwrap());
        match Server::try_launch(home.path(), &mut serve) {
            Ok(mut server) => {
                assert!(starts, "{damage}");
                let found = hits(&server).await;
                let refused = (503, Some("history_unavailable".to_owned()), Value::Null);
                assert!(found == refused || found.0 == 200, "{damage}: {found:?}");
                assert!(history(&server.client(), "ann").await.len() > 100, "all else goes on");
                // Its side files are left.
                server.kill();
            }
            Err(end) => {
                let says = fs::read_to_string(says).unwrap();
                assert_eq!(end.code(), Some(2), "{damage}: {says}");
                assert!(says.contains("search index") && says.contains("--repair"), "{says}");
            }
        }
        let went = run(home.path(), &["check", "--repair"]);
        assert_eq!(went.exit, Some(0), "{damage}: {went:?}");
        assert!(went.err.contains("search index") && went.out.contains("made anew"), "{went:?}");
        run(home.path(), &["check"]).done();
        assert!(!run(home.path(), &["check", "--repair"]).done().contains("made anew"));
        let mut server = start(home.path(), "sqlite:chatroom.db");
        assert_eq!(hits(&server).await, wanted, "{damage}");
        assert!(server.terminate().0.success());
    }
}
