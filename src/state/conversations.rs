//! The conversations: numbered rooms, as the accounts in them see them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rooms::Room;
use super::{Change, Plan, State};
use crate::command::{CreateConversation, Participants};
use crate::event::Event;
use crate::history::{Line, Scope};
use crate::id::{ConversationId, MessageId, ProjectId, RoomId, UserId};
use crate::message::Message;
use crate::outcome::{Outcome, Rejection};
use crate::timestamp::Timestamp;

/// What makes a room a conversation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversation {
    pub(super) creator: UserId,
    pub(super) project: Option<ProjectId>,
    /// It was begun as a conversation, not with `/create_room`: it makes no notices, and stays
    /// when nobody is left in it.
    pub(super) lasting: bool,
}

/// A conversation as its participants see it.
#[derive(Debug)]
pub struct ConversationInfo {
    /// Its id.
    pub id: ConversationId,
    /// The project it is part of.
    pub project: Option<ProjectId>,
    /// Who began it, while that is an account.
    pub creator: Option<UserId>,
    /// When it began.
    pub created: Timestamp,
    /// Who is in it since when; of those without an account only since when.
    pub participants: Vec<(Option<UserId>, Timestamp)>,
}

/// A page of what was said in a conversation, as far as memory has it.
#[derive(Debug)]
pub struct Said {
    /// Newest first.
    pub messages: Vec<Arc<Message>>,
    /// How many messages there are in memory.
    pub in_memory: usize,
    /// Where the older ones are, if there are any.
    pub older: Option<Scope>,
}

impl State {
    pub(super) fn check_conversation(
        &self,
        command: &CreateConversation,
    ) -> Result<Plan, Rejection> {
        self.acting(command.creator)?;
        if let Some(project) = command.project {
            self.project_for(command.creator, project)?;
        }
        let mut members = self.all_accounts(&command.participants)?;
        members.insert(command.creator);
        Ok(Plan::Change(Change::Converse { members }))
    }

    pub(super) fn check_addition(&self, command: &Participants) -> Result<Plan, Rejection> {
        let room = self.conversation_for(command.by, command.conversation)?;
        let mut users = self.all_accounts(&command.users)?;
        users.retain(|user| !room.has(*user));
        if users.is_empty() {
            return Ok(Plan::Answered(Outcome::Noted));
        }
        Ok(Plan::Change(Change::Invite { users }))
    }

    /// Everybody may go; only who began the conversation, or its project, sends others away.
    pub(super) fn check_dismissal(&self, command: &Participants) -> Result<Plan, Rejection> {
        let room = self.conversation_for(command.by, command.conversation)?;
        let users: BTreeSet<_> = command.users.iter().copied().collect();
        if users.iter().any(|user| !room.has(*user)) {
            return Err(Rejection::UserNotFound);
        }
        let creator = room.conversation.as_ref().map(|conversation| conversation.creator);
        let project = room.conversation.as_ref().and_then(|conversation| conversation.project);
        let project = project.and_then(|id| self.projects.get(id));
        let may = creator == Some(command.by)
            || project.is_some_and(|project| project.creator == command.by);
        if !may && users.iter().any(|user| *user != command.by) {
            return Err(Rejection::NotYours);
        }
        Ok(Plan::Change(Change::Dismiss { users }))
    }

    /// Opens a conversation that lasts.
    pub(super) fn converse(
        &mut self,
        creator: UserId,
        project: Option<ProjectId>,
        members: BTreeSet<UserId>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) -> ConversationId {
        let conversation = Conversation { creator, project, lasting: true };
        let number = self.rooms.open(&members, conversation, at);
        for member in members {
            self.entered(member, RoomId::Numbered(number), events);
        }
        self.acted(creator, at);
        ConversationId(number)
    }

