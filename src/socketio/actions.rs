//! What a socket wants done, in its order: one action at a time, each a command or two.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use super::Gateway;
use super::ack::Ack;
use super::client::{Client, Inbox};
use super::connect::{self, TooMuch};
use super::conversations::{self, Talk};
use super::dialect::Dialect;
use super::dispatcher::Signal;
use super::payload::{Packet, Payload};
use crate::command::{Address, Command};
use crate::id::{ConversationId, MessageId, ROOM_PREFIX, RoomId, UserId};
use crate::limits::{Action as Limited, RetryAfter};
use crate::name::{Name, NameKey, RoomName};
use crate::node::{Actor, Failure, Proof, SubmitError};
use crate::outcome::{Outcome, Rejection};
use crate::text::Text;

/// Actions that may wait for one socket.
const MOST_WAITING: usize = 256;

/// Something to do, and who wants to hear that it was.
pub(super) struct Action {
    pub(super) wanted: Do,
    pub(super) ack: Option<Ack>,
}

/// What is to be done.
pub(super) enum Do {
    Join { room: String, dialect: Dialect },
    Leave { room: String, dialect: Dialect },
    Send { room: String, text: String, shown: Option<String> },
    Private { target: String, text: String },
    Talk { conversation: ConversationId, talk: Talk },
}

/// Why it was not done.
#[derive(Debug)]
pub(super) struct Trouble {
    code: &'static str,
    message: Cow<'static, str>,
}

impl Trouble {
    pub(super) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Trouble {
        Trouble { code, message: message.into() }
    }
}

impl From<SubmitError> for Trouble {
    fn from(error: SubmitError) -> Trouble {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::Failed(Failure::DiskFull) => {
                Trouble::new("disk_full", "The server's disk is full.")
            }
            SubmitError::Failed(Failure::Unreadable) => {
                Trouble::new("history_unavailable", "Older messages cannot be read.")
            }
            SubmitError::Failed(Failure::TooLarge) => {
                Trouble::new("body_too_large", "This is more than the server's log takes at once.")
            }
            SubmitError::Failed(Failure::Unavailable) => {
                Trouble::new("store_unavailable", "The server cannot write at the moment.")
            }
        }
    }
}

impl From<RetryAfter> for Trouble {
    fn from(refused: RetryAfter) -> Trouble {
        let seconds = refused.seconds();
        Trouble::new("rate_limited", format!("Too often; try again in {seconds} s."))
    }
}

impl From<Rejection> for Trouble {
    fn from(rejection: Rejection) -> Trouble {
        let code = rejection.code();
        Trouble::new(code, rejection.to_string())
    }
}

#[derive(Serialize)]
struct Error<'a> {
    error: &'a str,
    message: &'a str,
    code: &'static str,
    timestamp: String,
}

#[derive(Serialize)]
struct Acknowledged {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<MessageId>,
}

#[derive(Serialize)]
struct Refused<'a> {
    ok: bool,
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct RoomStatus<'a> {
    msg: &'a str,
    message: &'a str,
    r#type: &'a str,
    room: &'a str,
    timestamp: String,
}

#[derive(Serialize)]
struct Status<'a> {
    message: &'a str,
    msg: &'a str,
}

#[derive(Serialize)]
struct InRoom<'a> {
    room: &'a str,
}

#[derive(Serialize)]
struct Gap {
    messages: [(); 0],
    last_id: MessageId,
    recovered: bool,
}

/// Has an action done after those that came before it.
pub(super) fn enqueue(gateway: &Arc<Gateway>, client: &Arc<Client>, action: Action) {
    let mut actions = client.actions.lock();
    if actions.waiting.len() >= MOST_WAITING {
        drop(actions);
        let trouble = Trouble::new("rate_limited", "Too much is waiting; wait a moment.");
        return refuse(gateway, client, &trouble, action.ack);
    }
    actions.waiting.push_back(action);
    if !std::mem::replace(&mut actions.running, true) {
        tokio::spawn(run(gateway.clone(), client.clone()));
    }
}

/// Tells a socket that something was not done.
pub(super) fn refuse(gateway: &Gateway, client: &Client, trouble: &Trouble, ack: Option<Ack>) {
    let Trouble { code, message } = trouble;
    let timestamp = gateway.node.now().to_iso();
    client.emit(Payload::new("error", &Error { error: message, message, code, timestamp }));
    answer(client, ack, &Refused { ok: false, code, message });
}

/// Tells a socket, if it asked, that something was done.
pub(super) fn acknowledge(client: &Client, ack: Option<Ack>, id: Option<MessageId>) {
    answer(client, ack, &Acknowledged { ok: true, id });
}

fn answer(client: &Client, ack: Option<Ack>, body: &impl Serialize) {
    if let (Some(ack), Ok(body)) = (ack, serde_json::value::to_raw_value(body)) {
        client.emit(Packet::Ack(ack, body));
    }
}

