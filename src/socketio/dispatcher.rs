//! Brings sockets what is new, as fast as each takes it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use socketioxide::socket::Sid;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Gateway;
use super::client::{Client, Inbox};
use super::dialect::{self, Dialect, Place};
use super::payload::Payload;
use crate::event::{Event, Topic};
use crate::id::{MessageId, RoomId, UserId};
use crate::message::{Kind, Message};

/// Messages that are read for a socket at once.
const PAGE: usize = 64;

/// Encoded messages that are kept for the next socket.
const KEPT: usize = 1024;

/// Why the dispatcher should look after a socket.
#[derive(Debug)]
pub(super) enum Signal {
    /// It takes more, or there may be something for it.
    Ready(Sid),
}

/// Starts the dispatcher; it ends with the gateway.
pub(super) fn start(gateway: &Arc<Gateway>, signals: UnboundedReceiver<Signal>) {
    let events = gateway.node.hub().tap();
    tokio::spawn(dispatch(Arc::downgrade(gateway), events, signals));
}

async fn dispatch(
    gateway: Weak<Gateway>,
    mut events: UnboundedReceiver<Event>,
    mut signals: UnboundedReceiver<Signal>,
) {
    let mut encoded = Encoded::default();
    let mut due = BTreeSet::new();
    loop {
        let (event, signal) = tokio::select! {
            Some(event) = events.recv() => (Some(event), None),
            Some(signal) = signals.recv() => (None, Some(signal)),
            else => return,
        };
        let Some(gateway) = gateway.upgrade() else { return };
        // What has gathered meanwhile is done in one go.
        let more = std::iter::from_fn(|| events.try_recv().ok());
        for event in event.into_iter().chain(more) {
            gateway.concerned(&event, &mut due);
        }
        let more = std::iter::from_fn(|| signals.try_recv().ok());
        for Signal::Ready(sid) in signal.into_iter().chain(more) {
            due.insert(sid);
        }
        while let Some(sid) = due.pop_first() {
            let client = gateway.clients.get(&sid).map(|client| client.clone());
            if let Some(client) = client {
                gateway.deliver(&client, &mut encoded);
            }
        }
    }
}

impl Gateway {
    /// Tells every client of this node.
    pub(super) fn broadcast_here(&self, payload: &Payload) {
        // Nothing is emitted while the table is locked.
        let clients: Vec<_> = self.clients.iter().map(|client| client.clone()).collect();
        for client in clients {
            client.emit(payload.clone());
        }
    }

    /// Tells those of this node who watch a room in a dialect, but for one.
    pub(super) fn tell_room_here(
        &self,
        room: &RoomId,
        dialect: Dialect,
        payload: &Payload,
        except: Option<Sid>,
    ) {
        for (sid, watched) in self.subscriptions.of_room(room) {
            if watched == dialect
                && Some(sid) != except
                && let Some(client) = self.clients.get(&sid).map(|client| client.clone())
            {
                client.emit(payload.clone());
            }
        }
    }

    /// Adds the sockets that an event concerns.
    fn concerned(&self, event: &Event, due: &mut BTreeSet<Sid>) {
        match event {
            Event::Posted(Topic::Room(room)) => {
                due.extend(self.subscriptions.of_room(room).into_iter().map(|(sid, _)| sid));
            }
            Event::Posted(Topic::User(user)) => due.extend(self.subscriptions.of_user(*user)),
            Event::Ended(user) => {
                for sid in self.subscriptions.of_user(*user) {
                    if let Some(client) = self.clients.get(&sid).map(|client| client.clone()) {
                        let _ = client.socket.clone().disconnect();
                    }
                }
                self.roster.users_changed();
            }
            Event::Registered(_) => self.roster.users_changed(),
            Event::AccessChanged(user) => {
                for sid in self.subscriptions.of_user(*user) {
                    if let Some(client) = self.clients.get(&sid).map(|client| client.clone())
                        && !client.actor().is_some_and(|actor| self.node.stands(&actor))
                    {
                        let _ = client.socket.clone().disconnect();
                    }
                }
            }
            Event::RoomsChanged(user) => self.unwatch_lost(*user),
        }
    }

    /// A socket no longer watches a room, in whatever dialect.
    pub(super) fn unwatch(&self, client: &Client, room: &RoomId) {
        self.subscriptions.unwatch(client.socket.id, room);
        client.inbox.lock().watched.retain(|watched| watched.room != *room);
    }

    /// The sockets of a user hear no more of numbered rooms that it is not in.
    fn unwatch_lost(&self, user: UserId) {
        for sid in self.subscriptions.of_user(user) {
            let Some(client) = self.clients.get(&sid).map(|client| client.clone()) else {
                continue;
            };
            let watched: Vec<_> = {
                let inbox = client.inbox.lock();
                inbox.watched.iter().map(|watched| watched.room.clone()).collect()
            };
            let numbered = watched.iter().filter(|room| matches!(room, RoomId::Numbered(_)));
            for room in numbered {
                if !self.node.look(|state| state.is_member(user, room)) {
                    self.unwatch(&client, room);
                }
            }
        }
    }

    /// Brings a socket what is new to it, as far as it takes it.
    fn deliver(&self, client: &Client, encoded: &mut Encoded) {
        let Some(user) = client.user() else {
            client.flush(&mut client.inbox.lock());
            return;
        };
        let mut inbox = client.inbox.lock();
        while client.flush(&mut inbox) {
            let rooms = inbox.watched.iter().map(|watched| &watched.room);
            let cursor = inbox.cursor;
            let Ok(page) = self.node.read_watched(user, rooms, cursor, PAGE) else {
                // It comes back, and is told what it has missed.
                let _ = client.socket.clone().disconnect();
                return;
            };
            let Some(last) = page.messages.last() else { return };
            let last = last.id;
            for message in &page.messages {
                self.queue(&mut inbox, message, encoded);
            }
            inbox.cursor = last;
        }
    }

    /// Queues a message in every dialect that the socket watches its room in.
    fn queue(&self, inbox: &mut Inbox, message: &Arc<Message>, encoded: &mut Encoded) {
        if message.kind == Kind::Direct {
            inbox.push(encoded.get(message, None, || dialect::private_message(message)));
            return;
        }
        let Some(room) = RoomId::parse(&message.recipient) else { return };
        let fits =
            |watched: &&super::client::Watched| watched.room == room && message.id > watched.from;
        let dialects: Vec<_> =
            inbox.watched.iter().filter(fits).map(|watched| watched.dialect).collect();
        for dialect in dialects {
            inbox.push(encoded.get(message, Some(dialect), || {
                let place = self.node.look(|state| Place {
                    name: state.room_name(&room).cloned().unwrap_or_default(),
                    project: state.project_of(&room),
                    author: state.author(message),
                });
                dialect::room_message(message, dialect, &room, &place)
            }));
        }
    }
}

/// The newest messages as they were encoded: most sockets want the same ones.
#[derive(Default)]
struct Encoded(HashMap<(MessageId, Option<Dialect>), Payload>);

impl Encoded {
    fn get(
        &mut self,
        message: &Message,
        dialect: Option<Dialect>,
        encode: impl FnOnce() -> Payload,
    ) -> Payload {
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.entry((message.id, dialect)).or_insert_with(encode).clone()
    }
}
