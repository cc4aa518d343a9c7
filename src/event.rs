//! What a command changed, for those who watch.

use crate::id::{RoomId, UserId};

/// Where something changed. Readers pull what is new; an event only tells them to look.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A user's own messages.
    User(UserId),
    /// A room's messages.
    Room(RoomId),
}

/// Something that a reader may want to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a new message.
    Posted(Topic),
    /// The rooms of this user are others now.
    RoomsChanged(UserId),
    /// This user's name is held.
    Registered(UserId),
    /// This user's registration has ended.
    Ended(UserId),
    /// Who may act as this user is others now: a session has ended, a name has become an
    /// account's, a token is worth nothing any more. What is open in its behalf must prove itself
    /// again.
    AccessChanged(UserId),
}
