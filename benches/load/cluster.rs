//! Three nodes over one log against a single server: what polls and sends cost.
//!
//! All of it shares the two cores: three nodes, three servers of NATS, the single server, the load.
//! So a poll is judged by processor time; a send by the rate too, which more machines would raise.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::chat::{self, CLIENTS};
use super::child::Child;
use super::compare::{Ratio, in_pairs};
use super::drive::{Load, Slice};
use super::http::Pool;
use super::nats::Nats;
use super::table;

/// How many nodes there are.
const NODES: usize = 3;
/// How often each side has its turn.
const ROUNDS: usize = 15;
/// How long a turn is: processor time is counted in steps of 10 ms.
const SLICE: Duration = Duration::from_secs(1);

/// One side: processes, with the load on them.
struct Side<'s> {
    servers: &'s [Child],
    loads: Vec<Load>,
}

pub(crate) fn cluster(home: &Path) -> io::Result<()> {
    let nats = Nats::start(home)?;
    let store = nats.store();
    let start = |store: &str| Child::start(home, &[store]);
    let nodes: Vec<_> = (0..NODES).map(|_| start(&store)).collect::<io::Result<_>>()?;
    let single = [start("full")?];
    let newest = [prepare(&single)?, prepare(&nodes)?];
    let [alone, together] =
        newest.map(|newest| move |n: usize| chat::poll(&chat::name(n), newest, ""));
    let mut base = Side::new(&single, alone)?;
    let mut subject = Side::new(&nodes, together)?;
    let ratio = in_turns(&mut base, &mut subject, |base, subject| base.cost() / subject.cost())?;
    table::ratio("cluster: poll, three nodes / one server, by cpu", Some(0.9), &ratio, "");

    let send = |n: usize| chat::send(&chat::name(n), &chat::name((n + 1) % CLIENTS));
    let mut base = Side::new(&single, send)?;
    let mut subject = Side::new(&nodes, send)?;
    let ratio = in_turns(&mut base, &mut subject, |base, subject| subject.rate() / base.rate())?;
    table::ratio("cluster: send, three nodes / SQLite, full", None, &ratio, "");
    Ok(())
}

/// Users and rooms, which all servers of a side have in common; the id of the newest message.
fn prepare(servers: &[Child]) -> io::Result<u64> {
    let port = servers[0].port(0);
    chat::populate(port)?;
    chat::send_for_id(&mut Pool::open(port, 1)?, &chat::name(0), &chat::name(1), 0)
}

impl<'s> Side<'s> {
    /// [`CLIENTS`] connections, spread over the servers, of which the n-th repeats `request(n)`.
    fn new(servers: &'s [Child], request: impl Fn(usize) -> Vec<u8>) -> io::Result<Side<'s>> {
        let count = servers.len();
        let load = |(place, server): (usize, &Child)| {
            let mine: Vec<_> = (place..CLIENTS).step_by(count).collect();
            Load::new(server.port(0), mine.len(), |n| request(mine[n]))
        };
        Ok(Side {
            servers,
            loads: servers.iter().enumerate().map(load).collect::<io::Result<_>>()?,
        })
    }

    /// All loads at once, for one turn.
    fn run(&mut self) -> io::Result<Slice> {
        let turns: Vec<io::Result<Slice>> = std::thread::scope(|scope| {
            let pairs = self.loads.iter_mut().zip(self.servers);
            let running: Vec<_> =
                pairs.map(|(load, server)| scope.spawn(|| load.run(server, SLICE))).collect();
            let failed = || Err(io::Error::other("a load has panicked"));
            running.into_iter().map(|turn| turn.join().unwrap_or_else(|_| failed())).collect()
        });
        let mut whole = Slice::default();
        for turn in turns {
            let turn = turn?;
            // They ran beside each other.
            let elapsed = whole.elapsed.max(turn.elapsed);
            whole = Slice { elapsed, ..whole.plus(turn) };
        }
        Ok(whole)
    }
}

/// Gives both sides their turns; how the subject does in units of the base.
fn in_turns(
    base: &mut Side<'_>,
    subject: &mut Side<'_>,
    of: impl Fn(&Slice, &Slice) -> f64,
) -> io::Result<Ratio> {
    base.run()?;
    subject.run()?;
    let (bases, subjects) = in_pairs(ROUNDS, || Ok(()), || base.run(), || subject.run())?;
    Ok(Ratio::of(&bases, &subjects, of))
}
