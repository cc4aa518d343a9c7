//! What whoever runs the server does about accounts, sessions, invitations.
//!
//! There are two ways to it, the paths under `/admin/` and the command line on a store whose server
//! is stopped. Both ask [`Node::administer`], so that they cannot differ.

mod answer;
mod request;

use std::time::Duration;

pub use answer::{
    AccountChanged, AccountInfo, AccountList, AdminAnswer, AdminDone, InviteInfo, InviteList,
    NewInvite, SessionInfo, SessionList,
};
pub use request::{AdminRequest, LASTS, LASTS_BY_ITSELF, USES};

use super::{AccountError, LoggedIn, Node, SubmitError, random};
use crate::command::{
    CloseSession, Closing, Command, CreateAccount, CreateInvite, EndInvite, MakeAdmin, NewSession,
    OfAccount, OpenSession, ResetPassword,
};
use crate::id::{SessionId, UserId};
use crate::name::{self, Name};
use crate::outcome::Rejection;
use crate::password::{Password, PasswordHash};
use crate::state::{Account, Session, State};
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// Characters of an invitation's hash that it is listed by: enough to tell it from all others, and
/// of no use to whoever wants to be invited.
const ID: usize = 12;

impl Node {
    /// Does what whoever runs the server asks for. That it is they who ask has been shown.
    ///
    /// # Errors
    /// There is no such account, session or invitation, or the command has no outcome.
    pub async fn administer(&self, request: AdminRequest) -> Result<AdminAnswer, AccountError> {
        match request {
            AdminRequest::Accounts => Ok(self.look(accounts)),
            AdminRequest::Create { name, password, admin } => {
                self.make_account(name, password, admin).await
            }
            AdminRequest::Disable(username) => {
                let user = self.account_called(&username)?;
                self.submit(Command::DisableAccount(OfAccount { user })).await?;
                self.changed_account(user, "Account disabled successfully")
            }
            AdminRequest::Enable(username) => {
                let user = self.account_called(&username)?;
                self.submit(Command::EnableAccount(OfAccount { user })).await?;
                self.changed_account(user, "Account enabled successfully")
            }
            AdminRequest::Password { username, password } => {
                let user = self.account_called(&username)?;
                let password = self.hasher.hash(password, random()).await?;
                self.submit(Command::ResetPassword(ResetPassword { user, password })).await?;
                self.changed_account(user, "Password reset successfully")
            }
            AdminRequest::Promote(username) => self.make_admin(&username, true).await,
            AdminRequest::Demote(username) => self.make_admin(&username, false).await,
            AdminRequest::Sessions(None) => Ok(self.sessions(|state| {
                let all = state.sessions();
                all.map(|(id, session)| (id, session.clone())).collect()
            })),
            AdminRequest::Sessions(Some(username)) => {
                let user = self.account_called(&username)?;
                Ok(self.sessions(|state| {
                    let own = state.sessions_of(user);
                    own.map(|(id, session)| (id, session.clone())).collect()
                }))
            }
            AdminRequest::EndSession(session) => {
                self.revoke(session).await?;
                Ok(done("Session ended successfully"))
            }
            AdminRequest::EndSessions(username) => self.revoke_all(&username).await,
            AdminRequest::Invites => Ok(self.look(invites)),
            AdminRequest::Invite { uses, lasts } => self.invite(uses, lasts).await,
            AdminRequest::EndInvite(which) => {
                let invite = self.look(|state| invite_called(state, &which));
                let invite = invite.ok_or_else(|| rejected(Rejection::InviteInvalid))?;
                self.submit(Command::EndInvite(EndInvite { invite })).await?;
                Ok(done("Invitation ended successfully"))
            }
        }
    }

    /// Begins a session of an admin's account for who has the store in hand, and so needs no
    /// password.
    ///
    /// # Errors
    /// There is no such account, it is disabled, or it is no admin's, which is `None`.
    pub async fn enter_as_admin(
        &self,
        username: &str,
        agent: &str,
    ) -> Result<Option<LoggedIn>, AccountError> {
        let user = self.account_called(username)?;
        if !self.is_admin(user) {
            return Ok(None);
        }
        let verified = self.look(|state| state.account(user).map(|account| account.changes));
        let name = self.look(|state| state.name_of(user).cloned());
        let (verified, name) = verified.zip(name).ok_or_else(no_account)?;
        let token = self.new_token();
        let session = NewSession { token: TokenHash::of(token.secret()), agent: agent.to_owned() };
        self.submit(Command::OpenSession(OpenSession { user, verified, session })).await?;
        Ok(Some(LoggedIn { user, name, token }))
    }

    /// Whether a user may administer.
    pub fn is_admin(&self, user: UserId) -> bool {
        self.look(|state| state.account(user).is_some_and(|account| account.admin))
    }

    async fn make_account(
        &self,
        name: Name,
        password: Password,
        admin: bool,
    ) -> Result<AdminAnswer, AccountError> {
        let mut account = CreateAccount {
            name,
            // Not hashed yet: a refusal is to cost no hash.
            password: PasswordHash::of_phc(""),
            session: None,
            proof: None,
            invite: None,
            by_admin: true,
            admin,
        };
        self.refused(&Command::CreateAccount(account.clone()))?;
        account.password = self.hasher.hash(password, random()).await?;
        let name = account.name.clone();
        self.submit(Command::CreateAccount(account)).await?;
        let user = self.account_called(name.as_str())?;
        self.changed_account(user, "Account created successfully")
    }

