//! An archive that takes over all that a log has.

use std::path::Path;

use rusqlite::Connection;

use super::error::StoreError;
use crate::archive::Keeper;
use crate::command::Entry;
use crate::event::Event;
use crate::history::{Mark, Record};
use crate::log::stored;
use crate::state::State;

/// What the archive takes over at once: bytes, about.
const AT_ONCE: usize = 4 << 20;

/// An archive and the state that goes with it, on their way to the end of the log.
pub(super) struct Settling {
    keeper: Keeper,
    state: State,
    events: Vec<Event>,
}

impl Settling {
    /// Begins with what the archive in `path` has.
    pub(super) fn begin(path: &Path) -> Result<Settling, StoreError> {
        let keeper = Keeper::open(path)?;
        let mut state = match keeper.snapshot()? {
            Some((_, bytes)) => State::from_snapshot(&bytes).map_err(StoreError::Damaged)?,
            None => State::default(),
        };
        state.keep_for_archive(0, keeper.position());
        Ok(Settling { keeper, state, events: Vec::new() })
    }

    /// The state as far as it is.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Takes the next entry. `sign` is what the log says of itself behind it.
    pub(super) fn take(
        &mut self,
        entry: Entry,
        sign: impl FnOnce(u64) -> Result<String, StoreError>,
    ) -> Result<(), StoreError> {
        // Between batches: all entries of one have the same position.
        let goes_on = entry.origin.as_ref().is_some_and(|of| of.seq == self.state.position());
        if self.state.message_bytes() > AT_ONCE && !goes_on {
            self.hand_over(sign)?;
        }
        let _ = self.state.apply(entry, &mut self.events);
        self.events.clear();
        Ok(())
    }

    /// Takes what a log in an SQLite database has behind the state.
    pub(super) fn replay(&mut self, log: &Connection, path: &Path) -> Result<(), StoreError> {
        let sign = |position| sign_at(log, path, position);
        let mut taken = Ok(());
        stored::look_through(log, path, self.state.position(), &mut |_, entry| {
            if taken.is_ok() {
                taken = self.take(entry, sign);
            }
        })?;
        taken?;
        self.hand_over(sign)
    }

    /// Has the archive take over everything that the state has.
    pub(super) fn hand_over(
        &mut self,
        sign: impl FnOnce(u64) -> Result<String, StoreError>,
    ) -> Result<(), StoreError> {
        let position = self.state.position();
        if position > self.keeper.position() {
            let records = self.state.records_after(self.keeper.position());
            let records: Vec<Record> = records.map(|(_, record)| record.clone()).collect();
            self.keeper.take(&records, Mark { position, sign: sign(position)? })?;
            self.state.archived(position);
        }
        self.state.let_go(usize::MAX);
        Ok(())
    }

    /// Says where the archive is in the log that it belongs to from now on, and what the state is
    /// there.
    pub(super) fn arrive(mut self, sign: String) -> Result<State, StoreError> {
        self.state.stand_alone();
        let mark = Mark { position: self.state.position(), sign };
        let snapshot = self.state.to_snapshot().map_err(StoreError::Damaged)?;
        self.keeper.arrive(&mark, &snapshot)?;
        Ok(self.state)
    }

    /// The state at the end.
    pub(super) fn into_state(self) -> State {
        self.state
    }
}

fn sign_at(log: &Connection, path: &Path, position: u64) -> Result<String, StoreError> {
    let mark = stored::mark_at(log, path, position)?;
    let early = || StoreError::Damaged(format!("The store {} ends early.", path.display()));
    Ok(mark.ok_or_else(early)?.sign)
}
