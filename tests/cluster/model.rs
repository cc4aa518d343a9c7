//! What commands do, one after the other: the specification that a history must fit.
//!
//! It is written from the contract, not from the server's code, and knows only as much as the
//! answers show: who holds a name, who is in which room, and the newest id.

use std::collections::{BTreeMap, BTreeSet};

use porcupine_rs::Model;

/// One of a few names.
pub(crate) type Name = u8;

/// The number of a room.
pub(crate) type Room = u64;

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Register(Name),
    Logout(Name),
    Create(Name, Vec<Name>),
    Leave(Name, Room),
    Tell(Name, Name),
    Say(Name, Room),
    /// Nothing: here every history ends.
    End,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Done,
    /// The number of the room that is open.
    Opened(Room),
    /// The id of the message.
    Sent(u64),
    /// The code of a refusal.
    Refused(&'static str),
}

/// One operation. Without an answer it may have happened at any later time, or may yet happen.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) ask: Ask,
    pub(crate) answer: Option<Answer>,
}

/// All that answers depend on.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct World {
    /// What nobody answered has happened by now, or never does.
    ended: bool,
    /// The newest id.
    head: u64,
    /// The number of the newest room.
    rooms: Room,
    held: BTreeSet<Name>,
    members: BTreeMap<Room, BTreeSet<Name>>,
}

/// The specification.
#[derive(Clone, Debug)]
pub(crate) struct Chat;

impl Model for Chat {
    type State = World;
    type Op = Op;
    /// The `client_msg_id` of a message.
    type Metadata = String;

    fn init() -> World {
        World::default()
    }

    fn step(world: &World, op: &Op) -> (bool, World) {
        let mut next = world.clone();
        let Some(told) = &op.answer else {
            if world.ended {
                return (true, next);
            }
            // If it changed nothing, it is the same as if it had never happened. Without this there
            // would be no end of places for it.
            next.carry_out(&op.ask);
            return (next != *world, next);
        };
        (next.carry_out(&op.ask) == *told, next)
    }
}

impl World {
    fn carry_out(&mut self, ask: &Ask) -> Answer {
        match ask {
            Ask::End => {
                self.ended = true;
                Answer::Done
            }
            Ask::Register(name) if !self.held.insert(*name) => Answer::Refused("username_taken"),
            Ask::Register(_) => Answer::Done,
            Ask::Logout(name) if !self.held.remove(name) => Answer::Refused("not_registered"),
            Ask::Logout(name) => {
                let rooms: Vec<Room> = self.members.keys().copied().collect();
                for room in rooms {
                    self.leave(*name, room);
                }
                Answer::Done
            }
            Ask::Create(admin, _) if !self.held.contains(admin) => {
                Answer::Refused("not_registered")
            }
            Ask::Create(_, others) if !others.iter().all(|name| self.held.contains(name)) => {
                Answer::Refused("participant_not_online")
            }
            Ask::Create(admin, others) => {
                let members: BTreeSet<Name> = others.iter().chain([admin]).copied().collect();
                // Each gets a notice.
                self.head += members.len() as u64;
                self.rooms += 1;
                self.members.insert(self.rooms, members);
                Answer::Opened(self.rooms)
            }
            Ask::Leave(_, room) if !self.members.contains_key(room) => {
                Answer::Refused("room_not_found")
            }
            Ask::Leave(name, room) if self.leave(*name, *room) => Answer::Done,
            Ask::Leave(..) => Answer::Refused("not_participant"),
            Ask::Tell(from, _) | Ask::Say(from, _) if !self.held.contains(from) => {
                Answer::Refused("not_registered")
            }
            Ask::Tell(_, to) if !self.held.contains(to) => Answer::Refused("recipient_not_online"),
            Ask::Tell(..) => self.sent(),
            Ask::Say(from, room) => match self.members.get(room) {
                None => Answer::Refused("room_not_found"),
                Some(members) if !members.contains(from) => Answer::Refused("not_participant"),
                Some(_) => self.sent(),
            },
        }
    }

    fn sent(&mut self) -> Answer {
        self.head += 1;
        Answer::Sent(self.head)
    }

    /// Takes somebody out of a room; each who stays gets a notice, and an empty room is gone.
    fn leave(&mut self, name: Name, room: Room) -> bool {
        let Some(members) = self.members.get_mut(&room) else { return false };
        if !members.remove(&name) {
            return false;
        }
        self.head += members.len() as u64;
        if members.is_empty() {
            self.members.remove(&room);
        }
        true
    }
}
