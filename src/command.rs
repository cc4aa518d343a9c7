//! What the log holds: commands, stamped into entries.

mod accounts;
mod projects;

use serde::{Deserialize, Serialize};

pub use accounts::{
    ChangePassword, CloseSession, Closing, CreateAccount, CreateInvite, EndInvite, Left, MakeAdmin,
    NewSession, OfAccount, OpenSession, Registration, RemoveAccount, ResetPassword,
};
pub use projects::{AddFile, CreateConversation, CreateProject, Participants, RemoveFile};

use crate::id::{Epoch, MessageId, NodeId, ROOM_PREFIX, RoomId, UserId};
use crate::name::{Name, NameKey, RoomName};
use crate::text::Text;
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// Something that somebody wants done. Everything a verdict depends on is in here or in the state.
///
/// This is a promised format: it is what stores hold. A variant or field may be added (with a
/// default), never changed; `tests/golden/entries.jsonl` holds one of each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The first entry of every log: it names the life of the sequence that begins here.
    Begin {
        /// The name of that life.
        epoch: Epoch,
    },
    /// Takes over the settings that decide verdicts.
    Configure(Policy),
    /// Takes a free name, or resumes the registration that `proof` belongs to.
    Register {
        /// The name wanted.
        name: Name,
        /// The hash of the token that the new registration gets.
        token: TokenHash,
        /// The hash of the token of an earlier registration of this name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<TokenHash>,
        /// A guest is in named rooms only while it is connected.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        guest: bool,
    },
    /// Ends the registration that holds a name; an account stays.
    Logout {
        /// Whose.
        name: NameKey,
    },
    /// Ends one registration because nothing was heard of it for long, or frees the name of an
    /// account that was removed long ago.
    Expire {
        /// Which: by its id, so that whoever took the name meanwhile keeps it.
        user: UserId,
    },
    /// Forgets a registration that ended long ago: nobody comes back to it any more.
    Forget {
        /// Which.
        user: UserId,
    },
    /// Says something to a user or a room.
    Send {
        /// Who says it.
        sender: NameKey,
        /// To whom.
        recipient: Address,
        /// What.
        text: Text,
        /// The client's own id for it, with which it may safely be sent again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        once: Option<Once>,
        /// The name that Socket.IO receivers are shown instead of the sender's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<Name>,
    },
    /// Opens a numbered room.
    CreateRoom {
        /// Who opens it; always a participant.
        admin: NameKey,
        /// Who else is in it.
        participants: Vec<Participant>,
    },
    /// Makes sure that there is a named room of this name.
    OpenRoom {
        /// The name.
        room: RoomName,
    },
    /// Enters an open named room.
    JoinRoom {
        /// Who.
        name: NameKey,
        /// Which.
        room: RoomId,
    },
    /// Leaves a room.
    LeaveRoom {
        /// Who.
        name: NameKey,
        /// Which.
        room: RoomId,
    },
    /// Makes a name somebody's own.
    CreateAccount(CreateAccount),
    /// Lets somebody in whose password was right.
    OpenSession(OpenSession),
    /// Ends a session.
    CloseSession(CloseSession),
    /// Takes another password.
    ChangePassword(ChangePassword),
    /// Sets a password without the old one.
    ResetPassword(ResetPassword),
    /// Lets nobody act as this account for a while.
    DisableAccount(OfAccount),
    /// Ends that while.
    EnableAccount(OfAccount),
    /// Ends an account.
    RemoveAccount(RemoveAccount),
    /// Gives or takes the right to administer.
    MakeAdmin(MakeAdmin),
    /// Lets people make an account where one has to be invited.
    CreateInvite(CreateInvite),
    /// Ends an invitation.
    EndInvite(EndInvite),
    /// Begins a project, with its first conversation.
    CreateProject(CreateProject),
    /// Begins a conversation.
    CreateConversation(CreateConversation),
    /// Puts accounts into a conversation.
    AddParticipants(Participants),
    /// Takes participants out of a conversation.
    RemoveParticipants(Participants),
    /// Lists a file whose bytes are stored.
    AddFile(AddFile),
    /// Takes a file off its list.
    RemoveFile(RemoveFile),
    /// Deletes the oldest messages.
    Trim(Trim),
}

/// Deletes the messages below an id: of one room, or all there are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trim {
    /// Which room's; none for all messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// The lowest id that stays.
    pub below: MessageId,
}

/// The recipient of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// Whoever holds this name.
    User(NameKey),
    /// Everybody in this room.
    Room(RoomId),
}

impl Address {
    /// Reads what a client wrote as a recipient. What can be nobody's name and no room's id is an
    /// address too: one where nobody lives.
    pub fn parse(text: &str) -> Address {
        match text.strip_prefix(ROOM_PREFIX) {
            Some(rest) => {
                Address::Room(RoomId::parse(text).unwrap_or_else(|| RoomId::Named(rest.into())))
            }
            None => Address::User(NameKey::lookup(text)),
        }
    }
}

/// A name in a list of participants.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Participant {
    /// The name as the client wrote it, for the refusal that quotes it.
    pub given: String,
    /// The key it is looked up by.
    pub key: NameKey,
}

/// A client's own id for a message, with which repeating a send is harmless.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Once {
    /// The `client_msg_id`.
    pub id: String,
    /// Tells another body under the same id from the same body again.
    pub digest: TokenHash,
}

/// The settings that decide verdicts, so they are changed by an entry like everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whoever registers a name reads all that was ever sent to it.
    pub shared_names: bool,
    /// The named rooms that always exist.
    pub rooms: Vec<RoomName>,
    /// Whether a named room comes into being when somebody asks for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rooms_open: bool,
    /// Bytes that the files of one user may have together, and those of one project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_quota: Option<u64>,
    /// Who may make an account.
    #[serde(default, skip_serializing_if = "Registration::is_open")]
    pub registration: Registration,
}

/// A command with the moment it was stamped: one entry of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Never earlier than the entry before; where several nodes write, whose clocks differ, the
    /// state takes the later of the two.
    pub at: Timestamp,
    /// What is done.
    pub command: Command,
    /// Who wrote it, in a log that several nodes share.
    pub origin: Option<Origin>,
}

/// Where an entry of a shared log comes from. What is sent again after an interruption may be in the
/// log twice; by this the state knows, and applies it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The life of the node that wrote it.
    pub node: NodeId,
    /// Its number among that node's: 1, 2, 3, …
    pub number: u64,
    /// The place in the log, which is the entry's position; all of a batch have the same.
    pub seq: u64,
}

impl Entry {
    /// An entry of a log that one node writes.
    pub fn new(at: Timestamp, command: Command) -> Entry {
        Entry { at, command, origin: None }
    }
}
