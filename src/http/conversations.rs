//! `/conversations`: who talks with whom.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{State, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, FORM};
use super::caller::Caller;
use super::error::ApiError;
use super::ids::Ids;
use super::limiter::Limiter;
use super::refusals::{Refusals, Refused};
use super::reply::{Json, Made};
use super::shared;
use crate::command::{Command, CreateConversation};
use crate::id::{ConversationId, ProjectId, UserId};
use crate::limits::Action;
use crate::node::Node;
use crate::outcome::{Outcome, Rejection};
use crate::timestamp::Timestamp;

#[derive(Deserialize, ToSchema)]
#[schema(as = NewConversation, examples(json!({"participant_ids": [3, 4], "project_id": 1})))]
struct New {
    /// Who is in it beside you.
    #[serde(default)]
    #[schema(value_type = Option<Vec<u64>>)]
    participant_ids: Ids,
    /// The project it is part of; you must be in it.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    project_id: Ids,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConversationCreated, examples(json!({
    "message": "Conversation created successfully", "conversation_id": 5, "project_id": 1,
})))]
struct Created {
    /// What was done, in a sentence for people.
    message: &'static str,
    /// Conversation 5 is `room_5` in the rest of this interface.
    #[schema(value_type = u64)]
    conversation_id: ConversationId,
    /// The project it is part of, if any.
    #[schema(value_type = Option<u64>, required)]
    project_id: Option<ProjectId>,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "id": 5, "project_id": null, "creator_id": 2, "created_at": "2026-01-31T12:00:00.000Z",
    "participants": [{"user_id": 2, "joined_at": "2026-01-31T12:00:00.000Z"}],
})))]
struct Conversation {
    /// Its number: conversation 5 is `room_5`.
    #[schema(value_type = u64)]
    id: ConversationId,
    /// The project it is part of, if any.
    #[schema(value_type = Option<u64>, required)]
    project_id: Option<ProjectId>,
    /// Who began it; null if that is no account.
    #[schema(value_type = Option<u64>, required)]
    creator_id: Option<UserId>,
    /// When it began, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// Who is in it.
    participants: Vec<Participant>,
}

/// Who is in it.
#[derive(Serialize, ToSchema)]
pub(super) struct Participant {
    /// Null for somebody without an account, in a room of `/create_room`.
    #[schema(value_type = Option<u64>, required)]
    user_id: Option<UserId>,
    /// Since when, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    joined_at: String,
}

impl Participant {
    pub(super) fn of((user_id, since): (Option<UserId>, Timestamp)) -> Participant {
        Participant { user_id, joined_at: since.to_iso() }
    }
}

impl Refusals for Conversation {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        shared::of_reading(&[])
    }
}

impl Refusals for New {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let rejections =
            [Rejection::ProjectNotFound, Rejection::NotInProject, Rejection::UserNotFound];
        let mut refusals = shared::of_limited(&rejections);
        refusals.push(ApiError::wrong_type("participant_ids", "a list of ids"));
        refusals
    }
}

/// List your conversations
///
/// A conversation is a room: conversation 5 is `room_5`. So rooms made with `/create_room` are
/// among them.
#[utoipa::path(
    get,
    path = "/conversations",
    operation_id = "conversations",
    tag = "Projects",
    responses(
        (
            status = 200, description = "Those you are in, by their ids.",
            body = Vec<Conversation>,
            example = json!([{
                "id": 5, "project_id": null, "creator_id": 2,
                "created_at": "2026-01-31T12:00:00.000Z",
                "participants": [{"user_id": 2, "joined_at": "2026-01-31T12:00:00.000Z"}],
            }]),
        ),
        Refused::<Conversation>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/conversations")]
pub(super) fn conversations(node: &State<Arc<Node>>, caller: Caller) -> Result<Json, ApiError> {
    let user = caller.0.user;
    let conversations = node.look(|state| state.conversations(user));
    let conversations = conversations.into_iter().map(|conversation| Conversation {
        id: conversation.id,
        project_id: conversation.project,
        creator_id: conversation.creator,
        created_at: conversation.created.to_iso(),
        participants: conversation.participants.into_iter().map(Participant::of).collect(),
    });
    Ok(Json::of(&conversations.collect::<Vec<_>>()))
}

/// Begin a conversation
///
/// You are always in it. It makes no notices, and does not end when nobody is in it.
#[utoipa::path(
    post,
    path = "/conversations",
    operation_id = "begin_conversation",
    tag = "Projects",
    request_body(content((New), (New = FORM))),
    responses(
        (status = 201, description = "It has begun.", body = Created),
        Refused::<New>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/conversations", data = "<body>")]
pub(super) async fn create(
    node: &State<Arc<Node>>,
    caller: Caller,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Made, ApiError> {
    let creator = caller.0.user;
    let fields: New = body.parse()?;
    let participants = fields.participant_ids.users("participant_ids")?;
    let project = fields.project_id.one("project_id")?.map(ProjectId);
    limiter.admit(Action::CreateRoom, Some(caller.0.name.key().as_str()))?;
    let command = CreateConversation { creator, participants, project };
    let outcome = node.submit(Command::CreateConversation(command)).await;
    match outcome.map_err(shared::submit)? {
        Outcome::ConversationCreated { conversation: conversation_id } => {
            let message = "Conversation created successfully";
            Ok(Made::of(&Created { message, conversation_id, project_id: project }))
        }
        _ => Err(ApiError::of_status(Status::InternalServerError)),
    }
}
