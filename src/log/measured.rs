//! A log that is watched: how long its batches take, how large they are.

use std::time::Instant;

use super::{AppendError, Damage, Log, Shared, Tail};
use crate::command::Entry;
use crate::metrics::LogFigures;

/// Another log, whose appends are counted.
pub struct Measured {
    log: Box<dyn Log>,
    figures: LogFigures,
}

impl Measured {
    /// Counts what is appended to `log` from now on.
    pub fn new(log: Box<dyn Log>, figures: LogFigures) -> Measured {
        Measured { log, figures }
    }
}

impl Log for Measured {
    fn replay(&mut self, after: u64, each: &mut dyn FnMut(Entry)) -> Result<(), Damage> {
        self.log.replay(after, each)
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        let started = Instant::now();
        self.log.append(entries)?;
        self.figures.append.observe(started.elapsed().as_secs_f64());
        self.figures.batch.observe(entries.len() as f64);
        Ok(())
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        self.log.probe()
    }

    fn trim(&mut self, through: u64) -> Result<bool, AppendError> {
        self.log.trim(through)
    }

    fn tail(&self) -> Result<Option<Box<dyn Tail>>, Damage> {
        self.log.tail()
    }

    fn shared(&mut self) -> Option<&mut dyn Shared> {
        self.log.shared()
    }
}
