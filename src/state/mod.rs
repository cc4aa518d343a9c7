//! The state: what all entries so far amount to.
//!
//! It is a pure function of the log. No clock, no randomness, no I/O, no locks, no hash order: the
//! same entries give the same state, the same verdicts and the same message ids, on every start
//! and on every machine. That is what makes it testable by script (`tests/state.rs`).
//!
//! - [`State::check`] says what a command would do now, and changes nothing. The node refuses with
//!   it before anything is written.
//! - [`State::apply`] checks again, because entries may have come between, and carries it out.
//! - [`State::read`] and its kin answer readers. They look up and clone references; encoding is
//!   left to the caller, who no longer holds the state's lock.

mod access;
mod accounts;
mod answered;
mod conversations;
mod digest;
mod identity;
mod index;
mod origins;
mod projects;
mod read;
mod recent;
mod retention;
mod rooms;
mod sessions;
mod snapshot;
mod timeline;
mod users;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use access::Proof;
pub use accounts::{Account, Invite};
pub use conversations::{ConversationInfo, Said};
pub use projects::{FileInfo, ProjectInfo};
pub use read::{Found, Older, Page, Query, RoomInfo, With};
pub use sessions::Session;

use crate::command::{Address, Command, Entry, Participant, Policy};
use crate::event::{Event, Topic};
use crate::history::{Line, Record, Route};
use crate::id::{Epoch, MessageId, RoomId, UserId};
use crate::message::{Kind, Message};
use crate::name::NameKey;
use crate::outcome::{Outcome, Rejection, Verdict};
use crate::text::Text;
use crate::timestamp::Timestamp;
use crate::token::TokenHash;
use accounts::Accounts;
use answered::Answered;
use conversations::Conversation;
use digest::Digest;
use origins::Origins;
use projects::Projects;
use recent::Recent;
use rooms::Rooms;
use sessions::Sessions;
use users::Users;

/// Whose name notices come from; nobody can register it.
pub const SERVER: &str = "server";

/// Everything that is known, in memory.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// How many entries it comes from, and when the last of them was stamped.
    position: u64,
    at: Timestamp,
    epoch: Option<Epoch>,
    policy: Policy,
    users: Users,
    accounts: Accounts,
    sessions: Sessions,
    rooms: Rooms,
    projects: Projects,
    answered: Answered,
    /// The id of the newest message; 0 before the first.
    head: MessageId,
    /// Messages up to this id are gone for good; 0 if none are.
    trimmed: MessageId,
    /// Where the entries come from; nothing in a log that one node writes.
    #[serde(default, skip_serializing_if = "Origins::is_empty")]
    origins: Origins,
    /// What all verdicts so far come to; nothing in a log that one node writes.
    #[serde(default, skip_serializing_if = "Digest::is_empty")]
    digest: Digest,
    #[serde(skip)]
    recent: Recent,
}

/// What a command that passed its checks will do.
#[derive(Debug)]
pub enum Plan {
    /// Nothing: this is already so, and this is the outcome.
    Answered(Outcome),
    /// Something, when its entry is applied.
    Change(Change),
}

/// A checked command, its names resolved.
#[derive(Debug)]
#[expect(missing_docs, reason = "each mirrors the command of its name")]
pub enum Change {
    Note,
    Register { resume: Option<UserId>, proven: bool },
    End { user: UserId },
    Direct { sender: UserId, recipient: UserId },
    Post { sender: UserId },
    Create { admin: UserId, members: BTreeSet<UserId> },
    Open,
    Join { user: UserId },
    Leave { user: UserId },
    Free { user: UserId },
    Forget { user: UserId },
    CreateAccount { resume: Option<UserId>, invite: Option<TokenHash> },
    Identity,
    BeginProject,
    Converse { members: BTreeSet<UserId> },
    Invite { users: BTreeSet<UserId> },
    Dismiss { users: BTreeSet<UserId> },
    AddFile,
    RemoveFile,
    Trim,
}

