//! The Socket.IO transport: an event becomes a command, an acknowledgement is its outcome.
//!
//! There is no second room list here, no second message store. A socket watches rooms
//! (`subscriptions`), each in the dialect it was asked for in (`dialect`); the `dispatcher`
//! reads what is new in the state by the socket's cursor, as a poll would, and emits it.
//!
//! Reading order: `bridge` mounts the engine in Rocket, with `suffix` to keep sessions secret;
//! `forward` passes on what belongs to another node; `early` keeps order while a socket arrives,
//! `connect` says who it is; `events` reads what it sends, `actions` has it done, `conversations`
//! what concerns those; `client` is what is known of one socket, `flow` how much it can take,
//! `shared` what many take, `roster` who is there; `dialect`, `subscriptions`, `dispatcher` bring it
//! what is new. `others` are the sockets of other nodes, to which `carried` brings binary parts.

mod ack;
mod actions;
mod bridge;
mod carried;
mod client;
mod connect;
mod conversations;
mod data;
mod dialect;
mod dispatcher;
mod early;
mod events;
mod flow;
mod forward;
mod others;
mod payload;
mod roster;
mod shared;
mod subscriptions;
mod suffix;

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use rocket::{Build, Rocket};
use socketioxide::SocketIo;
use socketioxide::extract::{Event, MaybeHttpExtension, SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::socket::Sid;
use tokio::sync::mpsc;

use crate::config::Settings;
use crate::limits::Limits;
use crate::node::Node;
use ack::Wanted;
use client::Client;
use data::Received;
use dispatcher::Signal;
use early::Early;
pub use events::EVENTS;
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

/// How often what was left behind is cleared away.
const SWEEP: Duration = Duration::from_secs(10);

/// What all sockets share.
struct Gateway {
    node: Arc<Node>,
    clients: DashMap<Sid, Arc<Client>>,
    /// How much each session can take, from its handshake on, which is before it is a client.
    /// The session itself holds the count; when it is gone, so is the count.
    flows: DashMap<Sid, Weak<Flow>>,
    early: Early,
    subscriptions: Subscriptions,
    roster: Roster,
    /// Wakes the dispatcher.
    signals: mpsc::UnboundedSender<Signal>,
    limits: Arc<Limits>,
    /// The setting `limits.message_bytes`.
    message_bytes: usize,
}

/// Mounts Socket.IO on `rocket`, at `/socket.io/`.
///
/// Must be called inside a Tokio runtime.
pub fn mount(
    rocket: Rocket<Build>,
    node: Arc<Node>,
    limits: Arc<Limits>,
    settings: &Settings,
) -> Rocket<Build> {
    let (signals, received) = mpsc::unbounded_channel();
    let gateway = Arc::new(Gateway {
        node,
        clients: DashMap::new(),
        flows: DashMap::new(),
        early: Early::default(),
        subscriptions: Subscriptions::default(),
        roster: Roster::default(),
        signals,
        limits,
        message_bytes: settings.limits.message_bytes,
    });
    dispatcher::start(&gateway, received);
    roster::start(&gateway);
    others::start(&gateway);
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .max_payload(MAX_PAYLOAD)
        .max_buffer_size(ENGINE_BUFFER)
        .ws_max_message_size(MAX_FRAME)
        .ws_max_frame_size(MAX_FRAME)
        .ping_interval(Duration::from_secs(25))
        .ping_timeout(Duration::from_secs(20))
        .build_svc();
    tokio::spawn(sweep(Arc::downgrade(&gateway)));
    let (listening, connected) = (gateway.clone(), gateway.clone());
    // The engine tells a client that it is connected before it runs the handler for that, so
    // whoever is quick has sent something by then, or gone. So the other two are set before.
    let listen = move |socket: SocketRef| {
        listen(&listening, &socket);
        ready(Ok::<(), Infallible>(()))
    };
    let arrive = move |socket: SocketRef,
                       TryData::<connect::Auth>(auth),
                       MaybeHttpExtension::<connect::Handshake>(handshake)| {
        connect::arrived(&connected, socket, auth.unwrap_or_default(), handshake);
        ready(())
    };
    io.ns("/", arrive.with(listen));
    bridge::mount(rocket, service, io, gateway)
}

/// Sets what happens with a socket's events, and when it goes.
///
/// The handlers do their work before they return: futures would run side by side, so that one
/// event could overtake another. And they look their client up, since one that held its socket
/// would be held by it in turn, for ever.
fn listen(gateway: &Arc<Gateway>, socket: &SocketRef) {
    let hearing = gateway.clone();
    socket.on_fallback(
        move |Event(name): Event, socket: SocketRef, Received(data), Wanted(ack)| {
            events::received(&hearing, socket.id, early::Event { name, data, ack });
            ready(())
        },
    );
    let losing = gateway.clone();
    socket.on_disconnect(move |socket: SocketRef| {
        connect::left(&losing, socket.id);
        ready(())
    });
}

/// Clears away what sessions left behind that never became clients; ends with the gateway.
async fn sweep(gateway: Weak<Gateway>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(gateway) = gateway.upgrade() else { return };
        gateway.flows.retain(|_, flow| flow.strong_count() > 0);
        gateway.early.sweep(SWEEP);
    }
}
