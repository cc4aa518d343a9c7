//! Ten thousand long polls that wait at once.

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::chat;
use super::child::Child;
use super::compare::quantile;
use super::drive;
use super::http::{Pool, request};
use super::table;

/// Who waits.
const WAITING: usize = 10_000;
/// Those of them who are in the room.
const IN_ROOM: usize = 5_000;
/// The open room that every server has.
const ROOM: &str = "room_General";
/// How often a message is sent to the room.
const ROUNDS: usize = 7;

/// Memory while they wait, and how soon a message to half of them reaches the last.
pub(crate) fn waiting(home: &Path) -> io::Result<()> {
    let server = Child::start(home, &["memory"])?;
    let port = server.port(0);
    let users: Vec<_> = (0..WAITING).map(|n| chat::register(&chat::name(n))).collect();
    drive::all(port, &users)?;
    let join = |n| {
        let name = chat::name(n);
        let body = format!("{{\"username\":\"{name}\",\"room_id\":\"{ROOM}\"}}");
        request("POST", "/join_room", Some(&body))
    };
    drive::all(port, &(0..IN_ROOM).map(join).collect::<Vec<_>>())?;

    let mut pool = Pool::open(port, WAITING)?;
    let mut speaker = Pool::open(port, 1)?;
    let mut cursor = 0;
    let wait = |n, cursor| chat::poll(&chat::name(n), cursor, "&wait=55");
    for n in 0..WAITING {
        pool.send(n, &wait(n, cursor))?;
    }
    settle(&server)?;
    let memory = server.resident()?;
    table::at_most("10,000 long polls waiting: memory", Some(320.0), memory, "MiB", "");

    let (mut last, mut median) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (mut times, mut answered) = (Vec::new(), Vec::new());
        let begin = Instant::now();
        let id = chat::send_for_id(&mut speaker, "user_0", ROOM, round as u64)?;
        while times.len() < IN_ROOM {
            pool.receive(Some(Duration::from_secs(10)), &mut answered)?;
            if answered.is_empty() {
                let missing = IN_ROOM - times.len();
                return Err(io::Error::other(format!("{missing} polls were not answered")));
            }
            let now = begin.elapsed().as_secs_f64() * 1e3;
            times.extend(answered.drain(..).map(|_| now));
        }
        last.push(quantile(&mut times, 1.0));
        median.push(quantile(&mut times, 0.5));
        cursor = cursor.max(id);
        for n in 0..IN_ROOM {
            pool.send(n, &wait(n, cursor))?;
        }
        settle(&server)?;
    }
    let (low, high) = (quantile(&mut last, 0.0), quantile(&mut last, 1.0));
    let spread = format!("{low:.0} – {high:.0}");
    let last = quantile(&mut last, 0.5);
    table::at_most("a message to 5,000 waiting: the last", Some(200.0), last, "ms", &spread);
    let median = quantile(&mut median, 0.5);
    table::at_most("a message to 5,000 waiting: the median", None, median, "ms", "");
    let memory = server.resident()?;
    table::at_most("memory after that", None, memory, "MiB", "");
    Ok(())
}

/// Returns when the server has nothing to do: its processor time stands still.
fn settle(server: &Child) -> io::Result<()> {
    let mut before = None;
    loop {
        let now = server.cpu()?;
        if before == Some(now) {
            return Ok(());
        }
        before = Some(now);
        thread::sleep(Duration::from_millis(100));
    }
}