async fn run(gateway: Arc<Gateway>, client: Arc<Client>) {
    loop {
        let action = {
            let mut actions = client.actions.lock();
            match actions.waiting.pop_front() {
                Some(action) => action,
                None => {
                    actions.running = false;
                    return;
                }
            }
        };
        let done = perform(&gateway, &client, action.wanted).await;
        // It may have gone while it was being registered, or entered a room.
        connect::forget_if_gone(&gateway, &client);
        match done {
            Ok(id) => acknowledge(&client, action.ack, id),
            Err(trouble) => refuse(&gateway, &client, &trouble, action.ack),
        }
    }
}

async fn perform(
    gateway: &Arc<Gateway>,
    client: &Arc<Client>,
    wanted: Do,
) -> Result<Option<MessageId>, Trouble> {
    // For a conversation nobody is registered: it takes an account.
    let registered = async || {
        let user = registered(gateway, client).await?;
        if !client.actor().is_some_and(|actor| gateway.node.stands(&actor)) {
            return Err(Rejection::Unproven.into());
        }
        gateway.node.presence().heard(user);
        Ok::<_, Trouble>(user)
    };
    match wanted {
        Do::Join { room, dialect } => {
            let user = registered().await?;
            let room = find(gateway, client, &room).await?;
            join(gateway, client, user, &room, dialect).await?;
            Ok(None)
        }
        Do::Leave { room, dialect } => {
            registered().await?;
            let room = existing(gateway, &room)?;
            leave(gateway, client, &room, dialect).await?;
            Ok(None)
        }
        Do::Send { room, text, shown } => {
            registered().await?;
            let room = find(gateway, client, &room).await?;
            let shown = shown.and_then(|shown| shown_as(gateway, client, &shown));
            send(gateway, client, Address::Room(room.id), &text, shown).await
        }
        Do::Private { target, text } => {
            registered().await?;
            let target = Address::User(NameKey::lookup(&target));
            send(gateway, client, target, &text, None).await
        }
        Do::Talk { conversation, talk } => {
            conversations::perform(gateway, client, conversation, talk).await
        }
    }
}

