//! Who a socket is, what it is told first; what remains when it goes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use socketioxide::extract::SocketRef;
use socketioxide::socket::Sid;

use super::Gateway;
use super::client::{Client, Identity, Inbox, Resume};
use super::dialect;
use super::events;
use super::flow::Flow;
use super::payload::Payload;
use super::roster;
use crate::command::Command;
use crate::exposure::Visitor;
use crate::id::{MessageId, RoomId, UserId};
use crate::message::Kind;
use crate::name::Name;
use crate::node::{Actor, Proof};
use crate::timestamp::Timestamp;
use crate::token::{Token, TokenHash};

/// How long a user whose last socket has gone is still taken to be here.
const GRACE: Duration = Duration::from_secs(10);

/// Most messages that one packet brings a socket that comes back.
const MISSED: usize = 1000;

/// Most bytes of that packet's messages.
const MISSED_BYTES: usize = 512 << 10;

/// What a client says of itself when it connects.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Auth {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    last_id: Option<u64>,
    #[serde(default)]
    epoch: Option<String>,
}

/// What the request that opened the connection brought.
#[derive(Clone)]
pub(super) struct Handshake {
    /// The tokens in the cookies of this browser, of its session, of an earlier guest, if they are
    /// known.
    pub(super) cookies: [Option<String>; 2],
    /// The address it comes from.
    pub(super) address: IpAddr,
    /// The token that a new guest gets, which is in the answer's cookie already.
    pub(super) token: Token,
    pub(super) flow: Arc<Flow>,
}

#[derive(Serialize)]
struct Status<'a> {
    message: &'a str,
    msg: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct Response<'a> {
    status: &'a str,
    client_id: Sid,
    username: &'a str,
    message: &'a str,
    timestamp: String,
    epoch: &'a str,
    last_id: MessageId,
    recovered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

#[derive(Serialize)]
struct Missed<'a> {
    messages: Vec<dialect::Missed<'a>>,
    last_id: MessageId,
}

/// A socket is connected.
pub(super) fn arrived(
    gateway: &Arc<Gateway>,
    socket: SocketRef,
    auth: Auth,
    handshake: Option<Handshake>,
) {
    let sid = socket.id;
    let handshake = handshake.unwrap_or_else(|| Handshake {
        cookies: [None, None],
        address: Visitor::STRANGER.address,
        token: gateway.node.new_token(),
        flow: Arc::new(Flow::new(true)),
    });
    handshake.flow.belongs_to(sid, gateway.signals.clone());
    let (identity, new_token) = identify(gateway, &auth, &handshake);
    let now = gateway.node.now();
    let user = identity.user;
    let client = Arc::new(Client::new(socket, &handshake, now, identity));
    // Nothing is dispatched to it, and nothing of it taken in, before it was greeted.
    let turn = client.turn.lock();
    let mut inbox = client.inbox.lock();
    let insert = || drop(gateway.clients.insert(sid, client.clone()));
    let Some(events) = gateway.early.arrive(sid, insert) else { return };
    gateway.tell_of(&client);
    if let Some(user) = user {
        gateway.subscriptions.belongs(sid, user);
    }
    let greeting = Greeting { sid, name: client.name(), user, token: new_token, now };
    greeting.push(gateway, &auth, &mut inbox);
    client.flush(&mut inbox);
    drop(inbox);
    gateway.tell_change("client_joined", sid.to_string(), now);
    for event in events {
        events::take(gateway, &client, event);
    }
    drop(turn);
    // It may have gone again meanwhile.
    forget_if_gone(gateway, &client);
}

/// What a client is told first.
struct Greeting {
    sid: Sid,
    name: Name,
    user: Option<UserId>,
    token: Option<Token>,
    now: Timestamp,
}

