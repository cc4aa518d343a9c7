//! What every log must do: one suite, run for each.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "log/stream.rs"]
mod stream;

use std::path::Path;

use chatroom::command::{Address, Command, Entry};
use chatroom::config::Durability;
use chatroom::log::memory::MemoryLog;
use chatroom::log::sqlite::SqliteLog;
use chatroom::log::{AppendError, Log, codec};
use chatroom::name::NameKey;
use chatroom::text::Text;
use chatroom::timestamp::Timestamp;

/// A kind of log, and a folder in which it may keep what it keeps.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Memory,
    Sqlite(Durability),
    Jetstream,
}

const ALL: &[Kind] = &[
    Kind::Memory,
    Kind::Sqlite(Durability::Full),
    Kind::Sqlite(Durability::Fast),
    Kind::Jetstream,
];

impl Kind {
    fn open(self, folder: &Path) -> Box<dyn Log> {
        match self {
            Kind::Memory => Box::new(MemoryLog),
            Kind::Sqlite(durability) => {
                Box::new(SqliteLog::open(&folder.join("log.db"), durability).unwrap())
            }
            Kind::Jetstream => Box::new(stream::open(folder)),
        }
    }

    fn is_durable(self) -> bool {
        !matches!(self, Kind::Memory)
    }
}

/// Runs `check` for every kind, each in a folder of its own.
fn each(check: impl Fn(Kind, &Path)) {
    for kind in ALL {
        println!("{kind:?}");
        check(*kind, tempfile::tempdir().unwrap().path());
    }
}

/// An entry that is known by its number.
fn entry(number: u64) -> Entry {
    let command = Command::Send {
        sender: NameKey::lookup("ann"),
        recipient: Address::User(NameKey::lookup("bob")),
        text: Text::new(&number.to_string()),
        once: None,
        shown: None,
    };
    Entry::new(Timestamp(1_700_000_000_000 + number), command)
}

fn entries(numbers: std::ops::Range<u64>) -> Vec<Entry> {
    numbers.map(entry).collect()
}

/// The promised bytes of an entry, to compare by.
fn bytes(entry: &Entry) -> String {
    let mut out = Vec::new();
    codec::encode(entry, &mut out);
    String::from_utf8(out).unwrap()
}

/// Opens the log and reads all of it.
fn replayed(kind: Kind, folder: &Path) -> (Box<dyn Log>, Vec<String>) {
    let mut log = kind.open(folder);
    let mut seen = Vec::new();
    log.replay(0, &mut |entry| seen.push(bytes(&entry))).unwrap();
    (log, seen)
}

fn wanted(kind: Kind, numbers: std::ops::Range<u64>) -> Vec<String> {
    let numbers = if kind.is_durable() { numbers } else { 0..0 };
    entries(numbers).iter().map(bytes).collect()
}

#[test]
fn a_new_log_is_empty() {
    each(|kind, folder| {
        let (log, seen) = replayed(kind, folder);
        assert_eq!(seen, [""; 0]);
        drop(log);
        assert_eq!(replayed(kind, folder).1, [""; 0]);
    });
}

#[test]
fn what_was_appended_is_replayed_in_its_order() {
    each(|kind, folder| {
        let (mut log, _) = replayed(kind, folder);
        let mut next = 0;
        for size in [1, 2, 1, 64, 1, 500, 3] {
            log.append(&entries(next..next + size)).unwrap();
            next += size;
        }
        drop(log);
        assert_eq!(replayed(kind, folder).1, wanted(kind, 0..next));
    });
}

#[test]
fn a_log_goes_on_after_it_was_opened_again() {
    each(|kind, folder| {
        for round in 0..5 {
            let (mut log, seen) = replayed(kind, folder);
            assert_eq!(seen, wanted(kind, 0..round * 20));
            log.append(&entries(round * 20..round * 20 + 13)).unwrap();
            log.append(&entries(round * 20 + 13..round * 20 + 20)).unwrap();
        }
    });
}

#[test]
fn an_empty_batch_is_nothing() {
    each(|kind, folder| {
        let (mut log, _) = replayed(kind, folder);
        log.append(&[]).unwrap();
        log.append(&entries(0..1)).unwrap();
        log.append(&[]).unwrap();
        drop(log);
        assert_eq!(replayed(kind, folder).1, wanted(kind, 0..1));
    });
}