impl State {
    /// What `command` would do to the state as it is.
    ///
    /// # Errors
    /// The rejection that [`State::apply`] would give.
    pub fn check(&self, command: &Command) -> Result<Plan, Rejection> {
        let change = match command {
            Command::Begin { .. } | Command::Configure(_) => Change::Note,
            Command::Register { name, proof, .. } => {
                let proven = proof.and_then(|token| self.proven(token, name.key()));
                if self.accounts.is_retired(name.key().as_str()) {
                    return Err(Rejection::NameTaken);
                }
                match (self.users.holder(name.key().as_str()), proven) {
                    (Some(holder), Some(user)) if holder == user => {
                        return Ok(Plan::Answered(Outcome::Registered { user, resumed: true }));
                    }
                    (Some(_), _) => return Err(Rejection::NameTaken),
                    (None, Some(_)) => Change::Register { resume: proven, proven: true },
                    (None, None) => {
                        let shared = self.policy.shared_names;
                        let resume = self.users.latest(name.key().as_str()).filter(|_| shared);
                        Change::Register { resume, proven: false }
                    }
                }
            }
            Command::Logout { name } => {
                let user = self.user(name).ok_or(Rejection::NotRegistered)?;
                if self.accounts.get(user).is_some() {
                    return Ok(Plan::Answered(Outcome::LoggedOut { user }));
                }
                Change::End { user }
            }
            Command::Expire { user } if self.accounts.retired().any(|(of, _)| of == *user) => {
                Change::Free { user: *user }
            }
            Command::Expire { user } => {
                let held = self.users.get(*user).is_some_and(users::User::is_held)
                    && self.accounts.get(*user).is_none();
                Change::End { user: Some(*user).filter(|_| held).ok_or(Rejection::NotRegistered)? }
            }
            Command::Forget { user } => {
                let ended = self.users.get(*user).is_some_and(|user| !user.is_held());
                // The name of a removed account is set free first.
                let removed = self.accounts.retired().any(|(of, _)| of == *user);
                if !ended || removed {
                    return Err(Rejection::NotRegistered);
                }
                Change::Forget { user: *user }
            }
            Command::Send { sender, recipient, once, .. } => {
                if let (Some(once), Some(user)) = (once, self.users.latest(sender.as_str()))
                    && let Some(id) = self.answered.find(user, once)?
                {
                    return Ok(Plan::Answered(Outcome::Sent { id }));
                }
                let sender = self.user(sender).ok_or(Rejection::NotRegistered)?;
                match recipient {
                    Address::User(name) => {
                        let recipient = self.user(name).ok_or(Rejection::RecipientNotOnline)?;
                        Change::Direct { sender, recipient }
                    }
                    Address::Room(id) => {
                        let room = self.rooms.get(id).ok_or(Rejection::RoomNotFound)?;
                        // An open named room may be spoken to from outside.
                        let open = matches!(id, RoomId::Named(_));
                        if !open && !room.has(sender) {
                            return Err(Rejection::NotParticipant);
                        }
                        Change::Post { sender }
                    }
                }
            }
            Command::CreateRoom { admin, participants } => {
                let admin = self.user(admin).ok_or(Rejection::NotRegistered)?;
                let mut members = BTreeSet::from([admin]);
                for Participant { given, key } in participants {
                    let user = self.user(key);
                    members.insert(
                        user.ok_or_else(|| Rejection::ParticipantNotOnline(given.clone()))?,
                    );
                }
                Change::Create { admin, members }
            }
            Command::OpenRoom { room } => match self.rooms.by_name(room.key().as_str()) {
                Some(room) => {
                    return Ok(Plan::Answered(Outcome::RoomOpened { room: room.clone() }));
                }
                None if self.policy.rooms_open => Change::Open,
                None => return Err(Rejection::RoomNotFound),
            },
            Command::JoinRoom { name, room } => {
                let user = self.user(name).ok_or(Rejection::NotRegistered)?;
                let found = self.rooms.get(room).ok_or(Rejection::RoomNotFound)?;
                if found.has(user) {
                    return Ok(Plan::Answered(Outcome::Joined));
                }
                if !matches!(room, RoomId::Named(_)) {
                    return Err(Rejection::RoomNotOpen);
                }
                Change::Join { user }
            }
            Command::LeaveRoom { name, room } => {
                let found = self.rooms.get(room).ok_or(Rejection::RoomNotFound)?;
                let member = self.user(name).filter(|user| found.has(*user));
                Change::Leave { user: member.ok_or(Rejection::NotParticipant)? }
            }
            Command::CreateProject(command) => return self.check_project(command),
            Command::CreateConversation(command) => return self.check_conversation(command),
            Command::AddParticipants(command) => return self.check_addition(command),
            Command::RemoveParticipants(command) => return self.check_dismissal(command),
            Command::AddFile(command) => return self.check_file(command),
            Command::RemoveFile(command) => return self.check_removal(command),
            Command::Trim(wanted) => return self.check_trim(wanted),
            Command::CreateAccount(_)
            | Command::OpenSession(_)
            | Command::CloseSession(_)
            | Command::ChangePassword(_)
            | Command::ResetPassword(_)
            | Command::DisableAccount(_)
            | Command::EnableAccount(_)
            | Command::RemoveAccount(_)
            | Command::MakeAdmin(_)
            | Command::CreateInvite(_)
            | Command::EndInvite(_) => match self.check_identity(command)? {
                Some(change) => change,
                None => return Ok(Plan::Answered(Outcome::Noted)),
            },
        };
        Ok(Plan::Change(change))
    }