/// The socket's registration; a guest is registered when it first joins or sends.
async fn registered(gateway: &Arc<Gateway>, client: &Client) -> Result<UserId, Trouble> {
    loop {
        let (name, token, made_up) = {
            let identity = client.identity.lock();
            if let Some(user) = identity.user {
                return Ok(user);
            }
            (identity.name.clone(), identity.token, identity.made_up)
        };
        gateway.limits.admit(Limited::Register, None, client.address)?;
        // Its own token proves a registration that has ended since, too.
        let command = Command::Register { name, token, proof: Some(token), guest: true };
        match gateway.node.submit(command).await {
            Ok(Outcome::Registered { user, .. }) => {
                let actor = Actor { user, proof: Proof::Token(token) };
                let open = gateway.node.open(&actor);
                let mut identity = client.identity.lock();
                identity.user = Some(user);
                identity.proof = actor.proof;
                identity.open = Some(open);
                drop(identity);
                gateway.subscriptions.belongs(client.socket.id, user);
                gateway.tell_of(client);
                return Ok(user);
            }
            Err(SubmitError::Rejected(Rejection::NameTaken)) if made_up => {
                let name = connect::guest_name(gateway);
                client.identity.lock().name = name;
                gateway.tell_of(client);
            }
            Ok(_) => return Err(Trouble::new("internal_error", "Something went wrong.")),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A room with what people call it.
struct Found {
    id: RoomId,
    name: Arc<str>,
}

/// The room of this name or id, if there is one.
fn existing(gateway: &Gateway, text: &str) -> Result<Found, Trouble> {
    let found = gateway.node.look(|state| {
        let id = match text.strip_prefix(ROOM_PREFIX) {
            Some(_) => RoomId::parse(text)?,
            None => state.room_named(NameKey::lookup(text).as_str())?.clone(),
        };
        let name = state.room_name(&id)?.clone();
        Some(Found { id, name })
    });
    found.ok_or_else(|| Rejection::RoomNotFound.into())
}

/// The room of this name or id; a name that no room has yet gets one, if the settings say so.
async fn find(gateway: &Gateway, client: &Client, text: &str) -> Result<Found, Trouble> {
    if let Ok(found) = existing(gateway, text) {
        return Ok(found);
    }
    if text.starts_with(ROOM_PREFIX) {
        return Err(Rejection::RoomNotFound.into());
    }
    let room =
        RoomName::parse(text).map_err(|error| Trouble::new(error.code(), error.to_string()))?;
    let (name, address) = (client.name(), client.address);
    gateway.limits.admit(Limited::CreateRoom, Some(name.key().as_str()), address)?;
    gateway.node.submit(Command::OpenRoom { room }).await?;
    existing(gateway, text)
}

async fn join(
    gateway: &Gateway,
    client: &Client,
    user: UserId,
    room: &Found,
    dialect: Dialect,
) -> Result<(), Trouble> {
    let name = client.name();
    let member = gateway.node.look(|state| state.is_member(user, &room.id));
    if !member {
        let command = Command::JoinRoom { name: name.key().clone(), room: room.id.clone() };
        gateway.node.submit(command).await?;
    }
    // Watch first, then look where the sequence is: what comes after that is dispatched.
    gateway.subscriptions.watch(client.socket.id, &room.id, dialect);
    {
        // While it is locked nothing is dispatched to this socket.
        let mut inbox = client.inbox.lock();
        let from = rejoined(gateway, &mut inbox, user, room).unwrap_or_else(|| gateway.node.head());
        inbox.watch(&room.id, dialect, from);
    }
    let _ = gateway.signals.send(Signal::Ready(client.socket.id));
    let (label, who) = (&*room.name, name.as_str());
    match dialect {
        Dialect::Join => {
            let text = format!("{who} has joined the room!");
            tell_room(gateway, room, &text, "join", client);
        }
        Dialect::JoinRoom => {
            tell_status(client, &format!("Joined room: {label}"));
            client.emit(Payload::new("room_joined", &InRoom { room: label }));
            tell_others(gateway, client, room, &format!("{who} joined room: {label}"));
        }
        // Entered in `conversations`.
        Dialect::Conversation => {}
    }
    Ok(())
}

/// Tells a socket that came back what it missed in a room before it entered it again; gives the
/// id above which it is dispatched. That is the socket's cursor, so that ids keep rising for it
/// over all its rooms.
fn rejoined(gateway: &Gateway, inbox: &mut Inbox, user: UserId, room: &Found) -> Option<MessageId> {
    let cursor = inbox.cursor;
    let resume = inbox.resume.as_mut()?;
    if resume.entered.contains(&room.id) {
        return None;
    }
    resume.entered.push(room.id.clone());
    let after = if resume.rooms.contains(&room.id) { resume.told } else { resume.from };
    let rooms = std::slice::from_ref(&room.id);
    match connect::missed(gateway, user, rooms, false, after, cursor) {
        Ok(None) => {}
        Ok(Some(packet)) => inbox.push(packet),
        Err(TooMuch) => {
            let gap = Gap { messages: [], last_id: cursor, recovered: false };
            inbox.push(Payload::new("missed", &gap));
        }
    }
    Some(cursor)
}

async fn leave(
    gateway: &Gateway,
    client: &Client,
    room: &Found,
    dialect: Dialect,
) -> Result<(), Trouble> {
    let name = client.name();
    let command = Command::LeaveRoom { name: name.key().clone(), room: room.id.clone() };
    gateway.node.submit(command).await?;
    let (label, who) = (&*room.name, name.as_str());
    // The one who leaves a room hears that it did.
    match dialect {
        Dialect::Join => {
            let text = format!("{who} has left the room!");
            tell_room(gateway, room, &text, "leave", client);
        }
        Dialect::JoinRoom => {
            tell_status(client, &format!("Left room: {label}"));
            client.emit(Payload::new("room_left", &InRoom { room: label }));
            tell_others(gateway, client, room, &format!("{who} left room: {label}"));
        }
        Dialect::Conversation => {}
    }
    gateway.unwatch(client, &room.id);
    Ok(())
}

pub(super) async fn send(
    gateway: &Gateway,
    client: &Client,
    recipient: Address,
    text: &str,
    shown: Option<Name>,
) -> Result<Option<MessageId>, Trouble> {
    if text.len() > gateway.message_bytes {
        let message = format!(
            "The message is too long: at most {} bytes are allowed.",
            gateway.message_bytes
        );
        return Err(Trouble::new("message_too_long", message));
    }
    let sender = client.name().key().clone();
    gateway.limits.admit(Limited::Send, Some(sender.as_str()), client.address)?;
    let command = Command::Send { sender, recipient, text: Text::new(text), once: None, shown };
    match gateway.node.submit(command).await? {
        Outcome::Sent { id } => Ok(Some(id)),
        _ => Ok(None),
    }
}

/// Another name to be shown under, unless it is the socket's own, reserved, or somebody else's.
fn shown_as(gateway: &Gateway, client: &Client, shown: &str) -> Option<Name> {
    let name = Name::parse(shown).ok()?;
    (name.as_str() != client.name().as_str() && connect::is_free(gateway, &name)).then_some(name)
}

fn tell_room(gateway: &Gateway, room: &Found, text: &str, kind: &str, client: &Client) {
    let timestamp = gateway.node.now().to_iso();
    let status = RoomStatus { msg: text, message: text, r#type: kind, room: &room.name, timestamp };
    let payload = Payload::new("status", &status);
    gateway.tell_room(&room.id, Dialect::Join, &payload, Some(client.socket.id));
    client.emit(payload);
}

fn tell_status(client: &Client, text: &str) {
    client.emit(Payload::new("status", &Status { message: text, msg: text }));
}

fn tell_others(gateway: &Gateway, client: &Client, room: &Found, text: &str) {
    let payload = Payload::new("status", &Status { message: text, msg: text });
    gateway.tell_room(&room.id, Dialect::JoinRoom, &payload, Some(client.socket.id));
}
