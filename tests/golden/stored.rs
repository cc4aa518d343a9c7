//! What a store keeps beside its log, byte by byte: the snapshot of the state, the rows of the
//! archive.
//!
//! `snapshot.jsonl` and `archive.jsonl` are what entries become. They are
//! written anew by `CHATROOM_BLESS=1`, which is right before a release only.

use std::path::Path;

use chatroom::archive::{self, Keeper};
use chatroom::history::{Mark, Record};
use chatroom::log::codec;
use chatroom::state::State;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use super::{assert_refused, no_more};

const SNAPSHOTS: &str = include_str!("snapshot.jsonl");
const ROWS: &str = include_str!("archive.jsonl");

const TABLES: [&str; 4] = ["messages", "lines", "places", "progress"];

/// Entries that are all taken, and have much to archive: the other golden ones tell no story.
const STORY: &str = include_str!("story.jsonl");

/// The state after entries, with all that was said.
fn told(entries: &str) -> State {
    let (mut state, mut events) = (State::default(), Vec::new());
    state.keep_for_archive(usize::MAX, 0);
    for line in entries.lines() {
        let _ = state.apply(codec::decode(line).unwrap(), &mut events);
    }
    state
}

fn bless(name: &str, text: &str) -> bool {
    let wanted = std::env::var_os("CHATROOM_BLESS").is_some();
    if wanted {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
        std::fs::write(format!("{folder}/{name}"), text).unwrap();
    }
    wanted
}

#[test]
fn a_state_is_written_as_exactly_this_snapshot_and_read_from_it() {
    let written = [super::ENTRIES, STORY]
        .map(|entries| String::from_utf8(told(entries).to_snapshot().unwrap()).unwrap() + "\n")
        .concat();
    if bless("snapshot.jsonl", &written) {
        return;
    }
    assert_eq!(written, SNAPSHOTS);
    for line in SNAPSHOTS.lines() {
        let state = State::from_snapshot(line.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(state.to_snapshot().unwrap()).unwrap(), line);
    }
}

#[test]
fn a_snapshot_of_another_version_or_shape_is_an_error() {
    let read = |line: &str| State::from_snapshot(line.as_bytes()).map(|_| ());
    assert_refused(SNAPSHOTS, ("position", "place"), no_more, read);
    // What a newer program keeps beside it is not dropped by an older one.
    for begin in ["state", "users", "rooms", "accounts", "sessions", "projects"] {
        let begin = format!("\"{begin}\":{{");
        for line in SNAPSHOTS.lines() {
            let more = line.replacen(&begin, &format!("{begin}\"more\":0,"), 1);
            assert_ne!(more, line);
            let what = read(&more).unwrap_err();
            assert!(what.contains("unknown field `more`"), "{begin} {what}");
        }
    }
}

/// What an archive has in its tables, a row a line.
fn rows(file: &Path) -> String {
    let db = Connection::open(file).unwrap();
    let mut lines = String::new();
    for table in TABLES {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells = (0..columns).map(|column| match row.get::<_, Cell>(column).unwrap() {
                Cell::Integer(number) => json!(number),
                Cell::Text(text) => json!(text),
                Cell::Blob(bytes) => json!({ "hex": data_encoding::HEXLOWER.encode(&bytes) }),
                other => panic!("{other:?}"),
            });
            let cells: Vec<_> = cells.collect();
            lines += &format!("{}\n", json!({ "table": table, "row": cells }));
        }
    }
    lines
}

/// Everything that an archive says: each message with its lines.
fn messages(file: &Path) -> Vec<String> {
    let db = Connection::open(file).unwrap();
    archive::audit(file, &db).unwrap();
    let mut messages = Vec::new();
    archive::each_message(file, &db, |message, lines| {
        messages.push(format!("{message:?} in {lines:?}"));
        Ok::<_, archive::ArchiveError>(())
    })
    .unwrap();
    messages
}

#[test]
fn an_archive_has_exactly_these_rows_and_is_read_from_them() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("written");
    let mut keeper = Keeper::open(&file).unwrap();
    let state = told(STORY);
    let records: Vec<Record> = state.records_after(0).map(|(_, record)| record.clone()).collect();
    assert!(records.iter().filter(|record| record.is_posted()).count() > 5, "much was said");
    let mark = Mark { position: state.position(), sign: "0badcafe".to_owned() };
    keeper.take(&records, mark).unwrap();
    drop(keeper);
    let written = rows(&file);
    if bless("archive.jsonl", &written) {
        return;
    }
    assert_eq!(written, ROWS);

    // The rows alone are the archive: its index is made of them.
    let (bare, read) = (home.path().join("bare"), home.path().join("read"));
    drop(Keeper::open(&bare).unwrap());
    let db = Connection::open(&bare).unwrap();
    for line in ROWS.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let cells: Vec<Cell> = line["row"].as_array().unwrap().iter().map(cell).collect();
        let places = vec!["?"; cells.len()].join(", ");
        let table = line["table"].as_str().unwrap();
        let insert = format!("INSERT INTO {table} VALUES ({places})");
        db.execute(&insert, rusqlite::params_from_iter(cells)).unwrap();
    }
    archive::mend(&bare, &db, &read).unwrap();
    assert_eq!(messages(&read), messages(&file));
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Number(number) => Cell::Integer(number.as_i64().unwrap()),
        Value::String(text) => Cell::Text(text.clone()),
        Value::Object(hex) => {
            let hex = hex["hex"].as_str().unwrap();
            Cell::Blob(data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap())
        }
        other => panic!("{other}"),
    }
}
