//! `/join_room`, `/leave_room`: who is in a room.

use std::sync::Arc;

use rocket::{State, post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{Body, FORM};
use super::error::ApiError;
use super::field::Field;
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::{Json, Success};
use super::users::NOT_FOUND;
use crate::command::{Address, Command};
use crate::credentials::Credentials;
use crate::id::RoomId;
use crate::name::NameKey;
use crate::node::Node;
use crate::outcome::Rejection;

#[derive(Deserialize, ToSchema)]
#[schema(examples(json!({"username": "ann", "room_id": "room_General"})))]
struct Membership<'a> {
    /// Who joins or leaves.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    username: Field<'a>,
    /// The room's id.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, examples("room_General", "room_1"))]
    room_id: Field<'a>,
    /// A proof of the name, where it needs one.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    token: Field<'a>,
}

/// How `/join_room` refuses.
struct Join;

impl Refusals for Join {
    fn refusals() -> Vec<ApiError> {
        use Rejection::{NotRegistered, RoomNotFound, RoomNotOpen, Unproven};
        of_both(&[NotRegistered, RoomNotFound, RoomNotOpen, Unproven])
    }
}

/// How `/leave_room` refuses.
struct Leave;

impl Refusals for Leave {
    fn refusals() -> Vec<ApiError> {
        of_both(&[Rejection::RoomNotFound, Rejection::NotParticipant, Rejection::Unproven])
    }
}

/// How both refuse, and these rejections.
fn of_both(rejections: &[Rejection]) -> Vec<ApiError> {
    let mut refusals = of_commands();
    let rejected = |rejection: &Rejection| ApiError::rejected(rejection.clone(), NOT_FOUND);
    refusals.extend(rejections.iter().map(rejected));
    refusals.push(incomplete());
    refusals.push(ApiError::wrong_type("room_id", "a string"));
    refusals
}

fn incomplete() -> ApiError {
    ApiError::required("Username and room_id are required.")
}

/// Enter an open room
///
/// Only the named rooms are open (`rooms` in the settings); into a room made with `/create_room`
/// one is put by its admin. Joining again changes nothing.
#[utoipa::path(
    post,
    path = "/join_room",
    tag = "Rooms",
    request_body(content((Membership), (Membership = FORM))),
    responses(
        (
            status = 200, description = "You are in.", body = Success,
            example = json!({"status": "success", "message": "You have joined room room_General."}),
        ),
        Refused::<Join>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[post("/join_room", data = "<body>")]
pub(super) async fn join_room(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Membership<'_> = body.parse()?;
    let (username, room) = fields.both()?;
    fields.authorize(node, &credentials, username).await?;
    let command = Command::JoinRoom { name: NameKey::lookup(username), room: room_id(room) };
    let outcome = node.submit(command).await;
    outcome.map_err(|error| ApiError::submit(error, NOT_FOUND))?;
    Ok(Json::success(&format!("You have joined room {room}.")))
}

/// Leave a room
///
/// Those who stay in a numbered room get a notice from `server`: `ann has left room 1.`
#[utoipa::path(
    post,
    path = "/leave_room",
    tag = "Rooms",
    request_body(content((Membership), (Membership = FORM))),
    responses(
        (
            status = 200, description = "You have left.", body = Success,
            example = json!({"status": "success", "message": "You have left room room_1."}),
        ),
        Refused::<Leave>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[post("/leave_room", data = "<body>")]
pub(super) async fn leave_room(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Membership<'_> = body.parse()?;
    let (username, room) = fields.both()?;
    fields.authorize(node, &credentials, username).await?;
    let command = Command::LeaveRoom { name: NameKey::lookup(username), room: room_id(room) };
    let outcome = node.submit(command).await;
    outcome.map_err(|error| ApiError::submit(error, NOT_FOUND))?;
    Ok(Json::success(&format!("You have left room {room}.")))
}

impl Membership<'_> {
    fn both(&self) -> Result<(&str, &str), ApiError> {
        let username = self.username.text("username")?;
        let room = self.room_id.text("room_id")?;
        username.zip(room).ok_or_else(incomplete)
    }

    async fn authorize(
        &self,
        node: &Node,
        credentials: &Credentials<'_>,
        username: &str,
    ) -> Result<(), ApiError> {
        let tokens = credentials.tokens(self.token.text("token")?);
        let actor = node.authorize(username, tokens).await;
        actor.map_err(|error| ApiError::submit(error, NOT_FOUND))?;
        Ok(())
    }
}

/// The room; room 0, which there never is, for what is no room's id.
fn room_id(text: &str) -> RoomId {
    match Address::parse(text) {
        Address::Room(room) => room,
        Address::User(_) => RoomId::Numbered(0),
    }
}
