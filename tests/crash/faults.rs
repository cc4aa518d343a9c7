//! The same with a server that is short of memory, ended at each place where it archives,
//! snapshots, trims, gives space back or migrates.
//!
//! 200 rounds with `CHATROOM_SLOW=1`, else two for each place.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::random_range;

use crate::load::{self, Writer};
use crate::support::checker::Seen;
use crate::support::wire::Wire;
use crate::support::{self, Server, chat};
use crate::verdict;

/// Where history is written, in `src/fault.rs`'s terms.
const PLACES: &[&str] = &[
    "archive.before_commit",
    "archive.committed",
    "snapshot.before",
    "snapshot.committed",
    "trim.before_commit",
    "trim.committed",
    "log.vacuumed",
];

const WRITERS: usize = 8;

/// Some ten messages in memory, and a snapshot after every sixty entries.
const SHORT: [(&str, &str); 2] =
    [("CHATROOM_HISTORY_MEMORY_BYTES", "4000"), ("CHATROOM_HISTORY_SNAPSHOT_ENTRIES", "60")];

/// How long a server may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn rounds(least: usize) -> usize {
    if std::env::var("CHATROOM_SLOW").is_ok_and(|slow| slow == "1") { 200 } else { least }
}

/// Starts a server that ends at a place; its port, if it comes so far as to have one.
pub(crate) fn doomed(
    home: &Path,
    place: &str,
    count: u32,
    more: &[(&str, &str)],
) -> (Child, Option<u16>) {
    let mut command = support::command(home);
    command.args(["serve", "--port", "0", "--store", "sqlite:chatroom.db"]).envs(SHORT);
    command.envs(more.iter().copied()).env("FAULT_POINT", format!("{place}:{count}"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| support::address_in(&line)).map(|(_, port)| port);
    std::thread::spawn(move || lines.for_each(drop));
    (child, port)
}

/// Waits for the end of a doomed server; ends it where its place was not passed.
pub(crate) fn ended(mut child: Child) -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn healthy(home: &Path) -> Server {
    let mut command = support::command(home);
    command.args(["serve", "--port", "0", "--store", "sqlite:chatroom.db"]).envs(SHORT);
    Server::launch(home, &mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_whole_wherever_its_writing_ends() {
    let home = tempfile::tempdir().unwrap();
    let mut writers: Vec<Writer> = Vec::new();
    let rounds = rounds(2 * PLACES.len());
    let mut reached = 0;
    for round in 0..=rounds {
        let mut server = healthy(home.path());
        let mut wire = Wire::connect(server.port()).await.unwrap();
        if round == 0 {
            writers = load::enrol(&mut wire, WRITERS).await;
        }
        for writer in &mut writers {
            writer.settle(&mut wire).await;
        }
        verdict::judge(&mut wire, &writers, &[] as &[Seen]).await;
        drop(wire);
        server.kill();
        check(home.path());
        if round == rounds {
            break;
        }
        let place = PLACES[round % PLACES.len()];
        let (child, port) = doomed(home.path(), place, random_range(1..4), &[]);
        if let Some(port) = port {
            let working: Vec<_> =
                writers.drain(..).map(|writer| tokio::spawn(writer.work(port))).collect();
            let ended = tokio::task::spawn_blocking(move || ended(child));
            reached += usize::from(ended.await.unwrap());
            for writer in working {
                writers.push(writer.await.unwrap());
            }
        } else {
            reached += usize::from(ended(child));
        }
    }
    let acked: usize = writers.iter().map(|writer| writer.acked.len()).sum();
    eprintln!("faults: {reached} of {rounds} places reached, {acked} messages acknowledged");
    assert_eq!(reached, rounds, "every place is passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_is_done_or_not() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let mut wire = Wire::connect(server.port()).await.unwrap();
    let mut writers = load::enrol(&mut wire, WRITERS).await;
    let port = server.port();
    let working: Vec<_> = writers.drain(..).map(|w| tokio::spawn(w.work(port))).collect();
    while chat::history(&mut wire, "writer0").await.unwrap().len() < 100 {}
    drop(wire);
    server.terminate();
    for writer in working {
        writers.push(writer.await.unwrap());
    }
    let mut server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let mut wire = Wire::connect(server.port()).await.unwrap();
    for writer in &mut writers {
        writer.settle(&mut wire).await;
    }
    drop(wire);
    server.terminate();
    let store = home.path().join("chatroom.db");
    let db = rusqlite::Connection::open(&store).unwrap();
    // What the layout before had.
    db.execute_batch(
        "PRAGMA journal_mode = delete; DROP TABLE trimmed; PRAGMA user_version = 1; \
         PRAGMA auto_vacuum = 0; VACUUM;",
    )
    .unwrap();
    db.close().unwrap();
    let old = std::fs::read(&store).unwrap();
    for place in ["migration.vacuumed", "migration.before_commit", "migration.committed"] {
        std::fs::write(&store, &old).unwrap();
        for side in ["-wal", "-shm", "-journal", "-archive", "-archive-wal", "-archive-shm"] {
            let _ = std::fs::remove_file(format!("{}{side}", store.display()));
        }
        let (child, port) = doomed(home.path(), place, 1, &[]);
        assert_eq!(port, None, "{place}");
        assert!(ended(child), "{place}");
        let mut server = healthy(home.path());
        let mut wire = Wire::connect(server.port()).await.unwrap();
        verdict::judge(&mut wire, &writers, &[] as &[Seen]).await;
        drop(wire);
        server.terminate();
    }
}

/// Has a stopped store looked through, by `chatroom check` and by SQLite itself.
pub(crate) fn check(home: &Path) {
    let mut command = support::command(home);
    let output = command.args(["check", "--store", "sqlite:chatroom.db"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for file in ["chatroom.db", "chatroom.db-archive"] {
        let db = rusqlite::Connection::open(home.join(file)).unwrap();
        let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{file}");
    }
}
