//! What is known of one connected socket.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use socketioxide::SocketError;
use socketioxide::extract::SocketRef;

use super::actions::Action;
use super::connect::Handshake;
use super::dialect::Dialect;
use super::flow::Flow;
use super::payload::Packet;
use crate::id::{MessageId, RoomId, UserId};
use crate::name::Name;
use crate::node::{Actor, Opened, Proof};
use crate::timestamp::Timestamp;
use crate::token::TokenHash;

/// Bytes that may wait for a socket that does not take them; then it is closed.
const MOST_QUEUED: usize = 1 << 20;

/// Events a second that a socket may send for long.
const EVENTS_A_SECOND: f64 = 100.0;

/// Events that it may send at once.
const EVENTS_AT_ONCE: f64 = 200.0;

/// A connected socket.
pub(super) struct Client {
    pub(super) socket: SocketRef,
    pub(super) flow: Arc<Flow>,
    /// Where it is.
    pub(super) address: IpAddr,
    pub(super) connected: Timestamp,
    pub(super) identity: Mutex<Identity>,
    pub(super) inbox: Mutex<Inbox>,
    /// What its user wants done, in order.
    pub(super) actions: Mutex<Actions>,
    /// Held while one of its events is taken in, so that none overtakes another.
    pub(super) turn: Mutex<()>,
    allowance: Mutex<Allowance>,
}

/// Who a socket is.
pub(super) struct Identity {
    pub(super) name: Name,
    /// The hash of the token that its registration gets, or has.
    pub(super) token: TokenHash,
    /// The registration, once there is one.
    pub(super) user: Option<UserId>,
    /// What it has shown for being that user.
    pub(super) proof: Proof,
    /// While it is held, the user is online.
    pub(super) open: Option<Opened>,
    /// The name was made up here, so another one does as well.
    pub(super) made_up: bool,
}

/// What is on its way to a socket.
#[derive(Default)]
pub(super) struct Inbox {
    packets: VecDeque<Packet>,
    bytes: usize,
    /// It takes nothing any more.
    closed: bool,
    /// Everything up to here was queued.
    pub(super) cursor: MessageId,
    pub(super) watched: Vec<Watched>,
    /// What a socket that came back was told already.
    pub(super) resume: Option<Resume>,
}

/// Where a socket that came back goes on.
pub(super) struct Resume {
    /// The last it had seen before it went.
    pub(super) from: MessageId,
    /// Up to here it was told on its return, of the rooms that it was still in.
    pub(super) told: MessageId,
    /// Those rooms.
    pub(super) rooms: Vec<RoomId>,
    /// The rooms that it has entered since.
    pub(super) entered: Vec<RoomId>,
}

/// A room that a socket watches.
pub(super) struct Watched {
    pub(super) room: RoomId,
    pub(super) dialect: Dialect,
    /// Only messages above this are new to it.
    pub(super) from: MessageId,
}

/// What waits to be done for a socket.
#[derive(Default)]
pub(super) struct Actions {
    pub(super) waiting: VecDeque<Action>,
    /// A task is at it.
    pub(super) running: bool,
}

struct Allowance {
    events: f64,
    since: Instant,
}

impl Client {
    pub(super) fn new(
        socket: SocketRef,
        handshake: &Handshake,
        connected: Timestamp,
        identity: Identity,
    ) -> Client {
        Client {
            socket,
            flow: handshake.flow.clone(),
            address: handshake.address,
            connected,
            identity: Mutex::new(identity),
            inbox: Mutex::default(),
            actions: Mutex::default(),
            turn: Mutex::default(),
            allowance: Mutex::new(Allowance { events: EVENTS_AT_ONCE, since: Instant::now() }),
        }
    }

    /// The registration, once there is one.
    pub(super) fn user(&self) -> Option<UserId> {
        self.identity.lock().user
    }

    /// Who it acts as, once there is a registration.
    pub(super) fn actor(&self) -> Option<Actor> {
        let identity = self.identity.lock();
        identity.user.map(|user| Actor { user, proof: identity.proof })
    }

    /// The name that it acts under.
    pub(super) fn name(&self) -> Name {
        self.identity.lock().name.clone()
    }

    /// Whether it may send one more event now.
    pub(super) fn may_send(&self) -> bool {
        let mut allowance = self.allowance.lock();
        let regained = allowance.since.elapsed().as_secs_f64() * EVENTS_A_SECOND;
        allowance.since = Instant::now();
        allowance.events = (allowance.events + regained).min(EVENTS_AT_ONCE);
        if allowance.events < 1.0 {
            return false;
        }
        allowance.events -= 1.0;
        true
    }

    /// Emits a packet behind all that waits. One that leaves too much waiting is cut off: its
    /// client comes back by itself, and its cursor recovers it.
    pub(super) fn emit(&self, packet: impl Into<Packet>) {
        let mut inbox = self.inbox.lock();
        inbox.push(packet);
        self.flush(&mut inbox);
        if inbox.bytes > MOST_QUEUED {
            tracing::debug!(sid = %self.socket.id, "a socket that took nothing was cut off");
            self.cut(&mut inbox);
        }
    }

    /// Emits what waits, as far as the socket takes it; true when it would take more.
    pub(super) fn flush(&self, inbox: &mut Inbox) -> bool {
        while let Some(packet) = inbox.packets.front() {
            if !self.flow.admits(packet.len(), packet.parts()) {
                return false;
            }
            let Some(packet) = inbox.packets.pop_front() else { break };
            inbox.bytes -= packet.len();
            match packet.send(&self.socket, &self.flow) {
                Ok(()) => {}
                // Its disconnect handler tidies up.
                Err(SocketError::Closed) => inbox.close(),
                Err(SocketError::InternalChannelFull) => self.cut(inbox),
            }
        }
        !inbox.closed
    }

    fn cut(&self, inbox: &mut Inbox) {
        inbox.close();
        self.flow.cut();
    }
}

impl Inbox {
    /// Queues a packet behind all others.
    pub(super) fn push(&mut self, packet: impl Into<Packet>) {
        if !self.closed {
            let packet = packet.into();
            self.bytes += packet.len();
            self.packets.push_back(packet);
        }
    }

    fn close(&mut self) {
        *self =
            Inbox { closed: true, watched: std::mem::take(&mut self.watched), ..Inbox::default() };
    }

    /// Watches a room from a message on, in one more dialect or none the less.
    pub(super) fn watch(&mut self, room: &RoomId, dialect: Dialect, from: MessageId) {
        let known = self.watched.iter().any(|w| w.room == *room && w.dialect == dialect);
        if !known {
            self.watched.push(Watched { room: room.clone(), dialect, from });
        }
    }
}