#[test]
fn trying_a_log_leaves_it_as_it_is() {
    each(|kind, folder| {
        let files = || {
            let mut names: Vec<_> =
                std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let (mut log, _) = replayed(kind, folder);
        log.append(&entries(0..1)).unwrap();
        let before = files();
        log.probe().unwrap();
        assert_eq!(files(), before);
        log.append(&entries(1..2)).unwrap();
        drop(log);
        assert_eq!(replayed(kind, folder).1, wanted(kind, 0..2));
    });
}

#[test]
fn a_batch_may_be_large() {
    each(|kind, folder| {
        let (mut log, _) = replayed(kind, folder);
        log.append(&entries(0..20_000)).unwrap();
        drop(log);
        assert_eq!(replayed(kind, folder).1, wanted(kind, 0..20_000));
    });
}

#[test]
fn every_command_and_every_text_comes_back() {
    let golden = include_str!("golden/entries.jsonl");
    let mut all: Vec<Entry> = golden.lines().map(|line| codec::decode(line).unwrap()).collect();
    for text in ["", "\0", "\r\n\u{2028}", "🚀 é e\u{301}", "\"\\\u{fffd}", &"x".repeat(1 << 20)]
    {
        let Entry { at, mut command, .. } = entry(0);
        if let Command::Send { text: said, .. } = &mut command {
            *said = Text::new(text);
        }
        all.push(Entry::new(at, command));
    }
    each(|kind, folder| {
        let (mut log, _) = replayed(kind, folder);
        log.append(&all).unwrap();
        drop(log);
        let all = if kind.is_durable() { &all[..] } else { &[] };
        assert_eq!(replayed(kind, folder).1, all.iter().map(bytes).collect::<Vec<_>>());
    });
}

/// The batches of a log that is still open, as a crash would leave them: the store as it is, and
/// the write-ahead log cut anywhere.
#[test]
fn a_crash_leaves_whole_batches_wherever_it_cuts() {
    const BATCH: u64 = 7;
    const BATCHES: u64 = 30;
    for durability in [Durability::Full, Durability::Fast] {
        let kind = Kind::Sqlite(durability);
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = replayed(kind, folder.path());
        for batch in 0..BATCHES {
            log.append(&entries(batch * BATCH..(batch + 1) * BATCH)).unwrap();
        }
        let store = std::fs::read(folder.path().join("log.db")).unwrap();
        let ahead = std::fs::read(folder.path().join("log.db-wal")).unwrap();
        assert!(ahead.len() > 100_000, "the batches are in the write-ahead log");
        let mut counts = Vec::new();
        for step in 0..=100 {
            let crashed = tempfile::tempdir().unwrap();
            let cut = ahead.len() * step / 100;
            std::fs::write(crashed.path().join("log.db"), &store).unwrap();
            std::fs::write(crashed.path().join("log.db-wal"), &ahead[..cut]).unwrap();
            let seen = replayed(kind, crashed.path()).1;
            let count = seen.len() as u64;
            assert_eq!(count % BATCH, 0, "cut at {cut}");
            assert_eq!(seen, wanted(kind, 0..count), "cut at {cut}");
            counts.push(count);
        }
        assert!(counts.is_sorted(), "{counts:?}");
        assert_eq!((counts[0], counts[100]), (0, BATCH * BATCHES));
    }
}

#[test]
fn a_log_that_is_open_cannot_be_opened_again() {
    each(|kind, folder| {
        let Kind::Sqlite(durability) = kind else { return };
        let log = kind.open(folder);
        let again = SqliteLog::open(&folder.join("log.db"), durability);
        assert!(again.unwrap_err().to_string().contains("in use"));
        drop(log);
        kind.open(folder);
    });
}

#[test]
fn a_damaged_entry_ends_the_replay_and_what_came_before_it_was_given() {
    for durability in [Durability::Full, Durability::Fast] {
        let kind = Kind::Sqlite(durability);
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = replayed(kind, folder.path());
        log.append(&entries(0..10)).unwrap();
        drop(log);
        let db = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();
        db.execute_batch("UPDATE log SET entry = replace(entry, '\"5\"', '\"6\"')").unwrap();
        drop(db);
        let mut log = kind.open(folder.path());
        let mut seen = Vec::new();
        let damage = log.replay(0, &mut |entry| seen.push(bytes(&entry))).unwrap_err();
        assert!(damage.to_string().contains("entry 6"), "{damage}");
        assert_eq!(seen, wanted(kind, 0..5));
    }
}

#[test]
fn a_failure_says_whether_it_may_be_tried_again() {
    // These are what the node decides by; a failed sync must never be taken for a full disk.
    let words = [
        (AppendError::Full, "full"),
        (AppendError::Failed("busy".into()), "could not be written"),
        (AppendError::Broken("input/output error".into()), "could not be synced"),
    ];
    for (error, word) in words {
        assert!(error.to_string().contains(word), "{error}");
    }
}
