//! What the server does not start with: a store that is in use, foreign or damaged; a taken port.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Server, command};
use tempfile::TempDir;

const STORE: &[&str] = &["--store", "sqlite:chatroom.db"];

/// Starts the server with `args` in `home`, sees it refuse, and gives its one sentence.
fn refusal(home: &Path, args: &[&str]) -> String {
    let mut command = command(home);
    command.arg("serve").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                let _ = child.kill();
                panic!("{args:?}: it started");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let (mut said, mut printed) = (String::new(), String::new());
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    assert_eq!(printed, "", "nothing was ready");
    let sentence = said.strip_prefix("chatroom: ").unwrap_or_else(|| panic!("{said}"));
    let sentence = sentence.trim_end();
    assert!(sentence.ends_with('.') && !sentence.contains('\n'), "not a sentence: {said}");
    assert!(!sentence.contains("unwrap") && !sentence.contains("Error {"), "{said}");
    sentence.to_owned()
}

fn free_port_refusal(home: &Path, args: &[&str]) -> String {
    refusal(home, &[&["--port", "0"], args].concat())
}

/// A folder with a store of some messages, its server stopped.
async fn stored() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), STORE);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    for number in 0..200 {
        let text = format!("number {number} {}", "x".repeat(200));
        client.send("ann", "bob", &text, &number.to_string()).await;
    }
    assert!(server.terminate().0.success());
    let file = home.path().join("chatroom.db");
    (home, file)
}

fn position(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).expect("it is in there")
}

/// Writes `bytes` as the store, sees it refused with the name of the file, and left alone.
fn assert_refused(home: &Path, file: &Path, bytes: &[u8], what: &str) -> String {
    println!("{what}");
    std::fs::write(file, bytes).unwrap();
    let sentence = free_port_refusal(home, STORE);
    assert!(sentence.contains("chatroom.db"), "{what}: {sentence}");
    assert!(std::fs::read(file).unwrap() == bytes, "{what}: the file was changed");
    sentence
}

#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused_and_the_first_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start_in(home.path(), STORE);
    let sentence = free_port_refusal(home.path(), STORE);
    assert!(sentence.contains("in use") && sentence.contains("--store"), "{sentence}");
    assert!(sentence.contains(&server.pid().to_string()), "which process: {sentence}");
    server.client().register(&["ann"]).await;
}

#[tokio::test]
async fn it_is_the_same_file_by_whatever_path() {
    let home = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let server = Server::start_in(home.path(), STORE);
    let file = home.path().join("chatroom.db");
    let link = other.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for path in [&file, &link, &home.path().join("./chatroom.db")] {
        let store = format!("sqlite:{}", path.display());
        let sentence = free_port_refusal(other.path(), &["--store", &store]);
        assert!(sentence.contains("in use"), "{sentence}");
    }
    server.client().register(&["ann"]).await;
}

#[tokio::test]
async fn a_file_is_free_again_after_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), STORE);
    server.client().register(&["ann"]).await;
    server.kill();
    let server = Server::start_in(home.path(), STORE);
    server.client().register(&["bob"]).await;
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("chatroom.db");
    let long = "a text. ".repeat(1000);
    for bytes in [b"x".as_slice(), b"just a text file\n", long.as_bytes(), &[0; 4096]] {
        let sentence = assert_refused(home.path(), &file, bytes, "a text");
        assert!(sentence.contains("--store"), "what to do: {sentence}");
    }
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    for mode in ["delete", "wal"] {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("chatroom.db");
        let db = rusqlite::Connection::open(&file).unwrap();
        db.pragma_update(None, "journal_mode", mode).unwrap();
        db.execute_batch("CREATE TABLE log (a); INSERT INTO log VALUES (1);").unwrap();
        db.close().unwrap();
        let bytes = std::fs::read(&file).unwrap();
        let sentence = assert_refused(home.path(), &file, &bytes, mode);
        assert!(sentence.contains("--store"), "{sentence}");
    }
}

#[tokio::test]
async fn a_directory_or_a_folder_that_is_not_there_is_refused() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("folder")).unwrap();
    for store in ["folder", "no/such/folder/chat.db"] {
        let sentence = free_port_refusal(home.path(), &["--store", &format!("sqlite:{store}")]);
        assert!(sentence.contains(store), "{sentence}");
    }
}

#[tokio::test]
async fn an_empty_file_is_a_new_store() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("chatroom.db"), "").unwrap();
    let mut server = Server::start_in(home.path(), STORE);
    server.client().register(&["ann"]).await;
    server.terminate();
    let server = Server::start_in(home.path(), STORE);
    assert_eq!(server.client().get("/online").await.1["online_users"], json!(["ann"]));
}