impl Greeting {
    fn push(self, gateway: &Gateway, auth: &Auth, inbox: &mut Inbox) {
        // From here on what is new is dispatched; what is older is missed, or known.
        let told = gateway.node.head();
        let rooms = |user| gateway.node.look(|state| state.rooms_of(user).cloned().collect());
        let rooms: Vec<RoomId> = self.user.map(rooms).unwrap_or_default();
        let from = resumed(gateway, auth, told);
        let mut recovered = auth.last_id.is_none() || from.is_some();
        let mut packet = None;
        if let (Some(from), Some(user)) = (from, self.user) {
            match missed(gateway, user, &rooms, true, from, told) {
                Ok(missed) => packet = missed,
                Err(TooMuch) => recovered = false,
            }
        }
        inbox.cursor = told;
        let entered = Vec::new();
        inbox.resume = from.filter(|_| recovered).map(|from| Resume { from, told, rooms, entered });
        inbox.push(status("Connected to server", "connect"));
        let response = Response {
            status: "connected",
            client_id: self.sid,
            username: self.name.as_str(),
            message: "Connected to server",
            timestamp: self.now.to_iso(),
            epoch: gateway.node.epoch().as_str(),
            last_id: told,
            recovered,
            token: self.token.as_ref().map(Token::secret),
        };
        inbox.push(Payload::new("connection_response", &response));
        if let Some(packet) = packet {
            inbox.push(packet);
        }
        inbox.push(roster::active_users(&roster::users(gateway)));
    }
}

/// A socket is gone.
pub(super) fn left(gateway: &Arc<Gateway>, sid: Sid) {
    gateway.flows.remove(&sid);
    gateway.early.gone(sid, || gateway.clients.contains_key(&sid));
    let Some((_, client)) = gateway.clients.remove(&sid) else { return };
    forget(gateway, &client);
    gateway.tell_change("client_left", sid.to_string(), gateway.node.now());
}

/// Takes back what was entered for a socket that has gone meanwhile. Whoever enters something
/// calls this behind it; so either it sees that the socket is gone, or `left` sees what was
/// entered.
pub(super) fn forget_if_gone(gateway: &Arc<Gateway>, client: &Client) {
    if !gateway.clients.contains_key(&client.socket.id) {
        forget(gateway, client);
    }
}

fn forget(gateway: &Arc<Gateway>, client: &Client) {
    let sid = client.socket.id;
    gateway.node.presence().disconnected(&sid.to_string());
    let watched = std::mem::take(&mut client.inbox.lock().watched);
    for watched in watched {
        gateway.subscriptions.unwatch(sid, &watched.room);
    }
    let user = {
        let mut identity = client.identity.lock();
        identity.open = None;
        identity.user
    };
    // The time comes after the end of what was open, which was a sign too.
    let now = gateway.node.now();
    if let Some(user) = user
        && gateway.subscriptions.leaves(sid, user) == 0
    {
        tokio::spawn(end_presence(gateway.clone(), user, now));
    }
}

/// When a user whose last socket went has not come back for a while, it is away; a guest is out
/// of the named rooms then.
async fn end_presence(gateway: Arc<Gateway>, user: UserId, since: Timestamp) {
    tokio::time::sleep(GRACE).await;
    if !gateway.subscriptions.of_user(user).is_empty()
        || !gateway.node.presence().leave(user, since)
    {
        return;
    }
    gateway.roster.users_changed();
    let (name, rooms) = gateway.node.look(|state| {
        let guest = state.is_guest(user);
        let rooms: Vec<_> = state.rooms_of(user).filter(|_| guest).cloned().collect();
        (state.name_of(user).cloned(), rooms)
    });
    let Some(name) = name else { return };
    for room in rooms.into_iter().filter(|room| matches!(room, RoomId::Named(_))) {
        let command = Command::LeaveRoom { name: name.key().clone(), room };
        if gateway.node.submit(command).await.is_err() {
            tracing::debug!("a guest could not be taken out of a room");
        }
    }
}

