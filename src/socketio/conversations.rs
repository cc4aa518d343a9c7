//! What a socket wants done in a conversation.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Gateway;
use super::actions::{self, Trouble};
use super::client::Client;
use super::data::Data;
use super::dialect::Dialect;
use super::dispatcher::Signal;
use super::payload::Payload;
use crate::command::Address;
use crate::id::{ConversationId, MessageId, RoomId, UserId};

/// Messages that a socket is told when it comes in.
const RECENT: usize = 50;

/// What is to be done there.
pub(super) enum Talk {
    Join,
    Leave,
    Say(String),
}

#[derive(Serialize)]
struct RecentMessages {
    conversation_id: ConversationId,
    messages: Vec<RecentMessage>,
}

#[derive(Serialize)]
struct RecentMessage {
    id: MessageId,
    content: Box<RawValue>,
    user_id: Option<UserId>,
    username: Arc<str>,
    created_at: String,
}

#[derive(Serialize)]
struct Status<'a> {
    message: &'a str,
    msg: &'a str,
    user_id: UserId,
    conversation_id: ConversationId,
}

/// The conversation that the data names, as a number or as its text.
pub(super) fn named(data: &Data) -> Result<ConversationId, Trouble> {
    let number = data.text("conversation_id").and_then(|text| text.parse().ok());
    let wrong = || Trouble::new("invalid_type", "conversation_id must be an id.");
    number.map(ConversationId).ok_or_else(wrong)
}

/// Does it, for an account that is in the conversation.
pub(super) async fn perform(
    gateway: &Arc<Gateway>,
    client: &Arc<Client>,
    conversation: ConversationId,
    talk: Talk,
) -> Result<Option<MessageId>, Trouble> {
    let actor = client.actor().filter(|actor| gateway.node.stands(actor)).map(|actor| actor.user);
    let user = actor.filter(|user| gateway.node.look(|state| state.account(*user).is_some()));
    let needed = || Trouble::new("account_required", "Conversations need an account.");
    let user = user.ok_or_else(needed)?;
    gateway.node.presence().heard(user);
    match talk {
        Talk::Join => {
            join(gateway, client, user, conversation)?;
            Ok(None)
        }
        Talk::Leave => {
            leave(gateway, client, user, conversation)?;
            Ok(None)
        }
        Talk::Say(text) => {
            gateway.node.look(|state| state.in_conversation(user, conversation))?;
            let room = Address::Room(conversation.room());
            actions::send(gateway, client, room, &text, None).await
        }
    }
}

fn join(
    gateway: &Gateway,
    client: &Client,
    user: UserId,
    conversation: ConversationId,
) -> Result<(), Trouble> {
    let room = conversation.room();
    {
        // While it is locked nothing is dispatched to this socket, and whoever is taken out of
        // the conversation now is taken out of what it watches behind this.
        let mut inbox = client.inbox.lock();
        // What comes between the two is dispatched.
        let head = gateway.node.head();
        let said = gateway.node.said(user, conversation, 0, RECENT)?.messages;
        let said: Vec<_> = gateway.node.look(|state| {
            let author = |message: Arc<crate::message::Message>| (state.author(&message), message);
            said.into_iter().filter(|message| message.id <= head).map(author).collect()
        });
        gateway.subscriptions.watch(client.socket.id, &room, Dialect::Conversation);
        inbox.watch(&room, Dialect::Conversation, head);
        let messages = said.into_iter().rev().map(|(user_id, message)| RecentMessage {
            id: message.id,
            content: message.text.as_raw().to_owned(),
            user_id,
            username: message.sender.clone(),
            created_at: message.at.to_iso(),
        });
        let messages = messages.collect();
        let recent = RecentMessages { conversation_id: conversation, messages };
        inbox.push(Payload::new("recent_messages", &recent));
    }
    let _ = gateway.signals.send(Signal::Ready(client.socket.id));
    let text = format!("{} has joined the conversation.", client.name().as_str());
    tell(gateway, &room, conversation, user, &text);
    Ok(())
}

/// The socket hears of it no longer; its account stays in it.
fn leave(
    gateway: &Gateway,
    client: &Client,
    user: UserId,
    conversation: ConversationId,
) -> Result<(), Trouble> {
    gateway.node.look(|state| state.in_conversation(user, conversation))?;
    let room = conversation.room();
    let text = format!("{} has left the conversation.", client.name().as_str());
    tell(gateway, &room, conversation, user, &text);
    gateway.unwatch(client, &room);
    Ok(())
}

fn tell(
    gateway: &Gateway,
    room: &RoomId,
    conversation_id: ConversationId,
    user_id: UserId,
    text: &str,
) {
    let status = Status { message: text, msg: text, user_id, conversation_id };
    gateway.tell_room(room, Dialect::Conversation, &Payload::new("status", &status), None);
}
