//! A store of ten million messages against an empty one.
//!
//! Only when its name is asked for: making the store takes some minutes and some gigabytes.
//! `CHATROOM_MESSAGES` is how many there are.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use chatroom::command::{Address, Command, Entry, Participant, Policy};
use chatroom::config::{Access, Durability, Settings};
use chatroom::id::{Epoch, RoomId};
use chatroom::log::Log;
use chatroom::log::sqlite::SqliteLog;
use chatroom::name::{Name, NameKey};
use chatroom::node::{Absence, Archiving, Node};
use chatroom::text::Text;
use chatroom::timestamp::Timestamp;
use chatroom::token::TokenHash;

use super::chat::{self, CLIENTS};
use super::child::Child;
use super::compare::{compare, quantile};
use super::drive::Load;
use super::http::{Pool, request};
use super::table;

/// The file that the server named `years` opens.
pub(crate) const STORE: &str = "years.db";

/// Fewer messages would be no years, and no pages for every connection.
const LEAST: u64 = 500_000;

/// Messages on a page.
const PAGE: u64 = 500;

/// Entries in one append.
const BATCH: u64 = 10_000;

/// How long each load runs before the memory is looked at.
const LOAD: Duration = Duration::from_secs(10);

/// Searches for each word and order.
const SEARCHES: usize = 60;

/// Words that most messages, that some, and that few have.
const SOUGHT: [&str; 5] = ["the", "meeting", "the+meeting", "budget", "ha*"];

/// Words as they are said: the first often, the last seldom.
const WORDS: &[&str] = &[
    "the", "meeting", "we", "at", "tomorrow", "half", "please", "report", "is", "ready", "who",
    "has", "seen", "new", "draft", "train", "coffee", "budget", "kitchen", "server", "again",
    "friday", "window", "keys", "printer", "invoice", "harbour", "lantern", "marble", "quince",
];

pub(crate) fn years(home: &Path) -> Result<(), Box<dyn Error>> {
    let count: u64 = match std::env::var("CHATROOM_MESSAGES") {
        Ok(count) => count.parse()?,
        Err(_) => 10_000_000,
    };
    if count < LEAST {
        return Err(io::Error::other(format!("CHATROOM_MESSAGES: at least {LEAST}")).into());
    }
    let begun = Instant::now();
    make(&home.join(STORE), count)?;
    let size = |name: &str| {
        std::fs::metadata(home.join(name)).map_or(0.0, |file| file.len() as f64 / (1 << 20) as f64)
    };
    eprintln!(
        "{count} messages in {:.0?}: a log of {:.0} MiB, a history of {:.0} MiB",
        begun.elapsed(),
        size(STORE),
        size("years.db-archive"),
    );

    let started = Instant::now();
    let server = Child::start(home, &["years"])?;
    let mut pool = Pool::open(server.port(0), 1)?;
    chat::ask(&mut pool, &chat::poll("user_0", count, ""))?;
    let took = started.elapsed().as_secs_f64();
    table::at_most("years: start to the first answered poll", Some(2.0), took, "s", "");
    table::at_most("years: resident after it", Some(200.0), server.resident()?, "MiB", "");

    let port = server.port(0);
    let mut newest = 0;
    for n in 0..PAGE {
        newest = chat::send_for_id(&mut pool, "user_1", "room_1", n)?;
    }
    let page = |cursor| chat::poll("user_0", cursor, &format!("&with=room_1&limit={PAGE}"));
    let mut fresh = Load::new(port, CLIENTS, |_| page(newest - PAGE))?;
    // Every connection reads another old page, and reads that again.
    let mut old = Load::new(port, CLIENTS, |n| page(n as u64 * (count / 2) / CLIENTS as u64))?;
    // Every connection reads through a part of all pages, more than is kept of those it has read.
    let part = (count - 2 * PAGE) / CLIENTS as u64;
    let pages = |n: u64| (0..part / (2 * PAGE)).map(move |k| page(n * part + k * 2 * PAGE));
    let mut through = Load::in_turn(port, CLIENTS, |n| pages(n as u64).collect())?;
    let ratio = compare(&server, &mut fresh, &mut old)?;
    table::cost("years: a page of 500, old / fresh", 3.0, &ratio);
    let ratio = compare(&server, &mut fresh, &mut through)?;
    table::cost("years: the same, reading through all", 3.0, &ratio);
    for load in [&fresh, &old, &through] {
        let found = load.sample().matches("\"id\":").count() as u64;
        if found != PAGE {
            return Err(io::Error::other(format!("a page has {found} messages")).into());
        }
    }

    search(&mut pool)?;

    // Of somebody who has seen everything that was said until now.
    // What was said under the same key before has the id that it had then.
    let mut key = PAGE;
    let mut poll = |port| -> io::Result<Load> {
        let mut pool = Pool::open(port, 1)?;
        key += 1;
        let newest = chat::send_for_id(&mut pool, &chat::name(0), &chat::name(1), key)?;
        Load::new(port, CLIENTS, move |n| chat::poll(&chat::name(n), newest, ""))
    };
    let send = |port| {
        Load::new(port, CLIENTS, |n| chat::send(&chat::name(n), &chat::name((n + 1) % CLIENTS)))
    };
    poll(port)?.run(&server, LOAD)?;
    send(port)?.run(&server, LOAD)?;
    let resident = server.resident()?;
    table::at_most("years: resident under load", Some(300.0), resident, "MiB", "");
    drop(server);

    let server = Child::start(home, &["fast", "years"])?;
    chat::populate(server.port(0))?;
    // What the load has left is archived first.
    server.rest()?;
    let ratio = compare(&server, &mut poll(server.port(0))?, &mut poll(server.port(1))?)?;
    table::cost("years: poll, nothing new, / of an empty store", 1.1, &ratio);
    let ratio = compare(&server, &mut send(server.port(0))?, &mut send(server.port(1))?)?;
    table::cost("years: send / of an empty store", 1.1, &ratio);
    Ok(())
}