    /// Applies the next entry of the log: the verdict is for whoever asked, the events (added to
    /// `events`) for those who watch.
    ///
    /// # Errors
    /// A rejection leaves the state as it was.
    pub fn apply(&mut self, entry: Entry, events: &mut Vec<Event>) -> Verdict {
        let Entry { at, command, origin } = entry;
        let Some(origin) = origin else {
            self.position += 1;
            return self.carry_out(at, command, events);
        };
        self.position = origin.seq;
        if !self.origins.is_new(&origin, self.at.max(at)) {
            return Ok(Outcome::Noted);
        }
        let (told, before) = (events.len(), self.head);
        let verdict = self.carry_out(at, command, events);
        self.digest_entry(&origin, &verdict, &events[told..], before);
        verdict
    }

    /// Whether [`State::apply`] passes over this entry: it was applied, or its writer was silent for
    /// so long that nobody could say.
    pub fn passes_over(&self, entry: &Entry) -> bool {
        entry.origin.as_ref().is_some_and(|origin| self.origins.passes_over(origin))
    }

    fn carry_out(&mut self, at: Timestamp, command: Command, events: &mut Vec<Event>) -> Verdict {
        // Clocks of several nodes differ.
        let at = self.at.max(at);
        self.at = at;
        let change = match self.check(&command)? {
            Plan::Answered(outcome) => return Ok(outcome),
            Plan::Change(change) => change,
        };
        match (change, command) {
            (Change::Note, Command::Begin { epoch }) => {
                // Of nodes that begin a log together, the first names it.
                if self.origins.is_empty() || self.epoch.is_none() {
                    self.epoch = Some(epoch);
                }
                Ok(Outcome::Noted)
            }
            (Change::Note, Command::Configure(policy)) => {
                for name in &policy.rooms {
                    self.rooms.ensure(name, at);
                }
                self.policy = policy;
                Ok(Outcome::Noted)
            }
            (Change::Register { resume, proven }, Command::Register { name, token, guest, .. }) => {
                let user = resume.unwrap_or_else(|| self.users.add(name));
                if !proven {
                    self.users.add_token(user, token);
                }
                self.users.hold(user, guest);
                self.acted(user, at);
                events.push(Event::Registered(user));
                Ok(Outcome::Registered { user, resumed: proven })
            }
            (Change::End { user }, _) => {
                self.end(user, at, events);
                Ok(Outcome::LoggedOut { user })
            }
            (
                Change::Direct { sender, recipient },
                Command::Send { text, once, recipient: Address::User(to), sender: from, .. },
            ) => {
                let id = self.direct(sender, &from, recipient, &to, text, at, events);
                self.sent(sender, once, id, at)
            }
            (
                Change::Post { sender },
                Command::Send { text, once, recipient: Address::Room(room), shown, .. },
            ) => {
                let shown = shown.map(|name| name.text().clone());
                let id = self.post(sender, room, shown, text, at, events);
                self.sent(sender, once, id, at)
            }
            (Change::Create { admin, members }, Command::CreateRoom { .. }) => {
                let conversation = Conversation { creator: admin, project: None, lasting: false };
                let number = self.rooms.open(&members, conversation, at);
                let room = RoomId::Numbered(number);
                for member in members {
                    self.entered(member, room.clone(), events);
                    self.welcome(member, number, at, events);
                }
                Ok(Outcome::RoomCreated { room })
            }
            (Change::BeginProject, Command::CreateProject(command)) => {
                let creator = command.creator;
                let project = self.projects.begin(command, at);
                let members = BTreeSet::from([creator]);
                let conversation = self.converse(creator, Some(project), members, at, events);
                Ok(Outcome::ProjectCreated { project, conversation })
            }
            (Change::Converse { members }, Command::CreateConversation(command)) => {
                let (creator, project) = (command.creator, command.project);
                let conversation = self.converse(creator, project, members, at, events);
                Ok(Outcome::ConversationCreated { conversation })
            }
            (Change::Invite { users }, Command::AddParticipants(command)) => {
                self.add_participants(&command, users, at, events);
                Ok(Outcome::Noted)
            }
            (Change::Dismiss { users }, Command::RemoveParticipants(command)) => {
                self.remove_participants(&command, users, at, events);
                Ok(Outcome::Noted)
            }
            (Change::AddFile, Command::AddFile(command)) => {
                self.acted(command.uploader, at);
                Ok(Outcome::FileAdded { file: self.projects.add(command, at) })
            }
            (Change::RemoveFile, Command::RemoveFile(command)) => {
                self.acted(command.by, at);
                Ok(State::removed(self.projects.remove(command.project, command.file)))
            }
            (Change::Trim, Command::Trim(wanted)) => {
                self.trim(wanted);
                Ok(Outcome::Noted)
            }
            (Change::Open, Command::OpenRoom { room }) => {
                Ok(Outcome::RoomOpened { room: self.rooms.ensure(&room, at) })
            }
            (Change::Join { user }, Command::JoinRoom { room, .. }) => {
                if let Some(found) = self.rooms.get_mut(&room) {
                    found.enter(user, at);
                }
                if let Some(user) = self.users.get_mut(user) {
                    user.rooms.insert(room);
                }
                self.acted(user, at);
                events.push(Event::RoomsChanged(user));
                Ok(Outcome::Joined)
            }
            (Change::Leave { user }, Command::LeaveRoom { room, .. }) => {
                self.acted(user, at);
                self.leave(user, &room, at, events);
                events.push(Event::RoomsChanged(user));
                Ok(Outcome::Left)
            }
            (Change::Forget { user }, _) => {
                self.users.forget(user);
                self.record(Record::Retired(user));
                Ok(Outcome::Noted)
            }
            (Change::Free { user }, _) => {
                self.accounts.free(user);
                Ok(Outcome::LoggedOut { user })
            }
            (change @ (Change::CreateAccount { .. } | Change::Identity), command) => {
                self.apply_identity(change, command, at, events)
            }
            // `check` makes the change from the command, so the two always belong together.
            (change, command) => unreachable!("{change:?} does not belong to {command:?}"),
        }
    }

