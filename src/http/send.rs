//! `/send`: says something to a user or a room.

use std::sync::Arc;

use rocket::{State, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use super::body::{Body, FORM};
use super::error::ApiError;
use super::field::Field;
use super::limiter::Limiter;
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::{self, Json};
use crate::command::{Address, Command, Once};
use crate::config::Settings;
use crate::credentials::Credentials;
use crate::id::MessageId;
use crate::limits::{Action, RetryAfter};
use crate::name::NameKey;
use crate::node::Node;
use crate::outcome::{Outcome, Rejection};
use crate::text::Text;
use crate::token::TokenHash;

/// Longest `client_msg_id`, in characters: room for a UUID with a prefix.
const ONCE_CHARS: usize = 128;

const SENT: &str = "Message sent successfully.";

const SENDER_UNKNOWN: &str = "Sender not registered.";

#[derive(Deserialize, ToSchema)]
struct Send<'a> {
    /// Who says it.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    sender: Field<'a>,
    /// To whom: a username, or the id of a room (`room_…`).
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, examples("bob", "room_1"))]
    recipient: Field<'a>,
    #[serde(borrow, default)]
    #[schema(schema_with = text, required)]
    message: Field<'a>,
    /// Your own id for this message, 1 to 128 characters; a UUID is good. Sending the same again
    /// with the same id sends nothing twice and gets the first answer again, for at least 24
    /// hours.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>, max_length = 128)]
    client_msg_id: Field<'a>,
    /// A proof of the sender's name, where it needs one.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    token: Field<'a>,
}

/// The schema of a message's text.
fn text() -> Object {
    let types = [Type::String, Type::Number, Type::Boolean];
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter(types))
        .min_length(Some(1))
        .description(Some(
            "What: a text of at most 16,384 bytes of UTF-8 (`limits.message_bytes`). A number or \
             a boolean is taken as its text.",
        ))
        .examples(["Hello 🌍"])
        .build()
}

#[derive(Serialize, ToSchema)]
struct Sent<'a> {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// What was done, in a sentence for people.
    message: &'static str,
    /// The id of the message; only where the request has a `client_msg_id`.
    #[schema(value_type = u64, required = false, minimum = 1)]
    id: MessageId,
    /// The life of the id sequence that `id` belongs to; only where `id` is.
    #[schema(required = false)]
    epoch: &'a str,
}

impl Refusals for Send<'_> {
    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_commands();
        let rejections = [
            Rejection::NotRegistered,
            Rejection::RoomNotFound,
            Rejection::NotParticipant,
            Rejection::RecipientNotOnline,
            Rejection::OnceConflict,
            Rejection::Unproven,
        ];
        let rejected = |rejection| ApiError::rejected(rejection, SENDER_UNKNOWN);
        refusals.extend(rejections.map(rejected));
        refusals.extend([
            incomplete(),
            ApiError::wrong_type("sender", "a string"),
            message_too_long(16 << 10),
            once_too_long(),
            ApiError::too_often(RetryAfter::EXAMPLE),
        ]);
        refusals
    }
}

fn incomplete() -> ApiError {
    ApiError::required("Sender, recipient, and message are required.")
}

pub(super) fn message_too_long(limit: usize) -> ApiError {
    ApiError::too_long("message_too_long", "The message", limit)
}

fn once_too_long() -> ApiError {
    ApiError::body(
        "invalid_client_msg_id",
        format!("client_msg_id is too long: at most {ONCE_CHARS} characters are allowed."),
    )
}

/// Send a message
///
/// To a user or a room. A room made with `/create_room` takes messages of its participants only;
/// an open named room takes anybody's. The answer comes when the message is stored, not before.
#[utoipa::path(
    post,
    path = "/send",
    tag = "Messages",
    request_body(content(
        (
            Send,
            examples(
                ("To a user" = (
                    value = json!({"sender": "ann", "recipient": "bob", "message": "Hello 🌍"})
                )),
                ("To a room, safe to repeat" = (
                    value = json!({
                        "sender": "ann", "recipient": "room_1", "message": "Hello all",
                        "client_msg_id": "6f0c1c8e-1",
                    })
                )),
            ),
        ),
        (
            Send = FORM,
            example = json!({"sender": "ann", "recipient": "bob", "message": "Hello 🌍"}),
        ),
    )),
    responses(
        (
            status = 200, description = "The message is stored.", body = Sent,
            examples(
                ("Plain" = (
                    value = json!({"status": "success", "message": "Message sent successfully."})
                )),
                ("With client_msg_id" = (
                    value = json!({
                        "status": "success", "message": "Message sent successfully.", "id": 7,
                        "epoch": "gqhvutdzhqf2kw3e",
                    })
                )),
            ),
        ),
        Refused::<Send<'_>>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[post("/send", data = "<body>")]
pub(super) async fn send(
    node: &State<Arc<Node>>,
    settings: &State<Settings>,
    credentials: Credentials<'_>,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Send<'_> = body.parse()?;
    let sender = fields.sender.text("sender")?;
    let recipient = fields.recipient.text("recipient")?;
    let message = fields.message.text_or_plain("message")?;
    let (Some(sender), Some(recipient), Some(message)) = (sender, recipient, message) else {
        return Err(incomplete());
    };
    let limit = settings.limits.message_bytes;
    if message.len() > limit {
        return Err(message_too_long(limit));
    }
    let once = match fields.client_msg_id.text("client_msg_id")? {
        Some(id) if id.chars().count() > ONCE_CHARS => return Err(once_too_long()),
        id => id.map(|id| Once { id: id.to_owned(), digest: digest(recipient, message) }),
    };
    let tokens = credentials.tokens(fields.token.text("token")?);
    let refused = |error| ApiError::submit(error, SENDER_UNKNOWN);
    node.authorize(sender, tokens).await.map_err(refused)?;
    let asked = once.is_some();
    let sender = NameKey::lookup(sender);
    limiter.admit(Action::Send, Some(sender.as_str()))?;
    let command = Command::Send {
        sender,
        recipient: Address::parse(recipient),
        text: Text::new(message),
        once,
        shown: None,
    };
    let outcome = node.submit(command).await;
    let outcome = outcome.map_err(|error| ApiError::submit(error, SENDER_UNKNOWN))?;
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
