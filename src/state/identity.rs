//! What the commands about accounts, sessions, invitations do.

use super::accounts::{Account, Invite};
use super::{Change, State};
use crate::command::{Command, CreateAccount, Left, NewSession, Registration};
use crate::event::Event;
use crate::history::Record;
use crate::id::{SessionId, UserId};
use crate::outcome::{Outcome, Rejection, Verdict};
use crate::timestamp::Timestamp;

impl State {
    /// What a command about accounts would do; nothing of it is done already if that is so.
    pub(super) fn check_identity(&self, command: &Command) -> Result<Option<Change>, Rejection> {
        let change = match command {
            Command::CreateAccount(wanted) => self.check_new_account(wanted)?,
            Command::OpenSession(wanted) => {
                self.verified(wanted.user, wanted.verified)?;
                Change::Identity
            }
            Command::CloseSession(wanted) => {
                self.sessions.get(wanted.session).ok_or(Rejection::SessionNotFound)?;
                Change::Identity
            }
            Command::ChangePassword(wanted) => {
                self.verified(wanted.user, wanted.verified)?;
                Change::Identity
            }
            Command::ResetPassword(wanted) => {
                self.existing(wanted.user)?;
                Change::Identity
            }
            Command::DisableAccount(of) => match self.existing(of.user)?.disabled {
                true => return Ok(None),
                false => Change::Identity,
            },
            Command::EnableAccount(of) => match self.existing(of.user)?.disabled {
                true => Change::Identity,
                false => return Ok(None),
            },
            Command::RemoveAccount(wanted) => {
                match wanted.verified {
                    Some(changes) => self.verified(wanted.user, changes)?,
                    None => self.existing(wanted.user)?,
                };
                Change::Identity
            }
            Command::MakeAdmin(wanted) => match self.existing(wanted.user)?.admin == wanted.admin {
                true => return Ok(None),
                false => Change::Identity,
            },
            Command::CreateInvite(wanted) if wanted.uses == 0 => {
                return Err(Rejection::InviteInvalid);
            }
            Command::CreateInvite(_) => Change::Identity,
            Command::EndInvite(wanted) => {
                self.accounts.invite(wanted.invite).ok_or(Rejection::InviteInvalid)?;
                Change::Identity
            }
            other => unreachable!("{other:?} is not about accounts"),
        };
        Ok(Some(change))
    }

    fn check_new_account(&self, wanted: &CreateAccount) -> Result<Change, Rejection> {
        let key = wanted.name.key();
        let mut invite = None;
        match self.policy.registration {
            _ if wanted.by_admin => {}
            Registration::Open => {}
            Registration::Closed => return Err(Rejection::RegistrationClosed),
            Registration::Invite => {
                let secret = wanted.invite.ok_or(Rejection::InviteRequired)?;
                self.accounts.invite(secret).ok_or(Rejection::InviteInvalid)?;
                invite = Some(secret);
            }
        }
        if self.accounts.is_retired(key.as_str()) {
            return Err(Rejection::NameTaken);
        }
        let proven = wanted.proof.and_then(|token| self.users.proven(token, key));
        match self.users.holder(key.as_str()) {
            None => Ok(Change::CreateAccount { resume: proven, invite }),
            Some(holder) if proven == Some(holder) && self.accounts.get(holder).is_none() => {
                Ok(Change::CreateAccount { resume: proven, invite })
            }
            Some(_) => Err(Rejection::NameTaken),
        }
    }

