//! What whoever runs the server is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{SessionId, UserId};

/// The answer to an [`AdminRequest`](super::AdminRequest), as it is over HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
// Read in this order: what has the most fields is tried first.
#[serde(untagged)]
pub enum AdminAnswer {
    /// The accounts.
    Accounts(AccountList),
    /// The sessions.
    Sessions(SessionList),
    /// The invitations.
    Invites(InviteList),
    /// A new invitation.
    Invited(NewInvite),
    /// An account, as it is now.
    Account(AccountChanged),
    /// It is done.
    Done(AdminDone),
}

/// The accounts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminAccounts, examples(json!({"accounts": [{
    "user_id": 7, "username": "ann", "admin": true, "disabled": false,
    "created_at": "2026-01-31T12:00:00.000Z", "sessions": 2,
}]})))]
pub struct AccountList {
    /// In the order in which their users came.
    pub accounts: Vec<AccountInfo>,
}

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminAccount, examples(json!({
    "user_id": 7, "username": "ann", "admin": true, "disabled": false,
    "created_at": "2026-01-31T12:00:00.000Z", "sessions": 2,
})))]
pub struct AccountInfo {
    /// Who.
    #[schema(value_type = u64)]
    pub user_id: UserId,
    /// Under which name.
    pub username: String,
    /// Whether it may administer.
    pub admin: bool,
    /// Whether nobody can act as it at the moment.
    pub disabled: bool,
    /// When it was made, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// In how many sessions it is logged in.
    pub sessions: usize,
}

/// The sessions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminSessions, examples(json!({"sessions": [{
    "id": 12, "user_id": 7, "username": "ann", "agent": "python-requests/2.32.3",
    "created_at": "2026-01-31T12:00:00.000Z", "last_used_at": "2026-01-31T12:10:00.000Z",
}]})))]
pub struct SessionList {
    /// In the order in which they began.
    pub sessions: Vec<SessionInfo>,
}

/// A session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminSession, examples(json!({
    "id": 12, "user_id": 7, "username": "ann", "agent": "python-requests/2.32.3",
    "created_at": "2026-01-31T12:00:00.000Z", "last_used_at": "2026-01-31T12:10:00.000Z",
})))]
pub struct SessionInfo {
    /// Which.
    #[schema(value_type = u64)]
    pub id: SessionId,
    /// Whose.
    #[schema(value_type = u64)]
    pub user_id: UserId,
    /// The name of the account.
    pub username: String,
    /// What the client called itself when it logged in.
    pub agent: String,
    /// When it began, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last heard of; null when it was not since the server started.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

/// The invitations that can still be used.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminInvites, examples(json!({"invites": [{
    "id": "3f0a9c5b1d27", "uses": 1, "expires_at": "2026-02-07T12:00:00.000Z",
}]})))]
pub struct InviteList {
    /// In no order that means anything.
    pub invites: Vec<InviteInfo>,
}

/// An invitation. Its secret is not kept, so it cannot be told again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminInvite, examples(json!({
    "id": "3f0a9c5b1d27", "uses": 1, "expires_at": "2026-02-07T12:00:00.000Z",
})))]
pub struct InviteInfo {
    /// Which.
    pub id: String,
    /// How many accounts can still be made with it.
    pub uses: u32,
    /// Until when, ISO 8601 in UTC; null when that was not said.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// A new invitation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({
    "message": "Invitation created successfully",
    "invite": "Vb0cyZ2nNXyTkUbyWuRKnbN_UKNzvlO4mnIu83VbNmU",
    "id": "3f0a9c5b1d27", "uses": 1, "expires_at": "2026-02-07T12:00:00.000Z",
})))]
pub struct NewInvite {
    /// What was done, in a sentence for people.
    pub message: String,
    /// Its secret, for the field `invite` of `/auth/register`. It is told only here.
    pub invite: String,
    /// What it is listed as.
    pub id: String,
    /// How many accounts can be made with it.
    pub uses: u32,
    /// Until when, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// An account that was made or changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({
    "message": "Account disabled successfully",
    "account": {
        "user_id": 7, "username": "ann", "admin": true, "disabled": true,
        "created_at": "2026-01-31T12:00:00.000Z", "sessions": 0,
    },
})))]
pub struct AccountChanged {
    /// What was done, in a sentence for people.
    pub message: String,
    /// The account, as it is now.
    pub account: AccountInfo,
}

/// It is done.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({"message": "Session ended successfully"})))]
pub struct AdminDone {
    /// What was done, in a sentence for people.
    pub message: String,
}
