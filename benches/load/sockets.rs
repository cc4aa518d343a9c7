//! A room of five hundred sockets: what is said in it, here against the Socket.IO server of npm.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::chat;
use super::child::Child;
use super::compare::{Ratio, quantile};
use super::drive::Slice;
use super::latency::{MARK, ages};
use super::table;
use super::websocket::Sockets;

/// Who is in the room.
const MEMBERS: usize = 500;
/// The open room that every server has.
const ROOM: &str = "General";
/// Messages under way when a server has all it can do.
const OUTSTANDING: usize = 4;
/// How often each server has its turn.
const ROUNDS: usize = 11;
/// How long a turn is: its processor time is counted in steps of 10 ms.
const SLICE: Duration = Duration::from_secs(1);
/// Between one message and the next at a rate that all can keep: 20 a second.
const EVERY: Duration = Duration::from_millis(50);
/// How long nothing may come before something is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing comes when everybody has been told of everybody.
const QUIET: Duration = Duration::from_secs(2);

/// Where the other server is, with what it needs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load");

/// Both servers take turns; the first is the base.
pub(crate) fn sockets(home: &Path) -> io::Result<()> {
    install(home)?;
    let mut node = Command::new("node");
    node.arg(format!("{FOLDER}/socketio.mjs")).env("NODE_ENV", "production");
    let mut rooms = vec![Room::open("Node", Child::run(&mut node, 1)?)?];
    for store in ["memory", "fast", "full"] {
        rooms.push(Room::open(store, Child::start(home, &[store])?)?);
    }
    rooms.iter_mut().try_for_each(|room| room.saturate(SLICE).map(drop))?;
    let slices = in_turns(&mut rooms, |room| room.saturate(SLICE))?;
    for (room, subject) in rooms.iter().zip(&slices) {
        // The other server keeps nothing, so the one that does neither has the goals.
        let goal = (room.name == "memory").then_some(2.0);
        let what = format!("to 500 sockets, each core, {} / Node", room.name);
        // Deliveries a second of processor time.
        let ratio = Ratio::of(&slices[0], subject, |base, subject| base.cost() / subject.cost());
        table::ratio(&what, goal, &ratio, "");
    }
    let ages = in_turns(&mut rooms, |room| room.steady(SLICE))?;
    let mut base = None;
    for (room, mut ages) in rooms.iter().zip(ages) {
        let mut of = |share| -> Vec<f64> {
            ages.iter_mut().map(|ages| quantile(ages, share)).collect::<Vec<_>>()
        };
        let (half, mut most) = (quantile(&mut of(0.5), 0.5), of(0.99));
        let most = quantile(&mut most, 0.5);
        let what = format!("to 500 sockets, 20/s, {}: p99", room.name);
        let goal = base.filter(|_| room.name == "memory");
        table::at_most(&what, goal, most, "ms", &format!("median {half:.2}"));
        base = base.or(Some((most * 100.0).round() / 100.0));
    }
    Ok(())
}

/// Installs what the other server needs, unless it is there.
fn install(home: &Path) -> io::Result<()> {
    let list = std::fs::read(format!("{FOLDER}/package-lock.json"))?;
    let installed = format!("{FOLDER}/node_modules/installed");
    if std::fs::read(&installed).is_ok_and(|of| of == list) {
        return Ok(());
    }
    let status = Command::new("npm")
        .args(["ci", "--prefix", FOLDER, "--no-audit", "--no-fund", "--loglevel", "error"])
        .arg("--cache")
        .arg(home.join("npm"))
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => std::fs::write(installed, list),
        _ => Err(io::Error::other("the section sockets needs Node 18 or newer, and its npm")),
    }
}

/// Gives every room its turn, again and again; what came of each one's turns.
///
/// The machine's speed drifts, so turns are short, and who goes first changes.
fn in_turns<T>(
    rooms: &mut [Room],
    mut turn: impl FnMut(&mut Room) -> io::Result<T>,
) -> io::Result<Vec<Vec<T>>> {
    let mut results: Vec<_> = rooms.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        for place in 0..rooms.len() {
            let place = (place + round) % rooms.len();
            results[place].push(turn(&mut rooms[place])?);
        }
    }
    Ok(results)
}

/// A server and the sockets in its room.
struct Room {
    name: &'static str,
    server: Child,
    sockets: Sockets,
    /// How many messages each socket has heard.
    heard: Vec<u64>,
    /// How many messages everybody has heard.
    complete: u64,
    /// How many sockets have yet to hear each of the messages that follow.
    missing: VecDeque<usize>,
}