    /// Puts accounts into a conversation. One that was made with `/create_room` tells them, as
    /// it told those who were in it first.
    pub(super) fn add_participants(
        &mut self,
        command: &Participants,
        users: BTreeSet<UserId>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let id = command.conversation.room();
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let lasting = room.is_lasting();
        for user in &users {
            room.enter(*user, at);
        }
        for user in users {
            self.entered(user, id.clone(), events);
            if !lasting {
                self.welcome(user, command.conversation.0, at, events);
            }
        }
        self.acted(command.by, at);
    }

    /// Takes participants out of a conversation.
    pub(super) fn remove_participants(
        &mut self,
        command: &Participants,
        users: BTreeSet<UserId>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let id = command.conversation.room();
        for user in users {
            self.leave(user, &id, at, events);
            events.push(Event::RoomsChanged(user));
        }
        self.acted(command.by, at);
    }

    /// The user, while it may act as an account.
    pub(super) fn acting(&self, user: UserId) -> Result<UserId, Rejection> {
        let account = self.accounts.get(user).filter(|account| !account.disabled);
        account.map(|_| user).ok_or(Rejection::AccountNotFound)
    }

    /// The user, while it is an account.
    pub(super) fn if_account(&self, user: UserId) -> Option<UserId> {
        self.accounts.get(user).map(|_| user)
    }

    fn all_accounts(&self, users: &[UserId]) -> Result<BTreeSet<UserId>, Rejection> {
        let account = |user: &UserId| self.if_account(*user).ok_or(Rejection::UserNotFound);
        users.iter().map(account).collect()
    }

    /// The room of a conversation, if `user` is in it.
    fn conversation_for(&self, user: UserId, id: ConversationId) -> Result<&Room, Rejection> {
        self.acting(user)?;
        let room = self.rooms.get(&id.room()).ok_or(Rejection::ConversationNotFound)?;
        if room.has(user) { Ok(room) } else { Err(Rejection::NotInConversation) }
    }

    /// Whether `user` is in a conversation.
    ///
    /// # Errors
    /// `ConversationNotFound`, `NotInConversation`.
    pub fn in_conversation(&self, user: UserId, id: ConversationId) -> Result<(), Rejection> {
        self.conversation_for(user, id).map(|_| ())
    }

    /// The conversations that `user` is in, by their ids.
    pub fn conversations(&self, user: UserId) -> Vec<ConversationInfo> {
        let info = |id: &RoomId| {
            let RoomId::Numbered(number) = id else { return None };
            let room = self.rooms.get(id)?;
            let conversation = room.conversation.as_ref()?;
            let participants = room.members().map(|(user, since)| (self.if_account(user), since));
            Some(ConversationInfo {
                id: ConversationId(*number),
                project: conversation.project,
                creator: self.if_account(conversation.creator),
                created: room.created,
                participants: participants.collect(),
            })
        };
        self.rooms_of(user).filter_map(info).collect()
    }

    /// What was said in a conversation, newest first, without the newest `skipped`.
    ///
    /// # Errors
    /// `ConversationNotFound`, `NotInConversation`.
    pub fn said(
        &self,
        user: UserId,
        id: ConversationId,
        skipped: usize,
        limit: usize,
    ) -> Result<Said, Rejection> {
        let room = self.conversation_for(user, id)?;
        let line = &room.messages;
        let messages = line.newest(skipped).take(limit).cloned().collect();
        let archived = line.archived() > self.trimmed.max(room.trimmed);
        let older = archived.then(|| self.scope(vec![Line::Room(id.room())]));
        Ok(Said { messages, in_memory: line.len(), older })
    }

    /// The project of the conversation that a room is, if it is one of a project.
    pub fn project_of(&self, room: &RoomId) -> Option<ProjectId> {
        self.rooms.get(room)?.conversation.as_ref()?.project
    }

    /// A message of a room.
    pub fn message(&self, room: &RoomId, id: MessageId) -> Option<&Arc<Message>> {
        let before = MessageId(id.0.saturating_sub(1));
        self.rooms.get(room)?.messages.after(before).next().filter(|message| message.id == id)
    }

    /// Who wrote a message, while that is an account.
    pub fn author(&self, message: &Message) -> Option<UserId> {
        message.author.and_then(|author| self.if_account(author))
    }
}
