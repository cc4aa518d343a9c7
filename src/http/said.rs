//! `/conversations/ID/messages`: what was said in a conversation, what is to be said.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{State, get, post};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::body::{Body, FORM};
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::limiter::Limiter;
use super::params::Params;
use super::refusals::{Refusals, Refused};
use super::reply::{Json, Made};
use super::send::message_too_long;
use super::shared;
use crate::command::{Address, Command};
use crate::config::Settings;
use crate::id::{MessageId, UserId};
use crate::limits::Action;
use crate::node::{Failure, Node, SubmitError};
use crate::outcome::{Outcome, Rejection};
use crate::text::Text;

/// Messages on a page when nothing is said.
const PER_PAGE: usize = 50;

/// The most that `per_page` may ask for.
const MOST_PER_PAGE: usize = 100;

/// What of it to read.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what is read one by one")]
struct Which {
    /// Which page, from 1; what is no number is 1.
    #[param(required = false, minimum = 1, default = 1)]
    page: u64,
    /// Messages on a page; more than 100 is 100.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    per_page: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Said, examples(json!({
    "messages": [
        {"id": 9, "content": "Hello", "user_id": 2, "username": "ann",
         "created_at": "2026-01-31T12:00:00.000Z"},
    ],
    "total": 1, "pages": 1, "current_page": 1,
})))]
struct Said {
    /// Newest first.
    messages: Vec<Message>,
    /// How many there are in all.
    total: usize,
    /// How many pages that makes.
    pages: usize,
    /// Which of them this is.
    current_page: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MessageSaid)]
struct Message {
    /// Its place in the one sequence of all messages.
    #[schema(value_type = u64)]
    id: MessageId,
    /// What was said.
    #[schema(value_type = String)]
    content: Box<RawValue>,
    /// Who said it; null for somebody without an account.
    #[schema(value_type = Option<u64>, required)]
    user_id: Option<UserId>,
    /// Under which name.
    #[schema(value_type = String)]
    username: Arc<str>,
    /// When, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SayIt, examples(json!({"content": "Hello"})))]
struct Say<'a> {
    /// What to say; a number or a boolean is taken as its text.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1)]
    content: Field<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SaidIt, examples(json!({
    "message": "Message sent successfully", "message_id": 9, "content": "Hello", "user_id": 2,
    "username": "ann", "created_at": "2026-01-31T12:00:00.000Z",
})))]
struct Sent<'a> {
    /// What was done, in a sentence for people.
    message: &'static str,
    /// Its place in the one sequence of all messages.
    #[schema(value_type = u64)]
    message_id: MessageId,
    /// What you said.
    content: &'a str,
    /// You.
    #[schema(value_type = u64)]
    user_id: UserId,
    /// Your name.
    username: &'a str,
    /// When it was stored, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Refusals for Said {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let rejections = [Rejection::ConversationNotFound, Rejection::NotInConversation];
        let mut refusals = shared::of_reading(&rejections);
        refusals.push(shared::submit(SubmitError::Failed(Failure::Unreadable)));
        refusals
    }
}

impl Refusals for Say<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let rejections = [Rejection::ConversationNotFound, Rejection::NotInConversation];
        let mut refusals = shared::of_limited(&rejections);
        let wrong = ApiError::wrong_type("content", "a string");
        refusals.extend([nothing(), message_too_long(16 << 10), wrong]);
        refusals
    }
}

fn nothing() -> ApiError {
    ApiError::required("Message content is required")
}

/// Read a conversation
///
/// Page by page from its newest message on. `room_N` with `/messages` or `/events` reads the same
/// by cursor, which misses nothing while others go on talking.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    operation_id = "conversation",
    tag = "Projects",
    params(("id" = u64, Path, description = "The conversation."), Which),
    responses(
        (status = 200, description = "A page of it.", body = Said),
        Refused::<Said>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/conversations/<id>/messages")]
pub(super) fn messages(
    node: &State<Arc<Node>>,
    caller: Caller,
    id: &str,
    params: Params<'_>,
) -> Result<Json, ApiError> {
    let user = caller.0.user;
    let conversation = shared::conversation(id)?;
    let number = |name, default| {
        let number = params.get(name).and_then(|text| text.trim().parse::<usize>().ok());
        number.filter(|number| *number > 0).unwrap_or(default)
    };
    let current_page = number("page", 1);
    let per_page = number("per_page", PER_PAGE).min(MOST_PER_PAGE);
    let skipped = (current_page - 1).saturating_mul(per_page);
    let said = node.said(user, conversation, skipped, per_page).map_err(shared::submit)?;
    let authors: Vec<_> =
        node.look(|state| said.messages.iter().map(|message| state.author(message)).collect());
    let messages = said.messages.into_iter().zip(authors).map(|(message, user_id)| Message {
        id: message.id,
        content: message.text.as_raw().to_owned(),
        user_id,
        username: message.sender.clone(),
        created_at: message.at.to_iso(),
    });
    Ok(Json::of(&Said {
        messages: messages.collect(),
        total: said.total,
        pages: said.total.div_ceil(per_page),
        current_page,
    }))
}

/// Say something in a conversation
///
/// All who are in it hear of it at once, by whatever they read with.
#[utoipa::path(
    post,
    path = "/conversations/{id}/messages",
    operation_id = "say",
    tag = "Projects",
    params(("id" = u64, Path, description = "The conversation.")),
    request_body(content((Say), (Say = FORM))),
    responses(
        (status = 201, description = "The message is stored.", body = Sent),
        Refused::<Say<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/conversations/<id>/messages", data = "<body>")]
pub(super) async fn say(
    node: &State<Arc<Node>>,
    settings: &State<Settings>,
    caller: Caller,
    limiter: Limiter<'_>,
    id: &str,
    body: Body,
) -> Result<Made, ApiError> {
    let user_id = caller.0.user;
    let conversation = shared::conversation(id)?;
    // Who is not in it learns nothing else about it.
    node.look(|state| state.in_conversation(user_id, conversation)).map_err(shared::rejected)?;
    let fields: Say<'_> = body.parse()?;
    let content = fields.content.text_or_plain("content")?;
    let content = content.ok_or_else(nothing)?;
    let limit = settings.limits.message_bytes;
    if content.len() > limit {
        return Err(message_too_long(limit));
    }
    let name = caller.0.name;
    limiter.admit(Action::Send, Some(name.key().as_str()))?;
    let room = conversation.room();
    let command = Command::Send {
        sender: name.key().clone(),
        recipient: Address::Room(room.clone()),
        text: Text::new(content),
        once: None,
        shown: None,
    };
    match node.submit(command).await.map_err(shared::submit)? {
        Outcome::Sent { id } => {
            let at = node.look(|state| state.message(&room, id).map(|message| message.at));
            Ok(Made::of(&Sent {
                message: "Message sent successfully",
                message_id: id,
                content,
                user_id,
                username: name.as_str(),
                created_at: at.unwrap_or_else(|| node.now()).to_iso(),
            }))
        }
        _ => Err(ApiError::of_status(Status::InternalServerError)),
    }
}