impl Room {
    /// Connects everybody, and lets them in.
    fn open(name: &'static str, server: Child) -> io::Result<Room> {
        let mut sockets = Sockets::new()?;
        for _ in 0..MEMBERS {
            sockets.connect(server.port(0))?;
            wait_for(&mut sockets, 1, b"40{")?;
        }
        for socket in 0..MEMBERS {
            sockets.send(socket, &format!("420[\"join\",{{\"room\":\"{ROOM}\"}}]"))?;
        }
        wait_for(&mut sockets, MEMBERS, b"430[")?;
        let mut busy = true;
        while std::mem::take(&mut busy) {
            sockets.receive(Some(QUIET), |_, _| {
                busy = true;
                Ok(())
            })?;
        }
        let (heard, missing) = (vec![0; MEMBERS], VecDeque::new());
        Ok(Room { name, server, sockets, heard, complete: 0, missing })
    }

    /// Somebody says something to all; each in turn, since one alone would soon say too much.
    fn say(&mut self, text: &str) -> io::Result<()> {
        let said = self.complete + self.missing.len() as u64;
        self.missing.push_back(MEMBERS);
        let packet = format!("42[\"message\",{{\"room\":\"{ROOM}\",\"msg\":\"{text}\"}}]");
        self.sockets.send((said % MEMBERS as u64) as usize, &packet)
    }

    /// Waits until something is heard, and gives each message to `each`.
    fn hear(&mut self, timeout: Duration, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let Room { sockets, heard, complete, missing, .. } = self;
        sockets.receive(Some(timeout), |socket, packet| {
            if !packet.starts_with(b"42[\"message\",") {
                return Ok(());
            }
            let which = heard[socket] - *complete;
            let left = missing.get_mut(which as usize);
            *left.ok_or_else(|| io::Error::other("something was heard twice"))? -= 1;
            heard[socket] += 1;
            each(packet);
            while missing.front() == Some(&0) {
                missing.pop_front();
                *complete += 1;
            }
            Ok(())
        })
    }

    /// Something is under way for `time`, always; then what is gets waited for.
    fn saturate(&mut self, time: Duration) -> io::Result<Slice> {
        let (cpu, begin) = (self.server.cpu()?, Instant::now());
        let (mut requests, mut last) = (0, Instant::now());
        loop {
            while self.missing.len() < OUTSTANDING && begin.elapsed() < time {
                self.say(chat::TEXT)?;
            }
            if self.missing.is_empty() {
                let elapsed = begin.elapsed();
                return Ok(Slice { requests, elapsed, cpu: self.server.cpu()? - cpu });
            }
            let before = requests;
            self.hear(PATIENCE, |_| requests += 1)?;
            self.check(requests > before, &mut last)?;
        }
    }

    /// Messages at a steady rate for `time`; after how many milliseconds each socket had each.
    fn steady(&mut self, time: Duration) -> io::Result<Vec<f64>> {
        let (clock, mut times) = (Instant::now(), Vec::new());
        let (mut due, mut last) = (Duration::ZERO, Instant::now());
        while due < time || !self.missing.is_empty() {
            if due < time && clock.elapsed() >= due {
                self.say(&format!("{}{}{}", MARK.0, clock.elapsed().as_nanos(), MARK.1))?;
                due += EVERY;
            }
            let wait = if due < time { due.saturating_sub(clock.elapsed()) } else { PATIENCE };
            let before = times.len();
            self.hear(wait, |packet| times.extend(ages(&String::from_utf8_lossy(packet), clock)))?;
            self.check(times.len() > before || self.missing.is_empty(), &mut last)?;
        }
        Ok(times)
    }

    /// Gives up when nothing has been heard for long.
    fn check(&self, heard: bool, last: &mut Instant) -> io::Result<()> {
        if heard {
            *last = Instant::now();
        } else if last.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("{}: messages were lost", self.name)));
        }
        Ok(())
    }
}

/// Waits for so many packets that begin so.
fn wait_for(sockets: &mut Sockets, count: usize, start: &[u8]) -> io::Result<()> {
    let (mut come, begin) = (0, Instant::now());
    while come < count {
        sockets.receive(Some(PATIENCE), |_, packet| {
            come += usize::from(packet.starts_with(start));
            Ok(())
        })?;
        if begin.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("{come} of {count} sockets were let in")));
        }
    }
    Ok(())
}