/// How long common words are looked for, each by several users, the newest first and the best.
fn search(pool: &mut Pool) -> Result<(), Box<dyn Error>> {
    for order in ["newest", "rank"] {
        let mut times = Vec::with_capacity(SEARCHES * SOUGHT.len());
        for n in 0..SEARCHES {
            for words in SOUGHT {
                let user = chat::name(n % CLIENTS);
                let path = format!("/search?username={user}&q={words}&order={order}");
                let begun = Instant::now();
                let found = chat::ask(pool, &request("GET", &path, None))?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
                if !found.contains("\"snippet\"") {
                    return Err(io::Error::other(format!("{words} was not found: {found}")).into());
                }
            }
        }
        let [half, most, all] = [0.5, 0.99, 1.0].map(|share| quantile(&mut times, share));
        let spread = format!("{half:.1} – {all:.1}");
        let what = format!("years: search for common words, {order}: p99");
        table::at_most(&what, Some(50.0), most, "ms", &spread);
    }
    Ok(())
}

/// Makes a store of `count` messages, half of them in one room of all, half from one to another.
fn make(path: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let mut log = SqliteLog::open(path, Durability::Fast)?;
    log.replay(0, &mut |_| {})?;
    let at = Timestamp(1_600_000_000_000);
    let key = |n: u64| NameKey::lookup(&chat::name(n as usize));
    let participant = |n: u64| Participant { given: chat::name(n as usize), key: key(n) };
    let users = CLIENTS as u64;
    let mut first = vec![Command::Begin { epoch: Epoch::from_random([7; 10]) }];
    for n in 0..users {
        let name = Name::parse(&chat::name(n as usize))?;
        let token = TokenHash::of(&n.to_string());
        first.push(Command::Register { name, token, proof: None, guest: false });
    }
    let participants = (1..users).map(participant).collect();
    first.push(Command::CreateRoom { admin: key(0), participants });
    let first: Vec<_> = first.into_iter().map(|command| Entry::new(at, command)).collect();
    log.append(&first)?;
    let mut dice = 1_u64;
    let mut random = move |end: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % end
    };
    let mut entries = Vec::with_capacity(BATCH as usize);
    for n in 0..count {
        let words = 4 + random(8);
        let mut text = String::new();
        for _ in 0..words {
            // Small numbers come more often.
            let most = 1 + random(WORDS.len() as u64);
            text.push_str(WORDS[random(most) as usize]);
            text.push(' ');
        }
        text.push_str(&n.to_string());
        let recipient = match n % 2 {
            0 => Address::Room(RoomId::Numbered(1)),
            _ => Address::User(key(random(users))),
        };
        let (sender, text) = (key(random(users)), Text::new(&text));
        let command = Command::Send { sender, recipient, text, once: None, shown: None };
        entries.push(Entry::new(Timestamp(at.0 + 10 * n), command));
        if entries.len() as u64 == BATCH || n + 1 == count {
            log.append(&entries)?;
            entries.clear();
        }
    }
    drop(log);
    hand_over(path, count)
}

/// Starts a node on the store until the archive has what was said, and the log is trimmed.
fn hand_over(path: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let settings = Settings::default();
    let runtime = tokio::runtime::Runtime::new()?;
    let _inside = runtime.enter();
    let log = Box::new(SqliteLog::open(path, Durability::Fast)?);
    let archiving = Archiving::beside(path, &settings.history);
    let node = Node::start(log, Some(&archiving), None::<Policy>, Absence::NEVER, Access::Open)?;
    node.settle();
    let begun = Instant::now();
    let db = rusqlite::Connection::open(path)?;
    let trimmed = || db.query_row("SELECT seq FROM trimmed", [], |row| row.get::<_, i64>(0));
    while (trimmed()? as u64) + settings.history.snapshot_entries < count {
        if begun.elapsed() > Duration::from_secs(1200) {
            return Err(io::Error::other("the log was not trimmed").into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    node.stop();
    Ok(())
}