#[tokio::test]
async fn a_flipped_byte_is_noticed_wherever_it_stands() {
    let (home, file) = stored().await;
    let good = std::fs::read(&file).unwrap();
    let page = usize::from(u16::from_be_bytes([good[16], good[17]]));
    assert!(good.len() > 8 * page, "several pages to damage");
    let root = {
        let db = rusqlite::Connection::open(&file).unwrap();
        let query = "SELECT rootpage FROM sqlite_schema WHERE name = 'log'";
        (db.query_row(query, [], |row| row.get::<_, u32>(0)).unwrap() as usize - 1) * page
    };
    // The root page keeps stale copies of the first entries where no cell is any more.
    let entry = |needle| 3 * page + position(&good[3 * page..], needle);
    let middle = entry(b"number 100 ");
    for (place, at) in [
        ("the magic", 0),
        ("the page size", 16),
        ("the layout version", 63),
        ("the mark of a chatroom store", 70),
        ("the schema's page header", 100),
        ("the schema", position(&good, b"CREATE TABLE log") + 3),
        // The second page says where the others belong: it is read when space is given back.
        ("the root page's header", root),
        ("the root page's cells", root + 13),
        ("an inner page's header", 5 * page),
        ("the last page's header", good.len() - page),
        ("the epoch", entry(b"\"begin\"") + 20),
        ("a message", middle),
        ("a message's filling", middle + 100),
        ("a time", entry(b"\"at\":") + 6),
        ("the newest message", entry(b"number 199 ") + 3),
    ] {
        let mut bytes = good.clone();
        bytes[at] ^= 0x04;
        assert_refused(home.path(), &file, &bytes, place);
    }
    std::fs::write(&file, &good).unwrap();
    let server = Server::start_in(home.path(), STORE);
    let (_, body) = server.client().get("/messages?username=bob").await;
    assert_eq!(body["messages"].as_array().unwrap().len(), 200);
}

#[tokio::test]
async fn a_file_that_was_cut_is_noticed() {
    let (home, file) = stored().await;
    let good = std::fs::read(&file).unwrap();
    let page = usize::from(u16::from_be_bytes([good[16], good[17]]));
    for length in
        [1, 15, 99, 100, 1000, page, page + 1, good.len() / 2, good.len() - page, good.len() - 1]
    {
        assert_refused(home.path(), &file, &good[..length], &format!("cut to {length}"));
    }
}

#[tokio::test]
async fn a_file_that_was_cut_among_zeros_is_noticed() {
    let (home, file) = stored().await;
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute_batch(
        "PRAGMA secure_delete = on; CREATE TABLE zeros (a); \
         INSERT INTO zeros VALUES (zeroblob(20000)); DROP TABLE zeros;",
    )
    .unwrap();
    db.close().unwrap();
    let good = std::fs::read(&file).unwrap();
    assert_eq!(good[good.len() - 1], 0, "free pages at the end");
    assert_refused(home.path(), &file, &good[..good.len() - 1], "a byte short");
    std::fs::write(&file, &good).unwrap();
    Server::start_in(home.path(), STORE);
}

#[tokio::test]
async fn entries_that_were_edited_removed_or_moved_are_noticed() {
    let (home, file) = stored().await;
    let good = std::fs::read(&file).unwrap();
    for edit in [
        "UPDATE log SET entry = replace(entry, 'number 7 ', 'number 8 ') WHERE seq = 12",
        "UPDATE log SET checksum = checksum + 1 WHERE seq = 50",
        "DELETE FROM log WHERE seq = 1",
        "DELETE FROM log WHERE seq = 100",
        "UPDATE log SET seq = 100000 WHERE seq = 100",
        "UPDATE log SET seq = -seq WHERE seq = 100",
        "INSERT INTO log SELECT max(seq) + 1, entry, checksum FROM log",
        "INSERT INTO log SELECT 0, entry, checksum FROM log WHERE seq = 1",
        "ALTER TABLE log RENAME COLUMN entry TO entries",
        "ALTER TABLE log RENAME TO logs",
        "DROP TABLE log",
        "PRAGMA user_version = 3",
        "PRAGMA user_version = 0",
    ] {
        std::fs::write(&file, &good).unwrap();
        let db = rusqlite::Connection::open(&file).unwrap();
        db.execute_batch(edit).unwrap();
        db.close().unwrap();
        let edited = std::fs::read(&file).unwrap();
        assert!(edited != good, "{edit}: it changed nothing");
        assert_refused(home.path(), &file, &edited, edit);
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let server = Server::memory();
    let home = tempfile::tempdir().unwrap();
    let port = server.port().to_string();
    let args = ["--store", "memory:", "--host", "127.0.0.1", "--port", &port];
    let sentence = refusal(home.path(), &args);
    assert!(sentence.contains(&format!("127.0.0.1:{port}")), "{sentence}");
    assert!(sentence.contains("taken") && sentence.contains("--port"), "{sentence}");
}
