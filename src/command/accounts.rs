//! What the commands about accounts, sessions, invitations hold.

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, UserId};
use crate::name::Name;
use crate::password::PasswordHash;
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// Makes a name somebody's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateAccount {
    /// The name: free, or held by the registration that `proof` belongs to.
    pub name: Name,
    /// What its password is recognised by.
    pub password: PasswordHash,
    /// The session that begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<NewSession>,
    /// The hash of the token of a registration of this name, which becomes the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<TokenHash>,
    /// The hash of an invitation's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<TokenHash>,
    /// It is made by whoever runs the server, so nobody has to be invited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_admin: bool,
    /// It may administer from the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
}

/// A session that is to begin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSession {
    /// The hash of its token.
    pub token: TokenHash,
    /// What the client calls itself, for its owner's list of sessions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
}

/// Lets somebody in whose password was right.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenSession {
    /// Whose.
    pub user: UserId,
    /// Which of the account's passwords was right, counted from 0: it may have changed meanwhile.
    pub verified: u64,
    /// The session.
    pub session: NewSession,
}

/// Ends a session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CloseSession {
    /// Which.
    pub session: SessionId,
    /// Why.
    pub reason: Closing,
}

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Its owner logged out.
    LoggedOut,
    /// Its owner ended it from another session, or whoever runs the server did.
    Revoked,
    /// It was not used for long.
    Expired,
}

/// Takes another password. All other sessions end, and so do the tokens of registrations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangePassword {
    /// Whose.
    pub user: UserId,
    /// Which of the account's passwords was right, counted from 0.
    pub verified: u64,
    /// The new one.
    pub password: PasswordHash,
    /// The session that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<SessionId>,
}

/// Sets a password without the old one. All sessions end, and so do the tokens of registrations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResetPassword {
    /// Whose.
    pub user: UserId,
    /// The new one.
    pub password: PasswordHash,
}

/// Which account a command is about.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OfAccount {
    /// Whose.
    pub user: UserId,
}

/// Ends an account. Its name stays taken until an `expire` frees it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RemoveAccount {
    /// Whose.
    pub user: UserId,
    /// Which of the account's passwords was right, counted from 0; none where whoever runs the
    /// server removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<u64>,
    /// What becomes of what it said.
    pub messages: Left,
}

/// What becomes of the messages of an account that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// They stay under its name.
    Keep,
    /// They go with it.
    Remove,
}

/// Gives or takes the right to administer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MakeAdmin {
    /// Whom.
    pub user: UserId,
    /// Whether it has the right from now on.
    pub admin: bool,
}

/// Lets so many people make an account where one has to be invited.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CreateInvite {
    /// The hash of its secret.
    pub invite: TokenHash,
    /// How many accounts may be made with it.
    pub uses: u32,
    /// Until when. Its end is an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Ends an invitation, because its time is over or because it is taken back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EndInvite {
    /// The hash of its secret.
    pub invite: TokenHash,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Everybody.
    #[default]
    Open,
    /// Who is invited.
    Invite,
    /// Nobody but whoever runs the server.
    Closed,
}

impl Registration {
    /// Whether it is as it is when nothing is said.
    pub(super) fn is_open(&self) -> bool {
        *self == Registration::Open
    }
}
