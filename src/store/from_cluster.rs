//! A stream becomes a store in an SQLite file.

use std::path::Path;

use super::check;
use super::error::StoreError;
use super::line::{Files, MoveLine};
use super::new_store::NewStore;
use super::settled::Settling;
use super::source::Source;
use super::stream::{Servers, Stream};
use crate::config::Nats;

pub(super) fn run(line: &MoveLine, from: &Nats, to: &Path) -> Result<String, StoreError> {
    let servers = Servers::of(line)?;
    let files = Files::of(to, &servers.settings.history);
    let store = NewStore::begin(&files)?;
    let stream = Stream::open(&servers, from)?;
    stream.is_quiet()?;
    let made = store.files();
    // Whoever loads it makes it.
    let _ = std::fs::remove_file(&made.archive);
    stream.load(&made.archive)?;
    let mut settling = Settling::begin(&made.archive)?;
    let last = stream.read(&mut settling)?;
    let position = settling.state().position();
    let mut sign = None;
    store.write_log(|db| {
        let extent = store.begin_behind(db, position)?;
        sign = Some(extent.trimmed().sign);
        Ok(())
    })?;
    settling.arrive(sign.unwrap_or_default())?;
    let found = check::look_through(&Source::alone(&made, true)?)?.of(&files.log);
    // Whoever wrote meanwhile would have written to what nobody reads any more.
    stream.ends_at(last)?;
    store.finish()?;
    if !line.keep {
        stream.moved_to(&line.to.to_string())?;
    }
    Ok(format!("{} goes on in {}.\n{found}", line.from, files.log.display()))
}
