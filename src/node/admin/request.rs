//! What whoever runs the server may ask for.

use std::time::Duration;

use crate::id::SessionId;
use crate::name::Name;
use crate::password::Password;

/// Accounts that may be made with one invitation.
pub const USES: std::ops::RangeInclusive<u32> = 1..=10_000;

/// How long an invitation may last.
pub const LASTS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(366 * 24 * 60 * 60);

/// How long an invitation lasts when nothing is said: a week.
pub const LASTS_BY_ITSELF: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// One thing that whoever runs the server wants. It is the same over HTTP and on a store whose
/// server is stopped. Existing accounts are named as people write them.
#[derive(Clone, Debug)]
pub enum AdminRequest {
    /// All accounts.
    Accounts,
    /// A new account, whoever may make them otherwise.
    Create {
        /// Its name.
        name: Name,
        /// What protects it.
        password: Password,
        /// Whether it may administer.
        admin: bool,
    },
    /// Nobody can act as this account for a while; its sessions end.
    Disable(String),
    /// Its owner may log in again.
    Enable(String),
    /// Another password, without the old one; all sessions of the account end.
    Password {
        /// Whose.
        username: String,
        /// The new one.
        password: Password,
    },
    /// The account may administer.
    Promote(String),
    /// It may not any more.
    Demote(String),
    /// The sessions of one account, or all.
    Sessions(Option<String>),
    /// The end of one session.
    EndSession(SessionId),
    /// The end of all sessions of an account.
    EndSessions(String),
    /// The invitations that can still be used.
    Invites,
    /// A new one.
    Invite {
        /// How many accounts can be made with it, within [`USES`].
        uses: u32,
        /// For how long, within [`LASTS`].
        lasts: Duration,
    },
    /// The end of an invitation, by its id or by its secret.
    EndInvite(String),
}
