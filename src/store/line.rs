//! The words of the commands.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::StoreError;
use crate::config::{self, Flags, History, Store};
use crate::node::Archiving;

/// Which store it is about.
#[derive(Debug, Args)]
pub(super) struct Where {
    /// The store: sqlite:PATH [default: as for serve]
    #[arg(long, value_name = "STORE", value_parser = config::store)]
    store: Option<Store>,

    /// Settings file that names the store [default: as for serve]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What follows `chatroom backup`.
#[derive(Debug, Args)]
pub struct BackupLine {
    /// The file to make
    pub(super) file: PathBuf,
    /// Put it in the place of a file that is there
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) place: Where,
}

/// What follows `chatroom restore`.
#[derive(Debug, Args)]
pub struct RestoreLine {
    /// The backup
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) place: Where,
}

/// What follows `chatroom export`.
#[derive(Debug, Args)]
pub struct ExportLine {
    /// The file to make; - is standard output
    #[arg(default_value = "-")]
    pub(super) file: PathBuf,
    /// Put it in the place of a file that is there
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) place: Where,
}

/// What follows `chatroom import`.
#[derive(Debug, Args)]
pub struct ImportLine {
    /// The exported lines; - is standard input
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) place: Where,
}

/// What follows `chatroom check`.
#[derive(Debug, Args)]
pub struct CheckLine {
    /// A backup, instead of a store
    #[arg(conflicts_with_all = ["store", "config"])]
    pub(super) file: Option<PathBuf>,
    /// Make the search index anew where nothing else is damaged
    #[arg(long, conflicts_with = "file")]
    pub(super) repair: bool,
    /// Answer in JSON, for programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Where,
}

/// What follows `chatroom move`.
#[derive(Debug, Args)]
pub struct MoveLine {
    /// The store that there is, no server on it: sqlite:PATH or nats://…
    #[arg(long, value_name = "STORE", value_parser = config::store)]
    pub(super) from: Store,
    /// Where it goes on, with nothing there yet: nats://… or sqlite:PATH
    #[arg(long, value_name = "STORE", value_parser = config::store)]
    pub(super) to: Store,
    /// Leave the old one as it is, ready to be started: two stores with one epoch then
    #[arg(long)]
    pub(super) keep: bool,
    /// Settings file that says how the servers are reached [default: as for serve]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// The two files of a store.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) log: PathBuf,
    pub(super) archive: PathBuf,
}

impl Files {
    /// Those of the store in `path`.
    pub(super) fn of(path: &Path, history: &History) -> Files {
        // By a link it is the same store.
        let log = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Files { archive: Archiving::beside(&log, history).file, log }
    }
}

impl Where {
    /// The files of the store that `serve` would open.
    pub(super) fn files(&self) -> Result<Files, StoreError> {
        let (store, config) = (self.store.clone(), self.config.clone());
        let flags = Flags { store, config, ..Flags::default() };
        let loaded = config::load_here(&flags);
        let settings = loaded.map_err(|error| StoreError::Impossible(error.to_string()))?.settings;
        let Store::Sqlite(path) = &settings.store else {
            let what = "memory: is in the running server only: there is no file of it.";
            return Err(StoreError::Impossible(what.to_owned()));
        };
        Ok(Files::of(path, &settings.history))
    }
}