/// A status in the words of every dialect.
pub(super) fn status(text: &str, kind: &str) -> Payload {
    Payload::new("status", &Status { message: text, msg: text, r#type: kind })
}

/// The account of a session's token or the registration of its own, else the name asked for if it
/// is free, else a new guest. Gives the secret of a new guest too.
fn identify(gateway: &Gateway, auth: &Auth, handshake: &Handshake) -> (Identity, Option<Token>) {
    let cookies = handshake.cookies.iter().map(Option::as_deref);
    let tokens = std::iter::once(auth.token.as_deref()).chain(cookies);
    for token in tokens.flatten().filter(|token| !token.is_empty()) {
        let token = TokenHash::of(token);
        if let Some(Known { user, name, held, proof }) = known(gateway, token) {
            let open = held.then(|| gateway.node.open(&Actor { user, proof }));
            let (user, made_up) = (held.then_some(user), false);
            return (Identity { name, token, user, proof, open, made_up }, None);
        }
    }
    let asked = auth.username.as_deref().and_then(|name| Name::parse(name).ok());
    let asked = asked.filter(|name| is_free(gateway, name));
    let made_up = asked.is_none();
    let name = asked.unwrap_or_else(|| guest_name(gateway));
    let token = TokenHash::of(handshake.token.secret());
    let proof = Proof::Token(token);
    let identity = Identity { name, token, user: None, proof, open: None, made_up };
    (identity, Some(handshake.token.clone()))
}

/// Whose a token is.
pub(super) struct Known {
    user: UserId,
    name: Name,
    /// Whether the name is held; else its registration has ended, and can be resumed.
    held: bool,
    proof: Proof,
}

/// Who a token belongs to, if it still proves that.
pub(super) fn known(gateway: &Gateway, token: TokenHash) -> Option<Known> {
    let known = gateway.node.look(|state| {
        let (user, name) = match state.session_of(token) {
            Some((_, session)) => (session.user, state.name_of(session.user)?),
            None => state.by_token(token)?,
        };
        // Of a registration that has ended, the name may be somebody else's by now.
        let held = state.holder(name.key().as_str()) == Some(user);
        let theirs = held || state.is_free(name.key().as_str());
        let proof = state.proof(user, token).filter(|_| theirs)?;
        Some(Known { user, name: name.clone(), held, proof })
    })?;
    let actor = Actor { user: known.user, proof: known.proof };
    (!known.held || gateway.node.stands(&actor)).then_some(known)
}

/// Whether nobody can be taken for somebody else who goes by this name: no registration, no
/// account, no connected guest has it.
pub(super) fn is_free(gateway: &Gateway, name: &Name) -> bool {
    gateway.node.look(|state| state.is_free(name.key().as_str()))
        && !gateway.node.presence().is_named_elsewhere(name.key().as_str())
        && !gateway.clients.iter().any(|client| client.identity.lock().name.key() == name.key())
}

/// `GuestHHMMNNNN`: the UTC hour and minute, four random digits, free.
pub(super) fn guest_name(gateway: &Gateway) -> Name {
    loop {
        let now = gateway.node.now().to_iso();
        let digits = gateway.node.random_below(10_000);
        let name = format!("Guest{}{}{digits:04}", &now[11..13], &now[14..16]);
        if let Ok(name) = Name::parse(&name)
            && is_free(gateway, &name)
        {
            return name;
        }
    }
}

/// The place that a socket goes on from, if it is one in this life of the sequence.
fn resumed(gateway: &Gateway, auth: &Auth, head: MessageId) -> Option<MessageId> {
    let epoch = gateway.node.epoch().as_str();
    let same = auth.epoch.as_deref().is_none_or(|asked| asked == epoch);
    auth.last_id.map(MessageId).filter(|last_id| same && *last_id <= head)
}

/// More was missed than goes into one packet, or than there still is.
pub(super) struct TooMuch;

/// What a user has missed in some rooms, and of its direct messages if wanted, between two ids.
pub(super) fn missed(
    gateway: &Gateway,
    user: UserId,
    rooms: &[RoomId],
    direct: bool,
    after: MessageId,
    until: MessageId,
) -> Result<Option<Payload>, TooMuch> {
    let page = gateway.node.read_watched(user, rooms.iter(), after, MISSED + 1);
    let page = page.map_err(|_| TooMuch)?;
    let whole = page.recovered && page.messages.get(MISSED).is_none_or(|next| next.id > until);
    let messages: Vec<_> = gateway.node.look(|state| {
        let messages = page.messages.into_iter().take_while(|message| message.id <= until);
        let messages = messages.filter(|message| direct || message.kind != Kind::Direct);
        let named = messages.map(|message| {
            let room = RoomId::parse(&message.recipient);
            let name = room.and_then(|room| state.room_name(&room).cloned());
            (message, name)
        });
        named.collect()
    });
    let bytes: usize = messages.iter().map(|(message, _)| message.text.as_json().len()).sum();
    if !whole || bytes > MISSED_BYTES {
        return Err(TooMuch);
    }
    if messages.is_empty() {
        return Ok(None);
    }
    let messages = messages.iter().map(|(message, room)| dialect::missed(message, room.as_deref()));
    Ok(Some(Payload::new("missed", &Missed { messages: messages.collect(), last_id: until })))
}
