//! How long a message takes to those who wait for it.

use std::io;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::chat;
use super::child::Child;
use super::compare::quantile;
use super::drive;
use super::http::{Pool, request};
use super::table;

/// Between one message and the next: 1,000 a second.
const EVERY: Duration = Duration::from_millis(1);
/// How many messages are sent.
const MESSAGES: usize = 5_000;
/// Who receives them in turn, each with a long poll and a stream.
const READERS: usize = 10;
/// When a message that has not come is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// What stands before the time of sending in a message's text, and what ends it.
pub(crate) const MARK: (&str, &str) = ("sent at ", " ns");

/// Sends at a steady rate to readers that wait.
pub(crate) fn latency(home: &Path) -> io::Result<()> {
    for store in ["memory", "full"] {
        let server = Child::start(home, &[store])?;
        let port = server.port(0);
        let names = (0..READERS).map(chat::name).chain(["sender".to_owned()]);
        drive::all(port, &names.map(|name| chat::register(&name)).collect::<Vec<_>>())?;
        let (clock, ready) = (Instant::now(), Barrier::new(3));
        let (polls, streams, rate) = thread::scope(|scope| {
            let polls = scope.spawn(|| poll(port, clock, &ready));
            let streams = scope.spawn(|| stream(port, clock, &ready));
            let rate = send(port, clock, &ready);
            (polls.join(), streams.join(), rate)
        });
        let rate = rate?;
        for (reader, times) in [("waiting poll", polls), ("SSE reader", streams)] {
            let mut times = times.map_err(|_| io::Error::other("a reader panicked"))??;
            let (half, most) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
            let what = format!("delivery to a {reader}, {store}, {rate:.0}/s: median");
            let lost = MESSAGES - times.len();
            let spread = if lost > 0 { format!("{lost} lost") } else { format!("p99 {most:.2}") };
            table::at_most(&what, Some(5.0), half, "ms", &spread);
        }
    }
    Ok(())
}

/// Sends all messages on time, or as soon as a connection is free; the rate that was reached.
fn send(port: u16, clock: Instant, ready: &Barrier) -> io::Result<f64> {
    let mut pool = Pool::open(port, 16)?;
    let mut free: Vec<usize> = (0..pool.len()).collect();
    ready.wait();
    let begin = Instant::now();
    for n in 0..MESSAGES {
        let due = EVERY * n as u32;
        loop {
            let early = due.saturating_sub(begin.elapsed());
            if early.is_zero() && !free.is_empty() {
                break;
            }
            pool.receive(Some(early.max(EVERY)), &mut free)?;
        }
        let Some(connection) = free.pop() else { continue };
        let text = format!("{}{}{}", MARK.0, clock.elapsed().as_nanos(), MARK.1);
        pool.send(connection, &chat::say("sender", &chat::name(n % READERS), &text))?;
    }
    let rate = MESSAGES as f64 / begin.elapsed().as_secs_f64();
    // A request whose connection is closed is not worth answering to a server.
    while free.len() < pool.len() {
        pool.receive(None, &mut free)?;
    }
    Ok(rate)
}

/// Long polls, one a reader; how many milliseconds each message took.
fn poll(port: u16, clock: Instant, ready: &Barrier) -> io::Result<Vec<f64>> {
    let mut pool = Pool::open(port, READERS)?;
    for n in 0..READERS {
        pool.send(n, &chat::poll(&chat::name(n), 0, "&wait=25"))?;
    }
    ready.wait();
    let (begin, mut times, mut answered) = (Instant::now(), Vec::new(), Vec::new());
    while times.len() < MESSAGES && begin.elapsed() < PATIENCE {
        pool.receive(Some(Duration::from_secs(1)), &mut answered)?;
        for n in answered.drain(..) {
            let body = String::from_utf8_lossy(pool.body(n)).into_owned();
            times.extend(ages(&body, clock));
            let cursor = chat::number(&body, "last_id").unwrap_or_default();
            pool.send(n, &chat::poll(&chat::name(n), cursor, "&wait=25"))?;
        }
    }
    Ok(times)
}

/// Streams, one a reader; how many milliseconds each message took.
fn stream(port: u16, clock: Instant, ready: &Barrier) -> io::Result<Vec<f64>> {
    let mut pool = Pool::open(port, READERS)?;
    for n in 0..READERS {
        let path = format!("/events?username={}", chat::name(n));
        pool.send(n, &request("GET", &path, None))?;
    }
    let (mut times, mut some, mut begun) = (Vec::new(), Vec::new(), 0);
    while begun < READERS {
        pool.receive_bytes(None, &mut some)?;
        begun += take_events(&mut pool, &mut some).matches("event:ready").count();
    }
    ready.wait();
    let begin = Instant::now();
    while times.len() < MESSAGES && begin.elapsed() < PATIENCE {
        pool.receive_bytes(Some(Duration::from_secs(1)), &mut some)?;
        times.extend(ages(&take_events(&mut pool, &mut some), clock));
    }
    Ok(times)
}

/// The complete events that came on these connections, without spaces after a field's name.
fn take_events(pool: &mut Pool, connections: &mut Vec<usize>) -> String {
    let mut text = String::new();
    for connection in connections.drain(..) {
        let bytes = pool.bytes(connection);
        let Some(last) = bytes.windows(2).rposition(|two| two == b"\n\n") else { continue };
        let some = String::from_utf8_lossy(&bytes[..last + 2]);
        // Only the chunks' frames have a carriage return: their sizes stand alone between two.
        let is_size = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.extend(some.split("\r\n").filter(|part| !is_size(part)));
        bytes.drain(..last + 2);
    }
    text.replace("event: ", "event:")
}

/// How many milliseconds ago each message in `text` was sent.
pub(crate) fn ages(text: &str, clock: Instant) -> Vec<f64> {
    let now = clock.elapsed().as_nanos() as f64;
    let sent = text.split(MARK.0).skip(1).filter_map(|rest| rest.split_once(MARK.1));
    sent.filter_map(|(at, _)| Some((now - at.parse::<f64>().ok()?) / 1e6)).collect()
}
