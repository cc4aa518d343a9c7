//! The closed loop: every connection has one request under way, and the next follows its answer.

use std::io;
use std::time::{Duration, Instant};

use super::child::Child;
use super::http::Pool;

/// What one slice of load came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice {
    /// Requests answered.
    pub(crate) requests: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Processor time that the server's process used meanwhile.
    pub(crate) cpu: Duration,
}

impl Slice {
    /// Requests in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// Processor time of the server for one request, in seconds.
    pub(crate) fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() / self.requests as f64
    }

    /// Both together.
    pub(crate) fn plus(self, other: Slice) -> Slice {
        Slice {
            requests: self.requests + other.requests,
            elapsed: self.elapsed + other.elapsed,
            cpu: self.cpu + other.cpu,
        }
    }
}

/// A kind of load: connections, each with the requests that it repeats one after the other.
pub(crate) struct Load {
    pool: Pool,
    requests: Vec<Vec<Vec<u8>>>,
    /// Which is next, on each connection.
    turns: Vec<usize>,
}

impl Load {
    /// `count` connections to `port`, of which the n-th repeats `request(n)`.
    pub(crate) fn new(
        port: u16,
        count: usize,
        mut request: impl FnMut(usize) -> Vec<u8>,
    ) -> io::Result<Load> {
        Load::in_turn(port, count, |n| vec![request(n)])
    }

    /// The same, where the n-th repeats `requests(n)` one after the other.
    pub(crate) fn in_turn(
        port: u16,
        count: usize,
        requests: impl FnMut(usize) -> Vec<Vec<u8>>,
    ) -> io::Result<Load> {
        let requests = (0..count).map(requests).collect();
        Ok(Load { pool: Pool::open(port, count)?, requests, turns: vec![0; count] })
    }

    /// The same, where every answer has this status instead of 200.
    pub(crate) fn answered(mut self, status: u16) -> Load {
        self.pool.expect(status);
        self
    }

    /// Keeps every connection busy for `time`, then waits for the answers under way.
    pub(crate) fn run(&mut self, server: &Child, time: Duration) -> io::Result<Slice> {
        let cpu = server.cpu()?;
        let begin = Instant::now();
        let (all, turns) = (&self.requests, &mut self.turns);
        let requests = drive(&mut self.pool, |n| {
            (begin.elapsed() < time).then(|| next_of(&all[n], &mut turns[n]))
        })?;
        let elapsed = begin.elapsed();
        Ok(Slice { requests, elapsed, cpu: server.cpu()? - cpu })
    }

    /// Answers `count` requests, and no more.
    pub(crate) fn repeat(&mut self, count: u64) -> io::Result<()> {
        let mut left = count;
        let (all, turns) = (&self.requests, &mut self.turns);
        drive(&mut self.pool, |n| {
            left = left.checked_sub(1)?;
            Some(next_of(&all[n], &mut turns[n]))
        })?;
        Ok(())
    }

    /// The body of the last answer on the first connection.
    pub(crate) fn sample(&self) -> String {
        String::from_utf8_lossy(self.pool.body(0)).into_owned()
    }
}

fn next_of<'r>(requests: &'r [Vec<u8>], turn: &mut usize) -> &'r Vec<u8> {
    *turn = (*turn + 1) % requests.len();
    &requests[*turn]
}

/// Sends each of `requests` once, over 64 connections to `port`.
pub(crate) fn all(port: u16, requests: &[Vec<u8>]) -> io::Result<()> {
    let mut pool = Pool::open(port, 64.min(requests.len()))?;
    let mut left = requests.iter();
    drive(&mut pool, |_| left.next())?;
    Ok(())
}

/// Gives each connection the next request as soon as it is free, until there is none; how many
/// were answered.
fn drive<'r>(
    pool: &mut Pool,
    mut next: impl FnMut(usize) -> Option<&'r Vec<u8>>,
) -> io::Result<u64> {
    let (mut answered, mut busy) = (0, 0_usize);
    let mut ready: Vec<usize> = (0..pool.len()).collect();
    loop {
        for connection in ready.drain(..) {
            if let Some(request) = next(connection) {
                pool.send(connection, request)?;
                busy += 1;
            }
        }
        if busy == 0 {
            return Ok(answered);
        }
        pool.receive(None, &mut ready)?;
        busy -= ready.len();
        answered += ready.len() as u64;
    }
}
