//! The log that keeps nothing: for trying things out.

use super::{AppendError, Damage, Log, Tail};
use crate::command::Entry;

/// Accepts everything and forgets it: the state is all there is.
#[derive(Debug, Default)]
pub struct MemoryLog;

impl Log for MemoryLog {
    fn replay(&mut self, _after: u64, _each: &mut dyn FnMut(Entry)) -> Result<(), Damage> {
        Ok(())
    }

    fn append(&mut self, _entries: &[Entry]) -> Result<(), AppendError> {
        Ok(())
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        Ok(())
    }

    fn trim(&mut self, _through: u64) -> Result<bool, AppendError> {
        Ok(false)
    }

    fn tail(&self) -> Result<Option<Box<dyn Tail>>, Damage> {
        Ok(None)
    }
}
