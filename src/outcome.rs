//! What became of a command, for the one who asked.

use std::fmt;

use crate::file::FileKey;
use crate::id::{ConversationId, FileId, MessageId, ProjectId, RoomId, SessionId, UserId};

/// The verdict on a command. The same state and entry always give the same verdict.
pub type Verdict = Result<Outcome, Rejection>;

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is so now, and there is nothing to say about it.
    Noted,
    /// A name is held.
    Registered {
        /// By this registration.
        user: UserId,
        /// True when the proof was accepted: the same person again, with the token they have.
        resumed: bool,
    },
    /// A registration has ended.
    LoggedOut {
        /// Which.
        user: UserId,
    },
    /// A message has its id.
    Sent {
        /// The id.
        id: MessageId,
    },
    /// A numbered room is open.
    RoomCreated {
        /// Its id.
        room: RoomId,
    },
    /// There is a named room.
    RoomOpened {
        /// Its id.
        room: RoomId,
    },
    /// A named room was entered.
    Joined,
    /// A room was left.
    Left,
    /// A name is somebody's own.
    AccountCreated {
        /// By this user.
        user: UserId,
        /// The session that began with it.
        session: Option<SessionId>,
    },
    /// Somebody was let in.
    SessionOpened {
        /// Which session it is.
        session: SessionId,
    },
    /// A project has begun.
    ProjectCreated {
        /// Its id.
        project: ProjectId,
        /// Its first conversation.
        conversation: ConversationId,
    },
    /// A conversation has begun.
    ConversationCreated {
        /// Its id.
        conversation: ConversationId,
    },
    /// A file is listed.
    FileAdded {
        /// Its id.
        file: FileId,
    },
    /// A file is on no list any more.
    FileRemoved {
        /// Where its bytes are, which are to be removed.
        key: FileKey,
    },
}

/// A command that was refused: the state is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Somebody holds this name, or one that reads the same.
    NameTaken,
    /// The one in whose name the command comes holds no registration.
    NotRegistered,
    /// No such room.
    RoomNotFound,
    /// The room is for its participants.
    NotParticipant,
    /// The room is entered by being added to it, not by joining.
    RoomNotOpen,
    /// Nobody holds the recipient's name.
    RecipientNotOnline,
    /// Nobody holds this participant's name, quoted as it was given.
    ParticipantNotOnline(String),
    /// The `client_msg_id` was used with another body.
    OnceConflict,
    /// It was not shown, or not any more, that this user may be acted as.
    Unproven,
    /// There is no such account, or no longer.
    AccountNotFound,
    /// The account is disabled.
    AccountDisabled,
    /// The password was right once, and has been changed since.
    PasswordChanged,
    /// There is no such session, or no longer.
    SessionNotFound,
    /// Nobody can make an account here.
    RegistrationClosed,
    /// An account can only be made with an invitation.
    InviteRequired,
    /// There is no such invitation, or it was used up.
    InviteInvalid,
    /// No such project.
    ProjectNotFound,
    /// No such conversation.
    ConversationNotFound,
    /// No such file in this project.
    FileNotFound,
    /// No such account, or not in this conversation.
    UserNotFound,
    /// The project is for those who began it, or are in a conversation of it.
    NotInProject,
    /// The conversation is for its participants.
    NotInConversation,
    /// That is for somebody else to do: who began it, or uploaded it.
    NotYours,
    /// The files of the uploader, or of the project, would have too many bytes.
    QuotaExceeded,
}

impl fmt::Display for Rejection {
    /// A sentence for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rejection::NameTaken => "Username already taken.",
            Rejection::NotRegistered => "Username not found.",
            Rejection::RoomNotFound => "Room does not exist.",
            Rejection::NotParticipant => "You are not a participant of this room.",
            Rejection::RoomNotOpen => "This room cannot be joined.",
            Rejection::RecipientNotOnline => "Recipient not online.",
            Rejection::ParticipantNotOnline(name) => {
                return write!(f, "User {name} is not online.");
            }
            Rejection::OnceConflict => "This client_msg_id was used for another message.",
            Rejection::Unproven => "This name is protected: log in, or present its token.",
            Rejection::AccountNotFound => "There is no such account.",
            Rejection::AccountDisabled => "This account is disabled.",
            Rejection::PasswordChanged => "The password has been changed.",
            Rejection::SessionNotFound => "There is no such session.",
            Rejection::RegistrationClosed => "Accounts are made by whoever runs this server.",
            Rejection::InviteRequired => "An invitation is needed to make an account here.",
            Rejection::InviteInvalid => "This invitation is not valid, or no longer.",
            Rejection::ProjectNotFound => "Project not found",
            Rejection::ConversationNotFound => "Conversation not found",
            Rejection::FileNotFound => "File not found",
            Rejection::UserNotFound => "User not found",
            Rejection::NotInProject | Rejection::NotInConversation | Rejection::NotYours => {
                "Unauthorized"
            }
            Rejection::QuotaExceeded => "There is no room for this file: the quota is used up.",
        })
    }
}

impl Rejection {
    /// The stable code that clients may decide by.
    pub fn code(&self) -> &'static str {
        match self {
            Rejection::NameTaken => "username_taken",
            Rejection::NotRegistered => "not_registered",
            Rejection::RoomNotFound => "room_not_found",
            Rejection::NotParticipant => "not_participant",
            Rejection::RoomNotOpen => "room_not_open",
            Rejection::RecipientNotOnline => "recipient_not_online",
            Rejection::ParticipantNotOnline(_) => "participant_not_online",
            Rejection::OnceConflict => "idempotency_conflict",
            Rejection::Unproven => "authentication_required",
            Rejection::AccountNotFound => "account_not_found",
            Rejection::AccountDisabled => "account_disabled",
            Rejection::PasswordChanged => "password_changed",
            Rejection::SessionNotFound => "session_not_found",
            Rejection::RegistrationClosed => "registration_closed",
            Rejection::InviteRequired => "invite_required",
            Rejection::InviteInvalid => "invite_invalid",
            Rejection::ProjectNotFound => "project_not_found",
            Rejection::ConversationNotFound => "conversation_not_found",
            Rejection::FileNotFound => "file_not_found",
            Rejection::UserNotFound => "user_not_found",
            Rejection::NotInProject => "not_in_project",
            Rejection::NotInConversation => "not_in_conversation",
            Rejection::NotYours => "not_yours",
            Rejection::QuotaExceeded => "quota_exceeded",
        }
    }
}