    async fn make_admin(&self, username: &str, admin: bool) -> Result<AdminAnswer, AccountError> {
        let user = self.account_called(username)?;
        self.submit(Command::MakeAdmin(MakeAdmin { user, admin })).await?;
        let says = match admin {
            true => "The account may administer now",
            false => "The account may not administer any more",
        };
        self.changed_account(user, says)
    }

    async fn revoke(&self, session: SessionId) -> Result<(), SubmitError> {
        let close = CloseSession { session, reason: Closing::Revoked };
        self.submit(Command::CloseSession(close)).await.map(drop)
    }

    async fn revoke_all(&self, username: &str) -> Result<AdminAnswer, AccountError> {
        let user = self.account_called(username)?;
        let own: Vec<_> = self.look(|state| state.sessions_of(user).map(|(id, _)| id).collect());
        for session in own {
            match self.revoke(session).await {
                // It ended by itself meanwhile.
                Ok(()) | Err(SubmitError::Rejected(Rejection::SessionNotFound)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done("Sessions ended successfully"))
    }

    async fn invite(&self, uses: u32, lasts: Duration) -> Result<AdminAnswer, AccountError> {
        let secret = self.new_token();
        let invite = TokenHash::of(secret.secret());
        let until = self.now().after(lasts);
        let command = CreateInvite { invite, uses, until: Some(until) };
        self.submit(Command::CreateInvite(command)).await?;
        Ok(AdminAnswer::Invited(NewInvite {
            message: "Invitation created successfully".to_owned(),
            invite: secret.secret().to_owned(),
            id: invite_id(invite),
            uses,
            expires_at: until.to_iso(),
        }))
    }

    fn account_called(&self, username: &str) -> Result<UserId, AccountError> {
        let key = name::lookup_key(username).unwrap_or_default();
        let account = self.look(|state| {
            let user = state.holder(&key)?;
            state.account(user).map(|_| user)
        });
        account.ok_or_else(no_account)
    }

    fn changed_account(&self, user: UserId, message: &str) -> Result<AdminAnswer, AccountError> {
        let account = self.look(|state| {
            Some(account_info(state, user, state.name_of(user)?, state.account(user)?))
        });
        let account = account.ok_or_else(no_account)?;
        Ok(AdminAnswer::Account(AccountChanged { message: message.to_owned(), account }))
    }

    fn sessions(&self, which: impl FnOnce(&State) -> Vec<(SessionId, Session)>) -> AdminAnswer {
        let named = self.look(|state| {
            let name = |user| state.name_of(user).map(Name::as_str).unwrap_or_default().to_owned();
            let sessions = which(state).into_iter();
            sessions.map(|(id, session)| (id, name(session.user), session)).collect::<Vec<_>>()
        });
        let sessions = named.into_iter().map(|(id, username, session)| SessionInfo {
            id,
            user_id: session.user,
            username,
            agent: session.agent,
            created_at: session.created.to_iso(),
            last_used_at: self.presence.session_last_used(id).map(Timestamp::to_iso),
        });
        AdminAnswer::Sessions(SessionList { sessions: sessions.collect() })
    }
}

/// A rejection in words for whoever runs the server.
pub fn refusal(rejection: &Rejection) -> String {
    match rejection {
        Rejection::NameTaken => {
            "This name is taken: by an account, or by somebody who uses it without one.".to_owned()
        }
        Rejection::InviteInvalid => "There is no such invitation, or no longer.".to_owned(),
        other => other.to_string(),
    }
}

fn rejected(rejection: Rejection) -> AccountError {
    AccountError::Submit(SubmitError::Rejected(rejection))
}

fn no_account() -> AccountError {
    rejected(Rejection::AccountNotFound)
}

fn done(message: &str) -> AdminAnswer {
    AdminAnswer::Done(AdminDone { message: message.to_owned() })
}

fn accounts(state: &State) -> AdminAnswer {
    let all =
        state.accounts().map(|(user, name, account)| account_info(state, user, name, account));
    AdminAnswer::Accounts(AccountList { accounts: all.collect() })
}

fn account_info(state: &State, user: UserId, name: &Name, account: &Account) -> AccountInfo {
    AccountInfo {
        user_id: user,
        username: name.as_str().to_owned(),
        admin: account.admin,
        disabled: account.disabled,
        created_at: account.created.to_iso(),
        sessions: state.sessions_of(user).count(),
    }
}

fn invites(state: &State) -> AdminAnswer {
    let all = state.invites().map(|(secret, invite)| InviteInfo {
        id: invite_id(secret),
        uses: invite.uses,
        expires_at: invite.until.map(Timestamp::to_iso),
    });
    AdminAnswer::Invites(InviteList { invites: all.collect() })
}

fn invite_id(invite: TokenHash) -> String {
    invite.to_hex()[..ID].to_owned()
}

/// The invitation that is listed by this id, or whose secret this is.
fn invite_called(state: &State, text: &str) -> Option<TokenHash> {
    let listed = state.invites().map(|(secret, _)| secret).find(|one| invite_id(*one) == text);
    let secret = TokenHash::of(text);
    listed.or_else(|| state.invite(secret).map(|_| secret))
}
