//! The archive as readers know it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::cache::{Cache, View};
use super::index::{self, Sought};
use super::reader::{self, Part};
use super::{ArchiveError, Trouble, schema};
use crate::database::beside;
use crate::history::Scope;
use crate::id::MessageId;
use crate::message::Message;
use crate::timestamp::Timestamp;

/// Readers at the same time: each has a page cache and a thread of its own.
const CONNECTIONS: usize = 4;

/// Answers readers, on a few connections that take turns.
#[derive(Clone, Debug)]
pub struct Archive(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    cache: Arc<Cache>,
    idle: Mutex<Idle>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Connection>,
    /// How many there are, idle or not.
    opened: usize,
}

impl Archive {
    /// The archive that a [`super::Keeper`] has opened, and which empties `cache`.
    pub(super) fn new(path: &Path, cache: Arc<Cache>) -> Archive {
        let (path, idle) = (path.to_owned(), Mutex::default());
        Archive(Arc::new(Pool { path, cache, idle, returned: Condvar::new() }))
    }

    /// The oldest messages of a scope above `cursor`.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn after(
        &self,
        scope: &Scope,
        cursor: MessageId,
        limit: usize,
    ) -> Result<Part, ArchiveError> {
        self.look(|db, rows| reader::after(db, rows, scope, cursor, limit))
    }

    /// The newest messages of a scope below `end`.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn before(
        &self,
        scope: &Scope,
        end: MessageId,
        limit: usize,
    ) -> Result<Part, ArchiveError> {
        self.look(|db, rows| reader::before(db, rows, scope, end, limit))
    }

    /// How many messages of a scope there are.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn count(&self, scope: &Scope) -> Result<usize, ArchiveError> {
        self.look(|db, rows| reader::count(db, rows, scope))
    }

    /// Gives what is found of a scope to `take`, the newest first, until that breaks off.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn find(
        &self,
        scope: &Scope,
        sought: &Sought<'_>,
        take: &mut dyn FnMut(&Arc<Message>) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        self.look(|db, _| index::find(db, scope, sought, take))
    }

    /// The id of the newest archived message; 0 if there is none. All that are older, and not
    /// deleted, are archived too.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn newest(&self) -> Result<MessageId, ArchiveError> {
        self.look(|db, _| reader::newest(db))
    }

    /// The id of the first archived message at or behind a moment; none if all are before it.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn first_since(&self, at: Timestamp) -> Result<Option<MessageId>, ArchiveError> {
        self.look(|db, _| reader::first_since(db, at))
    }

    /// The id of the `count`th newest message of a scope of one line, counted from 1; none if there
    /// are fewer.
    ///
    /// # Errors
    /// What is there is not what was written, or cannot be read.
    pub fn nth_newest(
        &self,
        scope: &Scope,
        count: usize,
    ) -> Result<Option<MessageId>, ArchiveError> {
        self.look(|db, _| reader::nth_newest(db, scope, count))
    }

    /// What its files take: bytes.
    pub fn bytes(&self) -> u64 {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        length(&self.0.path) + length(&beside(&self.0.path, "-wal"))
    }

    /// Blocks its thread: for the disk, and while all connections are in use.
    fn look<T>(
        &self,
        look: impl FnOnce(&Connection, &View<'_>) -> Result<T, Trouble>,
    ) -> Result<T, ArchiveError> {
        let path = &self.0.path;
        let db = self.connection().map_err(|error| ArchiveError::of(path, &error))?;
        let rows = self.0.cache.view();
        // One moment for all that is looked up.
        let found = db.unchecked_transaction().map_err(Trouble::from).and_then(|moment| {
            let found = look(&moment, &rows);
            moment.finish()?;
            found
        });
        self.0.idle.lock().connections.push(db);
        self.0.returned.notify_one();
        found.map_err(|trouble| trouble.of(path))
    }

    fn connection(&self) -> rusqlite::Result<Connection> {
        let mut idle = self.0.idle.lock();
        loop {
            if let Some(db) = idle.connections.pop() {
                return Ok(db);
            }
            if idle.opened < CONNECTIONS {
                let db = schema::open_reader(&self.0.path)?;
                idle.opened += 1;
                return Ok(db);
            }
            self.0.returned.wait(&mut idle);
        }
    }
}
