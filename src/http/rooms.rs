//! `/create_room`, `/rooms`: which rooms there are.

use std::sync::Arc;

use rocket::{State, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, FORM};
use super::error::ApiError;
use super::field::{Field, List};
use super::limiter::Limiter;
use super::messages::NOT_REGISTERED;
use super::params::Params;
use super::queries::{Proof, Who};
use super::refusals::{Refusals, Refused, of_commands};
use super::reply::{self, Json};
use super::users::no_username;
use crate::command::{Command, Participant};
use crate::credentials::Credentials;
use crate::id::{MessageId, RoomId};
use crate::limits::{Action, RetryAfter};
use crate::name::NameKey;
use crate::node::Node;
use crate::outcome::{Outcome, Rejection};

#[derive(Deserialize, ToSchema)]
#[schema(as = CreateRoom, examples(json!({"admin": "ann", "participants": ["bob", "carla"]})))]
struct Create<'a> {
    /// Who opens the room; always a participant.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 64, examples("ann"))]
    admin: Field<'a>,
    /// Who else is in it; a form repeats the key.
    #[serde(borrow, default)]
    #[schema(value_type = Vec<String>, required, min_items = 1)]
    participants: List<'a>,
    /// A proof of the admin's name, where it needs one.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    token: Field<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RoomCreated, examples(json!({
    "status": "success", "message": "Room room_1 created successfully.", "room_id": "room_1",
})))]
struct Created {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// What was done, in a sentence for people.
    message: String,
    /// The id of the new room: the recipient of what is said in it.
    #[schema(examples("room_1"))]
    room_id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "status": "success",
    "rooms": [
        {
            "room_id": "room_1", "name": "Room 1", "kind": "numbered",
            "participants": ["ann", "bob"], "last_id": 3, "created_at": "2026-01-31T12:00:00.000Z",
        },
        {
            "room_id": "room_General", "name": "General", "kind": "named",
            "participants": ["bob"], "last_id": 0, "created_at": "2026-01-01T00:00:00.000Z",
        },
    ],
})))]
struct Rooms {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// Numbered rooms by number, then named ones by id.
    rooms: Vec<Room>,
}

#[derive(Serialize, ToSchema)]
struct Room {
    /// The recipient of what is said in it.
    room_id: String,
    /// The name to show.
    #[schema(value_type = String)]
    name: Arc<str>,
    #[schema(inline)]
    kind: RoomKind,
    /// Who is in it.
    #[schema(value_type = Vec<String>)]
    participants: Vec<Arc<str>>,
    /// The id of its newest message; 0 before the first.
    #[schema(value_type = u64)]
    last_id: MessageId,
    /// When it came into being, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

/// `numbered` rooms are made with `/create_room` and gone when the last participant leaves;
/// `named` ones are open to all and stay.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RoomKind {
    Numbered,
    Named,
}

impl Refusals for Create<'_> {
    fn refusals() -> Vec<ApiError> {
        let mut refusals = of_commands();
        let absent = Rejection::ParticipantNotOnline("bob".to_owned());
        let rejections = [Rejection::NotRegistered, absent, Rejection::Unproven];
        let rejected = |rejection| ApiError::rejected(rejection, ADMIN_UNKNOWN);
        refusals.extend(rejections.map(rejected));
        refusals.push(incomplete());
        refusals.push(ApiError::wrong_type("admin", "a string"));
        refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
        refusals
    }
}

impl Refusals for Rooms {
    fn refusals() -> Vec<ApiError> {
        let rejections = [Rejection::NotRegistered, Rejection::Unproven];
        let rejected = |rejection| ApiError::rejected(rejection, NOT_REGISTERED);
        std::iter::once(no_username()).chain(rejections.map(rejected)).collect()
    }
}

const ADMIN_UNKNOWN: &str = "Admin is not registered.";

fn incomplete() -> ApiError {
    ApiError::required("Admin and participants are required.")
}

/// Open a room
///
/// Rooms are `room_1`, `room_2`, … and never reused. Each participant, the admin too, gets a
/// notice from `server`: `Room 1 has been created and you have been added as a participant.` The
/// room is gone when its last participant leaves.
#[utoipa::path(
    post,
    path = "/create_room",
    tag = "Rooms",
    request_body(content((Create), (Create = FORM))),
    responses(
        (status = 200, description = "The room is open.", body = Created),
        Refused::<Create<'_>>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[post("/create_room", data = "<body>")]
pub(super) async fn create_room(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Create<'_> = body.parse()?;
    let admin = fields.admin.text("admin")?;
    let participants = if body.is_form() {
        fields.participants.texts_of_form("participants")?
    } else {
        fields.participants.texts("participants")?
    };
    let (Some(admin), Some(participants)) = (admin, participants) else {
        return Err(incomplete());
    };
    let tokens = credentials.tokens(fields.token.text("token")?);
    let refused = |error| ApiError::submit(error, ADMIN_UNKNOWN);
    node.authorize(admin, tokens).await.map_err(refused)?;
    let admin = NameKey::lookup(admin);
    limiter.admit(Action::CreateRoom, Some(admin.as_str()))?;
    let participants = participants
        .into_iter()
        .map(|given| Participant { given: given.to_owned(), key: NameKey::lookup(given) });
    let command = Command::CreateRoom { admin, participants: participants.collect() };
    let outcome = node.submit(command).await;
    match outcome.map_err(|error| ApiError::submit(error, ADMIN_UNKNOWN))? {
        Outcome::RoomCreated { room } => Ok(Json::of(&Created {
            status: "success",
            message: format!("Room {room} created successfully."),
            room_id: room.to_string(),
        })),
        _ => Err(ApiError::of_status(rocket::http::Status::InternalServerError)),
    }
}

/// List rooms
///
/// Those the user is in, and the open named ones, which can be joined.
#[utoipa::path(
    get,
    path = "/rooms",
    tag = "Rooms",
    params(Who, Proof),
    responses(
        (status = 200, description = "The rooms.", body = Rooms),
        Refused::<Rooms>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/rooms")]
pub(super) async fn rooms(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    params: Params<'_>,
) -> Result<Json, ApiError> {
    let username = params.pairs().filter(|(key, _)| key == "username").map(|(_, name)| name).last();
    let username = username.filter(|name| !name.is_empty()).ok_or_else(no_username)?;
    let rejected = |rejection| ApiError::rejected(rejection, NOT_REGISTERED);
    let actor = node.authorize(&username, credentials.tokens(None)).await;
    let actor = actor.map_err(|error| ApiError::submit(error, NOT_REGISTERED))?;
    let actor = actor.ok_or_else(|| rejected(Rejection::NotRegistered))?;
    let rooms = node.rooms(actor.user).map_err(rejected)?;
    let rooms = rooms.into_iter().map(|room| Room {
        room_id: room.id.to_string(),
        name: room.name,
        kind: match room.id {
            RoomId::Numbered(_) => RoomKind::Numbered,
            RoomId::Named(_) => RoomKind::Named,
        },
        participants: room.participants,
        last_id: room.last_id,
        created_at: room.created.to_iso(),
    });
    Ok(Json::of(&Rooms { status: "success", rooms: rooms.collect() }))
}
