//! `/send`: says something to a user or a room.

use std::sync::Arc;

use rocket::{State, post};
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::error::ApiError;
use super::field::Field;
use super::reply::Json;
use crate::command::{Address, Command, Once};
use crate::config::Settings;
use crate::id::MessageId;
use crate::name::NameKey;
use crate::node::Node;
use crate::outcome::Outcome;
use crate::text::Text;
use crate::token::TokenHash;

/// Longest `client_msg_id`, in characters: room for a UUID with a prefix.
const ONCE_CHARS: usize = 128;

const SENT: &str = "Message sent successfully.";

#[derive(Deserialize)]
struct Send<'a> {
    #[serde(borrow, default)]
    sender: Field<'a>,
    #[serde(borrow, default)]
    recipient: Field<'a>,
    #[serde(borrow, default)]
    message: Field<'a>,
    #[serde(borrow, default)]
    client_msg_id: Field<'a>,
}

#[derive(Serialize)]
struct Sent<'a> {
    status: &'static str,
    message: &'static str,
    id: MessageId,
    epoch: &'a str,
}

#[post("/send", data = "<body>")]
pub(super) async fn send(
    node: &State<Arc<Node>>,
    settings: &State<Settings>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Send<'_> = body.parse()?;
    let sender = fields.sender.text("sender")?;
    let recipient = fields.recipient.text("recipient")?;
    let message = fields.message.text_or_plain("message")?;
    let (Some(sender), Some(recipient), Some(message)) = (sender, recipient, message) else {
        return Err(ApiError::required("Sender, recipient, and message are required."));
    };
    let limit = settings.limits.message_bytes;
    if message.len() > limit {
        return Err(ApiError::too_long("message_too_long", "The message", limit));
    }
    let once = match fields.client_msg_id.text("client_msg_id")? {
        Some(id) if id.chars().count() > ONCE_CHARS => {
            return Err(ApiError::body(
                "invalid_client_msg_id",
                format!("client_msg_id is too long: at most {ONCE_CHARS} characters are allowed."),
            ));
        }
        id => id.map(|id| Once { id: id.to_owned(), digest: digest(recipient, message) }),
    };
    node.identify(sender);
    let asked = once.is_some();
    let command = Command::Send {
        sender: NameKey::lookup(sender),
        recipient: Address::parse(recipient),
        text: Text::new(message),
        once,
    };
    let outcome = node.submit(command).await;
    let outcome = outcome.map_err(|error| ApiError::submit(error, "Sender not registered."))?;
    Ok(match outcome {
        Outcome::Sent { id } if asked => {
            let epoch = node.epoch().as_str();
            Json::of(&Sent { status: "success", message: SENT, id, epoch })
        }
        _ => Json::fixed(r#"{"status":"success","message":"Message sent successfully."}"#),
    })
}

/// Tells one body from another under the same `client_msg_id`.
fn digest(recipient: &str, message: &str) -> TokenHash {
    TokenHash::of(&format!("{}\n{recipient}{message}", recipient.len()))
}
