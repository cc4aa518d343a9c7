//! A pulse: for how long something stood still.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Beats, and the longest time between two of them.
pub(crate) struct Pulse(Mutex<Beats>);

struct Beats {
    last: Instant,
    longest: Duration,
    count: u64,
}

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse(Mutex::new(Beats { last: Instant::now(), longest: Duration::ZERO, count: 0 }))
    }
}

impl Pulse {
    /// It happened.
    pub(crate) fn beat(&self) {
        let mut beats = self.0.lock().unwrap();
        beats.longest = beats.longest.max(beats.last.elapsed());
        beats.last = Instant::now();
        beats.count += 1;
    }

    /// How often it happened.
    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap().count
    }

    /// The longest time without a beat since this was asked last.
    pub(crate) fn stall(&self) -> Duration {
        let mut beats = self.0.lock().unwrap();
        let longest = std::mem::take(&mut beats.longest);
        longest.max(beats.last.elapsed())
    }
}