    /// Whether these settings are in force.
    pub fn has_policy(&self, policy: &Policy) -> bool {
        self.policy == *policy
    }

    fn user(&self, name: &NameKey) -> Option<UserId> {
        self.users.holder(name.as_str())
    }

    fn acted(&mut self, user: UserId, at: Timestamp) {
        if let Some(user) = self.users.get_mut(user) {
            user.acted = at;
        }
    }

    fn sent(
        &mut self,
        sender: UserId,
        once: Option<crate::command::Once>,
        id: MessageId,
        at: Timestamp,
    ) -> Verdict {
        if let Some(once) = once {
            self.answered.insert(at, sender, once, id);
        }
        Ok(Outcome::Sent { id })
    }

    /// What a bad disk or a fault could do to one of many states; for tests of what notices it.
    #[cfg(debug_assertions)]
    pub fn skip_one_id(&mut self) {
        self.next_id();
    }

    fn next_id(&mut self) -> MessageId {
        self.head = MessageId(self.head.0 + 1);
        self.head
    }

    #[expect(clippy::too_many_arguments, reason = "two ends of a message, each by id and key")]
    fn direct(
        &mut self,
        sender: UserId,
        from: &NameKey,
        recipient: UserId,
        to: &NameKey,
        text: Text,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) -> MessageId {
        let id = self.next_id();
        let name = |user| self.users.get(user).map(|user| user.name.text().clone());
        let message = Arc::new(Message {
            id,
            at,
            author: Some(sender),
            sender: name(sender).unwrap_or_default(),
            recipient: name(recipient).unwrap_or_default(),
            kind: Kind::Direct,
            shown: None,
            text,
        });
        let (to_key, from_key) = (to.clone(), from.clone());
        let route = Route::Direct { to: recipient, to_key, from: Some(sender), from_key };
        self.record(Record::Posted { message: message.clone(), route });
        if let Some(user) = self.users.get_mut(recipient) {
            user.receive(from, &message);
        }
        if let Some(user) = self.users.get_mut(sender) {
            user.acted = at;
            if sender != recipient {
                user.remember_sent(to, &message);
            }
        }
        events.push(Event::Posted(Topic::User(recipient)));
        if sender != recipient {
            events.push(Event::Posted(Topic::User(sender)));
        }
        id
    }

