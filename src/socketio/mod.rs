//! The Socket.IO transport: an event becomes a command, an acknowledgement is its outcome.
//!
//! There is no second room list here, no second message store. A socket watches rooms
//! ([`subscriptions`]), each in the dialect it was asked for in ([`dialect`]); the [`dispatcher`]
//! reads what is new in the state by the socket's cursor, as a poll would, and emits it.
//!
//! Reading order: `bridge` mounts the engine in Rocket, with `suffix` to keep sessions secret;
//! `connect` says who a socket is; `events` reads what it sends, `actions` has it done;
//! `client` is what is known of one socket, `flow` how much it can take, `roster` who is there;
//! `dialect`, `subscriptions`, `dispatcher` bring it what is new.

mod actions;
mod bridge;
mod client;
mod connect;
mod data;
mod dialect;
mod dispatcher;
mod events;
mod flow;
mod payload;
mod roster;
mod subscriptions;
mod suffix;

use std::future::ready;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use rocket::{Build, Rocket};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Event, MaybeHttpExtension, SocketRef, TryData};
use socketioxide::socket::Sid;
use tokio::sync::mpsc;

use crate::config::Settings;
use crate::node::Node;
use client::Client;
use dispatcher::Signal;
use flow::Flow;
use roster::Roster;
use subscriptions::Subscriptions;

/// The path that every Socket.IO client asks for.
const PATH: &str = "/socket.io";

/// Largest body of a polling request: bytes.
const MAX_PAYLOAD: u64 = 100_000;

/// Largest WebSocket message or frame: bytes.
const MAX_FRAME: usize = 128 << 10;

/// Packets that the engine holds for one socket. What may be queued is bounded in bytes, by
/// `flow`; this must only be enough for them.
const ENGINE_BUFFER: usize = 4096;

/// What all sockets share.
struct Gateway {
    node: Arc<Node>,
    clients: DashMap<Sid, Arc<Client>>,
    /// How much each session can take, from its handshake on, which is before it is a client.
    /// The session itself holds the count; when it is gone, so is the count.
    flows: DashMap<Sid, Weak<Flow>>,
    subscriptions: Subscriptions,
    roster: Roster,
    /// Wakes the dispatcher.
    signals: mpsc::UnboundedSender<Signal>,
    /// The setting `limits.message_bytes`.
    message_bytes: usize,
}

/// Mounts Socket.IO on `rocket`, at `/socket.io/`.
///
/// Must be called inside a Tokio runtime.
pub fn mount(rocket: Rocket<Build>, node: Arc<Node>, settings: &Settings) -> Rocket<Build> {
    let (signals, received) = mpsc::unbounded_channel();
    let gateway = Arc::new(Gateway {
        node,
        clients: DashMap::new(),
        flows: DashMap::new(),
        subscriptions: Subscriptions::default(),
        roster: Roster::default(),
        signals,
        message_bytes: settings.limits.message_bytes,
    });
    dispatcher::start(&gateway, received);
    roster::start(&gateway);
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .max_payload(MAX_PAYLOAD)
        .max_buffer_size(ENGINE_BUFFER)
        .ws_max_message_size(MAX_FRAME)
        .ws_max_frame_size(MAX_FRAME)
        .ping_interval(Duration::from_secs(25))
        .ping_timeout(Duration::from_secs(20))
        .build_svc();
    let connected = gateway.clone();
    io.ns(
        "/",
        move |socket: SocketRef,
              TryData::<connect::Auth>(auth),
              MaybeHttpExtension::<connect::Handshake>(handshake)| {
            // Handlers do their work before they return: futures would run side by side, so that
            // one event could overtake another. And they look their client up, since one that held its socket would be held
            // by it in turn, for ever.
            let gateway = connected.clone();
            socket.on_fallback(
                move |Event(name): Event, socket: SocketRef, TryData(data), ack: AckSender| {
                    events::received(&gateway, &socket, &name, data.unwrap_or_default(), ack);
                    ready(())
                },
            );
            let gateway = connected.clone();
            socket.on_disconnect(move |socket: SocketRef| {
                connect::left(&gateway, socket.id);
                ready(())
            });
            connect::arrived(&connected, socket, auth.unwrap_or_default(), handshake);
            ready(())
        },
    );
    bridge::mount(rocket, service, io, gateway)
}