    /// Carries out a command about accounts that passed its check.
    pub(super) fn apply_identity(
        &mut self,
        change: Change,
        command: Command,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) -> Verdict {
        match (change, command) {
            (Change::CreateAccount { resume, invite }, Command::CreateAccount(wanted)) => {
                if let Some(invite) = invite {
                    self.accounts.use_invite(invite);
                }
                let user = resume.unwrap_or_else(|| self.users.add(wanted.name));
                let held = self.users.get(user).is_some_and(super::users::User::is_held);
                if held {
                    events.push(Event::AccessChanged(user));
                } else {
                    self.users.hold(user, false);
                    events.push(Event::Registered(user));
                }
                if let Some(user) = self.users.get_mut(user) {
                    user.guest = false;
                    user.acted = at;
                }
                self.accounts.insert(user, wanted.password, at);
                self.change_account(user, |account| account.admin = wanted.admin);
                let session =
                    wanted.session.map(|session| self.open_session(user, session, at, events));
                return Ok(Outcome::AccountCreated { user, session });
            }
            (_, Command::OpenSession(wanted)) => {
                self.acted(wanted.user, at);
                let session = self.open_session(wanted.user, wanted.session, at, events);
                return Ok(Outcome::SessionOpened { session });
            }
            (_, Command::CloseSession(wanted)) => {
                let user = self.sessions.get(wanted.session).map(|session| session.user);
                self.sessions.close(wanted.session);
                events.extend(user.map(Event::AccessChanged));
            }
            (_, Command::ChangePassword(wanted)) => {
                self.acted(wanted.user, at);
                self.change_account(wanted.user, |account| account.password = wanted.password);
                self.renew(wanted.user, wanted.keep, events);
            }
            (_, Command::ResetPassword(wanted)) => {
                self.change_account(wanted.user, |account| account.password = wanted.password);
                self.renew(wanted.user, None, events);
            }
            (_, Command::DisableAccount(of)) => {
                self.change_account(of.user, |account| account.disabled = true);
                self.sessions.close_all(of.user, None);
                events.push(Event::AccessChanged(of.user));
            }
            (_, Command::EnableAccount(of)) => {
                self.change_account(of.user, |account| account.disabled = false);
            }
            (_, Command::MakeAdmin(wanted)) => {
                self.change_account(wanted.user, |account| account.admin = wanted.admin);
            }
            (_, Command::RemoveAccount(wanted)) => {
                self.remove_account(wanted.user, wanted.messages, at, events);
            }
            (_, Command::CreateInvite(wanted)) => {
                let invite = Invite { uses: wanted.uses, until: wanted.until };
                self.accounts.add_invite(wanted.invite, invite);
            }
            (_, Command::EndInvite(wanted)) => self.accounts.end_invite(wanted.invite),
            (change, command) => unreachable!("{change:?} does not belong to {command:?}"),
        }
        Ok(Outcome::Noted)
    }

    fn open_session(
        &mut self,
        user: UserId,
        session: NewSession,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) -> SessionId {
        let (id, ended) = self.sessions.open(user, session, at);
        events.extend(ended.into_iter().map(Event::AccessChanged));
        id
    }

    fn existing(&self, user: UserId) -> Result<&Account, Rejection> {
        self.accounts.get(user).ok_or(Rejection::AccountNotFound)
    }

    /// The account, if it can be acted as and its password is still the one that was right.
    fn verified(&self, user: UserId, changes: u64) -> Result<&Account, Rejection> {
        let account = self.existing(user)?;
        if account.disabled {
            Err(Rejection::AccountDisabled)
        } else if account.changes != changes {
            Err(Rejection::PasswordChanged)
        } else {
            Ok(account)
        }
    }

    fn change_account(&mut self, user: UserId, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.accounts.get_mut(user) {
            change(account);
        }
    }

    /// With a new password everything that let somebody in before is worth nothing.
    fn renew(&mut self, user: UserId, keep: Option<SessionId>, events: &mut Vec<Event>) {
        self.change_account(user, |account| account.changes += 1);
        self.sessions.close_all(user, keep);
        self.users.forget_tokens(user);
        events.push(Event::AccessChanged(user));
    }

    /// Ends an account: what let its owner in, its rooms, what was sent to it, if so wished what
    /// it said. Its name stays taken.
    fn remove_account(
        &mut self,
        user: UserId,
        messages: Left,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        self.sessions.close_all(user, None);
        self.users.forget_tokens(user);
        if let Some(name) = self.name_of(user).map(|name| name.key().clone()) {
            self.accounts.retire(user, name, at);
        }
        self.end(user, at, events);
        self.users.retire(user);
        self.record(Record::Retired(user));
        if messages == Left::Remove {
            self.record(Record::Forgotten(user));
            self.users.forget_messages_of(user);
            self.rooms.forget_messages_of(user);
        }
    }
}
