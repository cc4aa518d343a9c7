//! What happens to a socket before its arrival is dealt with.
//!
//! The engine lets a client send, and go, from the moment it is told that it is connected; the
//! handler that makes it a [`Client`](super::client::Client) runs a little later. What came in
//! between waits here.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use socketioxide::socket::Sid;

use super::ack::Ack;
use super::data::Data;

/// Events of one socket that may wait; it lasts microseconds.
const MOST: usize = 64;

/// An event as it came.
pub(super) struct Event {
    pub(super) name: String,
    /// `None` is what cannot be read.
    pub(super) data: Option<Data>,
    pub(super) ack: Option<Ack>,
}

/// The sockets of which something came before they did.
#[derive(Default)]
pub(super) struct Early(Mutex<HashMap<Sid, Waiting>>);

struct Waiting {
    since: Instant,
    events: Vec<Event>,
    gone: bool,
}

impl Early {
    /// Keeps an event, unless `arrived` says that there is no need: then it is given back.
    pub(super) fn keep(&self, sid: Sid, event: Event, arrived: impl Fn() -> bool) -> Option<Event> {
        let mut early = self.0.lock();
        if arrived() {
            return Some(event);
        }
        let waiting = early.entry(sid).or_default();
        if waiting.events.len() < MOST {
            waiting.events.push(event);
        } else {
            // It cannot be kept in order, so the rest is not taken either.
            waiting.gone = true;
        }
        None
    }

    /// The socket has gone, unless `arrived` took care of that.
    pub(super) fn gone(&self, sid: Sid, arrived: impl Fn() -> bool) {
        let mut early = self.0.lock();
        if !arrived() {
            early.entry(sid).or_default().gone = true;
        }
    }

    /// Has `arrive` make it a client, unless it has gone; gives what it sent before.
    pub(super) fn arrive(&self, sid: Sid, arrive: impl FnOnce()) -> Option<Vec<Event>> {
        let mut early = self.0.lock();
        let waiting = early.remove(&sid).unwrap_or_default();
        if waiting.gone {
            return None;
        }
        arrive();
        Some(waiting.events)
    }

    /// Forgets those who did not arrive in time.
    pub(super) fn sweep(&self, time: Duration) {
        self.0.lock().retain(|_, waiting| waiting.since.elapsed() < time);
    }
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting { since: Instant::now(), events: Vec::new(), gone: false }
    }
}
