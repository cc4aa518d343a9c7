//! What the archive takes over from the state: messages, the lines they stand in, what is deleted.

use std::fmt;
use std::sync::Arc;

use crate::id::{MessageId, RoomId, UserId};
use crate::message::Message;
use crate::name::NameKey;

/// Messages in the order of their ids, as some reader reads them. Every message stands in the
/// lines of its [`Route`], and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// What was said in a room.
    Room(RoomId),
    /// What was sent to a user.
    Inbox(UserId),
    /// What a user sent to others.
    Sent(UserId),
    /// What a user and whoever has or had a name sent each other, as the user reads it.
    With(UserId, NameKey),
}

/// The text that the archive knows a line by. A room's is its id's; the others begin with the
/// user's number, so that all of one user's stand together.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Room(room) => write!(f, "{room}"),
            Line::Inbox(user) => write!(f, "{} in", user.0),
            Line::Sent(user) => write!(f, "{} out", user.0),
            Line::With(user, key) => write!(f, "{} with {}", user.0, key.as_str()),
        }
    }
}

/// Where a message went, and so which lines it stands in.
#[derive(Clone, Debug)]
pub enum Route {
    /// To everybody in a room.
    Room(RoomId),
    /// To one user.
    Direct {
        /// Who received it.
        to: UserId,
        /// Under which name.
        to_key: NameKey,
        /// Who sent it; none for notices.
        from: Option<UserId>,
        /// Under which name.
        from_key: NameKey,
    },
}

impl Route {
    /// The lines of the message. What users send to themselves they have received, not sent.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        let lines = match self {
            Route::Room(room) => [Some(Line::Room(room.clone())), None, None, None],
            Route::Direct { to, to_key, from, from_key } => {
                let sender = from.filter(|from| from != to);
                [
                    Some(Line::Inbox(*to)),
                    Some(Line::With(*to, from_key.clone())),
                    sender.map(Line::Sent),
                    sender.map(|sender| Line::With(sender, to_key.clone())),
                ]
            }
        };
        lines.into_iter().flatten()
    }
}

/// Something that happened to the messages.
#[derive(Clone, Debug)]
pub enum Record {
    /// One was said.
    Posted {
        /// The message.
        message: Arc<Message>,
        /// Where it went.
        route: Route,
    },
    /// Nobody reads this line any more.
    Closed(Line),
    /// Nobody reads any line of this user any more.
    Retired(UserId),
    /// What this user said goes, wherever it was said.
    Forgotten(UserId),
    /// The messages below this id go: of one room, or all.
    Trimmed {
        /// Which room's; none for all messages there are.
        room: Option<RoomId>,
        /// The lowest id that stays.
        below: MessageId,
    },
}

impl Record {
    /// Whether something was said.
    pub fn is_posted(&self) -> bool {
        matches!(self, Record::Posted { .. })
    }
}

/// Which archived messages somebody may read.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The lines, each with the id up to which its messages are gone for good, also where the
    /// archive may still have them.
    pub lines: Vec<(Line, MessageId)>,
    /// The newest message that memory has let go: the archive has everything up to it.
    pub through: MessageId,
    /// Whose messages are removed, also where the archive may still have them.
    pub forgotten: Vec<UserId>,
}

/// A place in a log, with what tells that log from any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position of an entry; 0 is before the first.
    pub position: u64,
    /// What the log says of itself there.
    pub sign: String,
}
