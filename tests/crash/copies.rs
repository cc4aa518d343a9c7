//! Backups and stores that are made of them, ended in the middle: there is a whole file or none.

use std::path::Path;
use std::process::{Command, Output};

use crate::faults::{check, healthy, rounds};
use crate::load::{self, Writer};
use crate::support;
use crate::support::checker::Seen;
use crate::support::wire::Wire;

/// Where a backup is made, in `src/fault.rs`'s terms.
const BACKUP: &[&str] = &["pages.copied", "archive.copied", "file.made", "file.named"];

/// Where a store is made of it.
const RESTORE: &[&str] = &["pages.copied", "file.made", "file.named", "file.named:2"];

const WRITERS: usize = 8;

fn chatroom(home: &Path, fault: Option<&str>, line: &[&str]) -> Output {
    let mut command: Command = support::command(home);
    command.args(line);
    if let Some(place) = fault {
        let once = if place.contains(':') { "" } else { ":1" };
        command.env("FAULT_POINT", format!("{place}{once}"));
    }
    command.output().unwrap()
}

fn says(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_and_what_is_restored_of_it_are_whole_or_not_there() {
    let home = tempfile::tempdir().unwrap();
    let store = ["--store", "sqlite:chatroom.db"];
    let mut writers: Vec<Writer> = Vec::new();
    let rounds = rounds(BACKUP.len() + RESTORE.len());
    for round in 0..rounds {
        let mut server = healthy(home.path());
        let mut wire = Wire::connect(server.port()).await.unwrap();
        if round == 0 {
            writers = load::enrol(&mut wire, WRITERS).await;
        }
        for writer in &mut writers {
            writer.settle(&mut wire).await;
        }
        let before = acked(&writers);
        let working: Vec<_> =
            writers.drain(..).map(|writer| tokio::spawn(writer.work(server.port()))).collect();
        let place = BACKUP[round % BACKUP.len()];
        let folder = home.path().to_owned();
        let line = [["backup", "copy"], store].concat();
        let output = tokio::task::spawn_blocking(move || chatroom(&folder, Some(place), &line));
        let output = output.await.unwrap();
        assert!(!output.status.success(), "{place}: {}", says(&output));
        let copy = home.path().join("copy");
        assert_eq!(copy.exists(), place == "file.named", "{place}");
        if !copy.exists() {
            // The next attempt takes away what the killed one has left.
            let output = chatroom(home.path(), None, &[["backup", "copy"], store].concat());
            assert!(output.status.success(), "{}", says(&output));
        }
        server.kill();
        for writer in working {
            writers.push(writer.await.unwrap());
        }
        drop(wire);
        check(home.path());
        restore(&home.path().join("copy"), RESTORE[round % RESTORE.len()], before, &writers).await;
        std::fs::remove_file(&copy).unwrap();
    }
}

fn acked(writers: &[Writer]) -> usize {
    writers.iter().map(|writer| writer.acked.len()).sum()
}

/// Makes a store of a backup, is ended at a place, makes it once more; what was acknowledged before
/// the backup began is in it.
async fn restore(copy: &Path, place: &str, before: usize, writers: &[Writer]) {
    let home = tempfile::tempdir().unwrap();
    let store = ["--store", "sqlite:chatroom.db"];
    let line = [["restore", copy.to_str().unwrap()], store].concat();
    let output = chatroom(home.path(), Some(place), &line);
    assert!(!output.status.success(), "{place}: {}", says(&output));
    if !home.path().join("chatroom.db").exists() {
        // One of its files may have its name already: that is no store, for a server neither.
        if place == "file.named" {
            assert!(home.path().join("chatroom.db-archive").exists());
            let output = chatroom(home.path(), None, &["serve", "--port", "0", store[0], store[1]]);
            assert_eq!(output.status.code(), Some(2), "{}", says(&output));
            assert!(says(&output).contains("half made"), "{}", says(&output));
        }
        let output = chatroom(home.path(), None, &line);
        assert!(output.status.success(), "{place}: {}", says(&output));
    }
    let mut server = healthy(home.path());
    assert!(!home.path().join("chatroom.db.half").exists(), "{place}");
    let mut wire = Wire::connect(server.port()).await.unwrap();
    let mut found = 0;
    for (number, reader) in writers.iter().enumerate() {
        let seen = support::chat::history(&mut wire, &reader.name).await.unwrap();
        assert!(seen.windows(2).all(|pair| pair[0].id < pair[1].id), "ids ascend");
        found += seen.iter().filter(|seen| is_acked(seen, writers)).count();
        // Room messages are seen by four, and counted once.
        if (1..4).contains(&number) {
            found -= seen.iter().filter(|seen| seen.what.contains("room_1")).count();
        }
    }
    assert!(found >= before, "{found} of {before} that were acknowledged before the backup");
    drop(wire);
    server.terminate();
    check(home.path());
}

fn is_acked(seen: &Seen, writers: &[Writer]) -> bool {
    let mut acked = writers.iter().flat_map(|writer| &writer.acked);
    acked.any(|(_, sent)| sent.id == Some(seen.id) && sent.what == seen.what)
}
