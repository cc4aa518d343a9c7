//! What people do about their accounts: the password first, then the command.

use super::{Caller, Failure, Node, SubmitError, random};
use crate::command::{
    ChangePassword, Command, CreateAccount, Left, NewSession, OpenSession, RemoveAccount,
};
use crate::hasher::HashError;
use crate::id::UserId;
use crate::name::{self, Name};
use crate::outcome::{Outcome, Rejection};
use crate::password::{Password, PasswordHash};
use crate::state::Plan;
use crate::token::{Token, TokenHash};

/// Somebody who was just let in.
#[derive(Debug)]
pub struct LoggedIn {
    /// Who.
    pub user: UserId,
    /// Under which name.
    pub name: Name,
    /// The token of the session: the only time it is told.
    pub token: Token,
}

/// Why somebody was not let in.
#[derive(Debug)]
pub enum AccountError {
    /// There is no such account, or its password is another.
    Credentials,
    /// The command has no outcome.
    Submit(SubmitError),
}

impl From<SubmitError> for AccountError {
    fn from(error: SubmitError) -> AccountError {
        AccountError::Submit(error)
    }
}

impl From<HashError> for AccountError {
    fn from(error: HashError) -> AccountError {
        tracing::error!("{error}");
        AccountError::Submit(SubmitError::Failed(Failure::Unavailable))
    }
}

/// A name that somebody wants for their own.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The name.
    pub name: Name,
    /// What it is to be protected by.
    pub password: Password,
    /// The token of a registration of this name.
    pub proof: Option<&'a str>,
    /// The secret of an invitation.
    pub invite: Option<&'a str>,
    /// What the client calls itself.
    pub agent: String,
}

impl Node {
    /// Makes an account, and lets its owner in.
    ///
    /// # Errors
    /// The name is taken, or nobody (or nobody without an invitation) may make accounts.
    pub async fn create_account(&self, wanted: Wanted<'_>) -> Result<LoggedIn, AccountError> {
        let Wanted { name, password, proof, invite, agent } = wanted;
        let token = self.new_token();
        let session = NewSession { token: TokenHash::of(token.secret()), agent };
        let mut account = CreateAccount {
            name: name.clone(),
            // Not hashed yet: a refusal is to cost no hash.
            password: PasswordHash::of_phc(""),
            session: Some(session),
            proof: proof.map(TokenHash::of),
            invite: invite.map(TokenHash::of),
            by_admin: false,
            admin: false,
        };
        self.refused(&Command::CreateAccount(account.clone()))?;
        account.password = self.hasher.hash(password, random()).await?;
        match self.submit(Command::CreateAccount(account)).await? {
            Outcome::AccountCreated { user, .. } => {
                self.presence.heard(user);
                Ok(LoggedIn { user, name: self.name_of(user).unwrap_or(name), token })
            }
            _ => Err(AccountError::Submit(SubmitError::Failed(Failure::Unavailable))),
        }
    }

    /// Lets somebody in who knows the password of the account that `username` reads as. Whether
    /// there is such an account costs the same one hash, and is not told.
    ///
    /// # Errors
    /// See [`AccountError`]; that the account is disabled is told only to who knows its password.
    pub async fn log_in(
        &self,
        username: &str,
        password: &str,
        agent: String,
    ) -> Result<LoggedIn, AccountError> {
        // What can be no password is nobody's, whatever the name.
        let Ok(password) = Password::parse(password) else { return Err(AccountError::Credentials) };
        // Another node may have made it, or changed its password.
        self.catch_up().await.map_err(SubmitError::Failed)?;
        let key = name::lookup_key(username).unwrap_or_default();
        let account = self.look(|state| {
            let user = state.holder(&key)?;
            let account = state.account(user)?;
            let name = state.name_of(user)?.clone();
            Some((user, name, account.password.clone(), account.changes))
        });
        let hash = account.as_ref().map(|(_, _, hash, _)| hash.clone());
        let right = self.hasher.verify(password, hash).await?;
        let Some((user, name, _, verified)) = account.filter(|_| right) else {
            return Err(AccountError::Credentials);
        };
        let token = self.new_token();
        let session = NewSession { token: TokenHash::of(token.secret()), agent };
        let command = Command::OpenSession(OpenSession { user, verified, session });
        self.submit(command).await.map_err(outdated)?;
        self.presence.heard(user);
        Ok(LoggedIn { user, name, token })
    }

    /// Takes another password; all other sessions of the account end.
    ///
    /// # Errors
    /// The old password is another.
    pub async fn change_password(
        &self,
        caller: &Caller,
        old: &str,
        new: Password,
    ) -> Result<(), AccountError> {
        let verified = self.verify(caller.user, old).await?;
        let password = self.hasher.hash(new, random()).await?;
        let keep = Some(caller.session);
        let change = ChangePassword { user: caller.user, verified, password, keep };
        self.submit(Command::ChangePassword(change)).await.map_err(outdated)?;
        Ok(())
    }

    /// Ends an account.
    ///
    /// # Errors
    /// The password is another.
    pub async fn remove_account(
        &self,
        caller: &Caller,
        password: &str,
        messages: Left,
    ) -> Result<(), AccountError> {
        let verified = Some(self.verify(caller.user, password).await?);
        let removal = RemoveAccount { user: caller.user, verified, messages };
        self.submit(Command::RemoveAccount(removal)).await.map_err(outdated)?;
        Ok(())
    }

    /// Which of an account's passwords is `password`.
    async fn verify(&self, user: UserId, password: &str) -> Result<u64, AccountError> {
        let Ok(password) = Password::parse(password) else { return Err(AccountError::Credentials) };
        self.catch_up().await.map_err(SubmitError::Failed)?;
        let account = self.look(|state| state.account(user).cloned());
        let (hash, changes) = account.map(|own| (own.password, own.changes)).unzip();
        match (self.hasher.verify(password, hash).await?, changes) {
            (true, Some(changes)) => Ok(changes),
            _ => Err(AccountError::Credentials),
        }
    }

    /// Refuses now what would be refused later.
    pub(super) fn refused(&self, command: &Command) -> Result<(), SubmitError> {
        match self.look(|state| state.check(command)) {
            Ok(Plan::Answered(_) | Plan::Change(_)) => Ok(()),
            Err(rejection) => Err(SubmitError::Rejected(rejection)),
        }
    }

    fn name_of(&self, user: UserId) -> Option<Name> {
        self.look(|state| state.name_of(user).cloned())
    }

    /// How many passwords were hashed so far.
    pub fn hashes(&self) -> u64 {
        self.hasher.computed()
    }
}

/// A password that was right a moment ago is wrong now.
fn outdated(error: SubmitError) -> AccountError {
    match error {
        SubmitError::Rejected(Rejection::PasswordChanged | Rejection::AccountNotFound) => {
            AccountError::Credentials
        }
        error => AccountError::Submit(error),
    }
}
