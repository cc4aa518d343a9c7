//! `/conversations/ID/participants`: who comes into a conversation, who goes.

use std::sync::Arc;

use rocket::{State, delete, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, FORM};
use super::caller::Caller;
use super::conversations::Participant;
use super::error::ApiError;
use super::ids::Ids;
use super::refusals::{Refusals, Refused};
use super::reply::Json;
use super::shared;
use crate::command::{Command, Participants};
use crate::id::UserId;
use crate::node::Node;
use crate::outcome::Rejection;

#[derive(Deserialize, ToSchema)]
#[schema(as = ParticipantsWanted, examples(json!({"user_id": 3}), json!({"participant_ids": [3]})))]
struct Wanted {
    /// One account.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    user_id: Ids,
    /// Many.
    #[serde(default)]
    #[schema(value_type = Option<Vec<u64>>)]
    participant_ids: Ids,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ParticipantsChanged, examples(json!({
    "message": "Participants added successfully",
    "participants": [{"user_id": 2, "joined_at": "2026-01-31T12:00:00.000Z"}],
})))]
struct Changed {
    /// What was done, in a sentence for people.
    message: &'static str,
    /// Who is in it now; empty if you no longer are.
    participants: Vec<Participant>,
}

/// How an addition is refused.
impl Refusals for Wanted {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let rejections = [
            Rejection::ConversationNotFound,
            Rejection::NotInConversation,
            Rejection::UserNotFound,
        ];
        let mut refusals = shared::of_writing(&rejections);
        refusals.extend([nobody(), ApiError::wrong_type("user_id", "a list of ids")]);
        refusals
    }
}

/// How a removal is refused.
struct Removal;

impl Refusals for Removal {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = Wanted::refusals();
        refusals.push(shared::rejected(Rejection::NotYours));
        refusals
    }
}

fn nobody() -> ApiError {
    ApiError::required("user_id or participant_ids is required")
}

impl Wanted {
    fn users(&self) -> Result<Vec<UserId>, ApiError> {
        let mut users = self.user_id.users("user_id")?;
        users.extend(self.participant_ids.users("participant_ids")?);
        if users.is_empty() { Err(nobody()) } else { Ok(users) }
    }
}

/// Add participants
///
/// Everybody in a conversation may bring in other accounts. Those see all that was said in it.
#[utoipa::path(
    post,
    path = "/conversations/{id}/participants",
    operation_id = "add_participants",
    tag = "Projects",
    params(("id" = u64, Path, description = "The conversation.")),
    request_body(content((Wanted), (Wanted = FORM))),
    responses(
        (status = 200, description = "They are in it.", body = Changed),
        Refused::<Wanted>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/conversations/<id>/participants", data = "<body>")]
pub(super) async fn add(
    node: &State<Arc<Node>>,
    caller: Caller,
    id: &str,
    body: Body,
) -> Result<Json, ApiError> {
    let add = Command::AddParticipants;
    change(node, caller.0.user, id, &body, add, "Participants added successfully").await
}

/// Remove participants
///
/// Everybody may go: that is to remove oneself. Others are removed by whoever began the
/// conversation or its project. They lose it at once, with what they have open.
#[utoipa::path(
    delete,
    path = "/conversations/{id}/participants",
    operation_id = "remove_participants",
    tag = "Projects",
    params(("id" = u64, Path, description = "The conversation.")),
    request_body(content((Wanted), (Wanted = FORM))),
    responses(
        (status = 200, description = "They are out of it.", body = Changed),
        Refused::<Removal>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[delete("/conversations/<id>/participants", data = "<body>")]
pub(super) async fn remove(
    node: &State<Arc<Node>>,
    caller: Caller,
    id: &str,
    body: Body,
) -> Result<Json, ApiError> {
    let remove = Command::RemoveParticipants;
    change(node, caller.0.user, id, &body, remove, "Participants removed successfully").await
}

/// Does it to those whom the body names; tells who is in it then.
async fn change(
    node: &Node,
    by: UserId,
    id: &str,
    body: &Body,
    command: fn(Participants) -> Command,
    message: &'static str,
) -> Result<Json, ApiError> {
    let conversation = shared::conversation(id)?;
    // Who is not in it learns nothing else about it.
    node.look(|state| state.in_conversation(by, conversation)).map_err(shared::rejected)?;
    let fields: Wanted = body.parse()?;
    let users = fields.users()?;
    let outcome = node.submit(command(Participants { by, conversation, users })).await;
    outcome.map_err(shared::submit)?;
    let mine = node.look(|state| state.conversations(by));
    let it = mine.into_iter().find(|mine| mine.id == conversation);
    let participants = it.map(|it| it.participants).unwrap_or_default();
    let participants = participants.into_iter().map(Participant::of).collect();
    Ok(Json::of(&Changed { message, participants }))
}
