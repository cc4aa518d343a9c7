//! The words of `chatroom admin`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::error::AdminError;
use super::secret;
use crate::config::{self, Store};
use crate::id::SessionId;
use crate::name::Name;
use crate::node::{AdminRequest, LASTS, USES};

/// What follows `chatroom admin`.
#[derive(Debug, Args)]
#[command(after_help = SECRETS)]
pub struct Line {
    /// Ask the server that runs here, such as http://127.0.0.1:5003
    #[arg(long, global = true, value_name = "URL", help_heading = "Where")]
    pub(super) url: Option<String>,

    /// Open this store, whose server is stopped [default: as for serve]
    #[arg(long, global = true, value_name = "STORE", help_heading = "Where",
        value_parser = config::store)]
    pub(super) store: Option<Store>,

    /// Settings file that names the store [default: as for serve]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub(super) config: Option<PathBuf>,

    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub(super) json: bool,

    #[command(subcommand)]
    pub(super) what: What,
}

const SECRETS: &str = "\
A password is asked for without showing it, or is the first line of standard input.
A server is asked with the token in the environment variable CHATROOM_ADMIN_TOKEN, which
`chatroom admin token NAME` gives; where it is not set, the token is asked for.
Exit code: 0 done, 1 refused, 2 could not be asked for.";

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// List the accounts
    List,
    /// Make an account
    Create {
        /// It may administer
        #[arg(long)]
        admin: bool,
        /// Its name
        name: String,
    },
    /// End an account's sessions, and let nobody log in to it
    Disable { name: String },
    /// Let its owner log in again
    Enable { name: String },
    /// Set another password; all sessions of the account end
    Password { name: String },
    /// Let an account administer
    Promote { name: String },
    /// Let it administer no more
    Demote { name: String },
    /// List sessions, of one account or of all
    Sessions { name: Option<String> },
    /// End a session, or all of an account
    Revoke {
        /// The session's id, as it is listed
        #[arg(required_unless_present = "all_of")]
        id: Option<u64>,
        /// All sessions of this account
        #[arg(long, value_name = "NAME", conflicts_with = "id")]
        all_of: Option<String>,
    },
    /// Invite somebody to make an account
    Invite {
        /// How many accounts can be made with it
        #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = uses)]
        uses: u32,
        /// For how long: 90s, 30m, 24h, 7d
        #[arg(long = "for", value_name = "TIME", default_value = "7d", value_parser = lasts)]
        lasts: Duration,
    },
    /// List the invitations that can still be used
    Invites,
    /// End an invitation
    EndInvite {
        /// Its id, as it is listed, or the link
        invite: String,
    },
    /// Begin an admin's session; print its token
    Token { name: String },
}

impl What {
    /// The request, with its password if it has one.
    pub(super) fn request(&self) -> Result<AdminRequest, AdminError> {
        Ok(match self {
            What::List => AdminRequest::Accounts,
            What::Create { admin, name } => AdminRequest::Create {
                // Whether the name will do is known before a password is typed.
                name: Name::parse(name)
                    .map_err(|error| AdminError::refused(error.code(), error.to_string()))?,
                password: secret::new_password(name)?,
                admin: *admin,
            },
            What::Disable { name } => AdminRequest::Disable(name.clone()),
            What::Enable { name } => AdminRequest::Enable(name.clone()),
            What::Password { name } => {
                let password = secret::new_password(name)?;
                AdminRequest::Password { username: name.clone(), password }
            }
            What::Promote { name } => AdminRequest::Promote(name.clone()),
            What::Demote { name } => AdminRequest::Demote(name.clone()),
            What::Sessions { name } => AdminRequest::Sessions(name.clone()),
            What::Revoke { id: Some(id), .. } => AdminRequest::EndSession(SessionId(*id)),
            What::Revoke { all_of, .. } => {
                AdminRequest::EndSessions(all_of.clone().unwrap_or_default())
            }
            What::Invite { uses, lasts } => AdminRequest::Invite { uses: *uses, lasts: *lasts },
            What::Invites => AdminRequest::Invites,
            What::EndInvite { invite } => AdminRequest::EndInvite(secret_of(invite).to_owned()),
            What::Token { .. } => unreachable!("a token is asked for at the door"),
        })
    }
}

/// The part of an invitation's link that counts.
fn secret_of(link: &str) -> &str {
    link.rsplit_once("invite=").map_or(link, |(_, secret)| secret)
}

fn uses(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| USES.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", USES.start(), USES.end()))
}

fn lasts(text: &str) -> Result<Duration, String> {
    let lasts = config::duration(text)?;
    LASTS.contains(&lasts).then_some(lasts).ok_or_else(|| {
        let days = LASTS.end().as_secs() / (24 * 60 * 60);
        format!("must be at least a second, and at most {days} days")
    })
}