    fn post(
        &mut self,
        sender: UserId,
        room: RoomId,
        shown: Option<Arc<str>>,
        text: Text,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) -> MessageId {
        let id = self.next_id();
        self.acted(sender, at);
        let name = self.users.get(sender).map(|user| user.name.text().clone());
        if let Some(found) = self.rooms.get_mut(&room) {
            let message = Arc::new(Message {
                id,
                at,
                author: Some(sender),
                sender: name.unwrap_or_default(),
                recipient: found.text.clone(),
                kind: Kind::Room,
                shown,
                text,
            });
            found.messages.push(message.clone());
            let route = Route::Room(room.clone());
            self.recent.push(self.position, Record::Posted { message, route });
        }
        events.push(Event::Posted(Topic::Room(room)));
        id
    }

    /// A user is in a room now.
    fn entered(&mut self, user: UserId, room: RoomId, events: &mut Vec<Event>) {
        if let Some(user) = self.users.get_mut(user) {
            user.rooms.insert(room);
        }
        events.push(Event::RoomsChanged(user));
    }

    /// Tells a user that it is in a numbered room now, in the words that clients look for.
    fn welcome(&mut self, user: UserId, room: u64, at: Timestamp, events: &mut Vec<Event>) {
        let text =
            format!("Room {room} has been created and you have been added as a participant.");
        self.notify(user, &text, at, events);
    }

    /// Sends a notice of the server's own to one user.
    fn notify(&mut self, to: UserId, text: &str, at: Timestamp, events: &mut Vec<Event>) {
        let id = self.next_id();
        let Some(user) = self.users.get_mut(to) else { return };
        let message = Arc::new(Message {
            id,
            at,
            author: None,
            sender: SERVER.into(),
            recipient: user.name.text().clone(),
            kind: Kind::Direct,
            shown: None,
            text: Text::new(text),
        });
        let from_key = NameKey::server();
        user.receive(&from_key, &message);
        let to_key = user.name.key().clone();
        let route = Route::Direct { to, to_key, from: None, from_key };
        self.recent.push(self.position, Record::Posted { message, route });
        events.push(Event::Posted(Topic::User(to)));
    }

    /// Ends a registration: its rooms first, then its name.
    fn end(&mut self, user: UserId, at: Timestamp, events: &mut Vec<Event>) {
        let rooms = self.users.get(user).map(|user| user.rooms.clone()).unwrap_or_default();
        for room in &rooms {
            self.leave(user, room, at, events);
        }
        self.users.release(user);
        events.push(Event::Ended(user));
    }

    /// Takes a member out of a room. Those who stay in one that does not last are told; with
    /// the last one it goes.
    fn leave(&mut self, user: UserId, id: &RoomId, at: Timestamp, events: &mut Vec<Event>) {
        let mut notice = String::new();
        if let Some(user) = self.users.get_mut(user) {
            user.rooms.remove(id);
            notice = user.name.as_str().to_owned();
        }
        let Some(room) = self.rooms.get_mut(id) else { return };
        room.exit(user);
        let RoomId::Numbered(number) = id else { return };
        if room.is_lasting() {
            return;
        }
        let members: Vec<_> = room.members().map(|(member, _)| member).collect();
        if members.is_empty() {
            self.rooms.remove(id);
            self.record(Record::Closed(Line::Room(id.clone())));
            return;
        }
        notice.push_str(&format!(" has left room {number}."));
        for member in members {
            self.notify(member, &notice, at, events);
        }
    }
}
