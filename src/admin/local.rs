//! The store in hand: of a stopped server, or one that nodes share, stopped or not.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::Line;
use super::door::Entered;
use super::error::AdminError;
use crate::command::Policy;
use crate::config::{self, Flags, Nats, Settings, Store};
use crate::log::sqlite::{OpenError, SqliteLog};
use crate::node::{
    Absence, AccountError, AdminAnswer, AdminRequest, Archiving, Failure, Node, SubmitError,
    refusal,
};
use crate::server::Beside;

/// What sessions that begin here call themselves.
pub(super) const AGENT: &str = "chatroom admin";

/// An opened store, closed when dropped.
pub(super) struct Local {
    runtime: Runtime,
    node: Arc<Node>,
    /// Its place among the nodes that share the store.
    beside: Option<Beside>,
}

impl Local {
    /// Opens the store that `serve` would open. Where there is none it is made only if it may
    /// `begin`: otherwise its name is a slip of the pen.
    pub(super) fn open(line: &Line, begin: bool) -> Result<Local, AdminError> {
        let (store, config) = (line.store.clone(), line.config.clone());
        let flags = Flags { store, config, ..Flags::default() };
        let loaded = config::load_here(&flags);
        let settings = loaded.map_err(|error| cannot("settings", &error))?.settings;
        let path = match &settings.store {
            Store::Sqlite(path) => path,
            Store::Nats(nats) => return Local::join(nats, &settings),
            Store::Memory => {
                return Err(AdminError::not_asked(
                    "store_in_memory",
                    "memory: is in the running server only: use --url.".to_owned(),
                ));
            }
        };
        if !begin && !path.exists() {
            let message = format!(
                "There is no store {}. Name it with --store, or ask a running server with --url.",
                path.display()
            );
            return Err(AdminError::not_asked("store_not_found", message));
        }
        let log = SqliteLog::open(path, settings.durability).map_err(|error| match error {
            OpenError::InUse { holder, .. } => in_use(&settings, &holder),
            error @ OpenError::Unfit(_) => cannot("store_unavailable", &error),
        })?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| cannot("store_unavailable", &error))?;
        // Nobody is away here, and no time runs out: that is for the server to say.
        let absence = Absence::NEVER;
        let node = runtime.block_on(async {
            let archiving = Archiving::beside(path, &settings.history);
            Node::start(Box::new(log), Some(&archiving), None::<Policy>, absence, settings.access)
        });
        let node = node.map_err(|error| cannot("store_unavailable", &error))?;
        Ok(Local { runtime, node, beside: None })
    }

    /// Becomes one more node of the log, which has no lock to be taken.
    fn join(nats: &Nats, settings: &Settings) -> Result<Local, AdminError> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| cannot("store_unavailable", &error))?;
        // On a thread of the runtime, which may wait for the log.
        let (nats, settings) = (nats.clone(), settings.clone());
        let joining = runtime.spawn(async move { Beside::join(&nats, &settings).await });
        let joined = runtime.block_on(joining);
        let beside = joined.map_err(|error| cannot("store_unavailable", &error))?;
        let beside = beside.map_err(|error| cannot("store_unavailable", &error))?;
        Ok(Local { runtime, node: beside.node().clone(), beside: Some(beside) })
    }

    pub(super) fn ask(&self, request: AdminRequest) -> Result<AdminAnswer, AdminError> {
        self.runtime.block_on(self.node.administer(request)).map_err(|error| failed(&error))
    }

    /// Whoever has the store in hand needs no password.
    pub(super) fn enter(&self, name: &str) -> Result<Entered, AdminError> {
        let entered = self.runtime.block_on(self.node.enter_as_admin(name, AGENT));
        match entered.map_err(|error| failed(&error))? {
            Some(entered) => Ok(Entered {
                username: entered.name.as_str().to_owned(),
                token: entered.token.secret().to_owned(),
            }),
            None => Err(AdminError::refused(
                "not_admin",
                format!("{name} may not administer. `chatroom admin promote {name}` lets it."),
            )),
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        match &self.beside {
            Some(beside) => self.runtime.block_on(beside.leave()),
            None => self.node.stop(),
        }
    }
}

fn cannot(code: &str, error: &dyn std::fmt::Display) -> AdminError {
    AdminError::not_asked(code, error.to_string())
}

fn in_use(settings: &Settings, holder: &str) -> AdminError {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let message = format!(
        "A server runs on the store {} (process {holder}). Ask it with --url, such as --url \
         {scheme}://127.0.0.1:{}, or stop it first.",
        settings.store, settings.port
    );
    AdminError::not_asked("store_in_use", message)
}

fn failed(error: &AccountError) -> AdminError {
    let says = |why: &str| AdminError::not_asked("store_unavailable", why.to_owned());
    match error {
        AccountError::Submit(SubmitError::Rejected(rejection)) => {
            AdminError::refused(rejection.code(), refusal(rejection))
        }
        AccountError::Submit(SubmitError::Failed(Failure::DiskFull)) => {
            says("The disk is full: nothing can be written until there is space.")
        }
        AccountError::Submit(SubmitError::Failed(
            Failure::Unavailable | Failure::TooLarge | Failure::Unreadable,
        ))
        | AccountError::Credentials => says("The store cannot be written; nothing was changed."),
    }
}
