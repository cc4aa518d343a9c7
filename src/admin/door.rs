//! The two ways to what is administered.

use serde::{Deserialize, Serialize};

use super::error::AdminError;
use super::local::Local;
use super::remote::Remote;
use super::{Line, may_begin};
use crate::node::{AdminAnswer, AdminRequest};

/// Somebody who was let in to administer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entered {
    /// Under which name.
    pub(super) username: String,
    /// The token of the session: the only time it is told.
    pub(super) token: String,
}

/// A way to ask.
pub(super) enum Door {
    /// A running server.
    Server(Remote),
    /// The store of a stopped one.
    Store(Local),
}

impl Door {
    /// The door that the command line names; without one the store that `serve` would open.
    pub(super) fn open(line: &Line, request: Option<&AdminRequest>) -> Result<Door, AdminError> {
        match &line.url {
            Some(_) if line.store.is_some() || line.config.is_some() => Err(AdminError::not_asked(
                "usage",
                "--url asks a running server, --store and --config name the store of a \
                     stopped one: use one of them."
                    .to_owned(),
            )),
            Some(url) => Remote::to(url).map(Door::Server),
            None => Local::open(line, may_begin(request)).map(Door::Store),
        }
    }

    pub(super) fn ask(&self, request: AdminRequest) -> Result<AdminAnswer, AdminError> {
        let answer = match self {
            Door::Server(server) => server.ask(&request),
            Door::Store(store) => store.ask(request),
        };
        answer.map_err(advised)
    }

    /// Begins an admin's session.
    pub(super) fn enter(&self, name: &str) -> Result<Entered, AdminError> {
        let entered = match self {
            Door::Server(server) => server.enter(name),
            Door::Store(store) => store.enter(name),
        };
        entered.map_err(advised)
    }

    /// Where the server is.
    pub(super) fn url(&self) -> Option<&str> {
        match self {
            Door::Server(server) => Some(server.url()),
            Door::Store(_) => None,
        }
    }
}

/// The same, with what to do about it.
fn advised(error: AdminError) -> AdminError {
    match error.code() {
        "account_not_found" => error.advise("`chatroom admin list` shows all."),
        "session_not_found" => error.advise("`chatroom admin sessions` shows all."),
        "invite_invalid" => error.advise("`chatroom admin invites` shows all."),
        "invalid_credentials" => AdminError::refused(
            "invalid_credentials",
            "There is no account of this name with this password.".to_owned(),
        ),
        _ => error,
    }
}
