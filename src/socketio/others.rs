//! The sockets of the other nodes: they are told what these are told, as these are what they are.

use std::sync::{Arc, Weak};

use socketioxide::socket::Sid;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Gateway;
use super::client::Client;
use super::dialect::Dialect;
use super::payload::Payload;
use crate::cluster::{Emit, Message, Says};
use crate::id::RoomId;
use crate::presence::{Changed, Socket};
use crate::timestamp::Timestamp;

/// Starts the tasks that listen to the other nodes, if there are any; they end with the gateway.
pub(super) fn start(gateway: &Arc<Gateway>) {
    if let Some(cluster) = gateway.node.cluster() {
        tokio::spawn(emit(Arc::downgrade(gateway), cluster.hear()));
    }
    if let Some(changes) = gateway.node.presence().watch_others() {
        tokio::spawn(tell(Arc::downgrade(gateway), changes));
    }
}

impl Gateway {
    /// Tells every client, of all nodes.
    pub(super) fn broadcast(&self, payload: &Payload) {
        self.broadcast_here(payload);
        self.carry(payload, None);
    }

    /// Tells those who watch a room in a dialect, on all nodes, but for one.
    pub(super) fn tell_room(
        &self,
        room: &RoomId,
        dialect: Dialect,
        payload: &Payload,
        except: Option<Sid>,
    ) {
        self.tell_room_here(room, dialect, payload, except);
        self.carry(payload, Some((room, dialect)));
    }

    /// A client is there, or goes by another name now, or is somebody's.
    pub(super) fn tell_of(&self, client: &Client) {
        let (name, user) = (client.name(), client.user());
        let key = name.key().as_str().into();
        let socket = Socket { since: client.connected, name: name.text().clone(), key, user };
        self.node.presence().connected(&client.socket.id.to_string(), socket);
    }

    /// A client has come or gone, on whatever node; which it is the event's name says.
    pub(super) fn tell_change(&self, event: &'static str, sid: String, now: Timestamp) {
        self.roster.changed(event, sid, self.node.presence().socket_count(), now);
    }

    fn carry(&self, payload: &Payload, room: Option<(&RoomId, Dialect)>) {
        let Some(cluster) = self.node.cluster() else { return };
        let room = room.map(|(room, dialect)| (room.clone(), dialect.label().to_owned()));
        let (data, mixed) = payload.carry();
        cluster.say(Says::Emit(Emit { room, event: payload.event.to_owned(), data, mixed }));
    }
}

async fn emit(gateway: Weak<Gateway>, mut heard: UnboundedReceiver<Arc<Message>>) {
    while let Some(message) = heard.recv().await {
        let Says::Emit(Emit { room, event, data, mixed }) = &message.says else { continue };
        let Some(gateway) = gateway.upgrade() else { return };
        let Some(payload) = Payload::carried(event, data, *mixed) else { continue };
        match room {
            None => gateway.broadcast_here(&payload),
            Some((room, label)) => {
                if let Some(dialect) = Dialect::labelled(label) {
                    gateway.tell_room_here(room, dialect, &payload, None);
                }
            }
        }
    }
}

async fn tell(gateway: Weak<Gateway>, mut changes: UnboundedReceiver<Changed>) {
    while let Some(changed) = changes.recv().await {
        let Some(gateway) = gateway.upgrade() else { return };
        let now = gateway.node.now();
        for sid in changed.joined {
            gateway.tell_change("client_joined", sid, now);
        }
        for sid in changed.left {
            gateway.tell_change("client_left", sid, now);
        }
        if changed.users {
            gateway.roster.users_changed();
        }
    }
}
