//! `/create_room`, `/join_room`, `/leave_room`, `/rooms`.

use std::sync::Arc;

use rocket::{State, get, post};
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::error::ApiError;
use super::field::{Field, List};
use super::messages::NOT_REGISTERED;
use super::params::Params;
use super::reply::Json;
use crate::command::{Address, Command, Participant};
use crate::id::{MessageId, RoomId};
use crate::name::NameKey;
use crate::node::Node;
use crate::outcome::{Outcome, Rejection};

#[derive(Deserialize)]
struct Create<'a> {
    #[serde(borrow, default)]
    admin: Field<'a>,
    #[serde(borrow, default)]
    participants: List<'a>,
}

#[derive(Serialize)]
struct Created {
    status: &'static str,
    message: String,
    room_id: String,
}

#[derive(Deserialize)]
struct Membership<'a> {
    #[serde(borrow, default)]
    username: Field<'a>,
    #[serde(borrow, default)]
    room_id: Field<'a>,
}

#[derive(Serialize)]
struct Rooms {
    status: &'static str,
    rooms: Vec<Room>,
}

#[derive(Serialize)]
struct Room {
    room_id: String,
    name: Arc<str>,
    kind: &'static str,
    participants: Vec<Arc<str>>,
    last_id: MessageId,
    created_at: String,
}

#[post("/create_room", data = "<body>")]
pub(super) async fn create_room(node: &State<Arc<Node>>, body: Body) -> Result<Json, ApiError> {
    let fields: Create<'_> = body.parse()?;
    let admin = fields.admin.text("admin")?;
    let participants = if body.is_form() {
        fields.participants.texts_of_form("participants")?
    } else {
        fields.participants.texts("participants")?
    };
    let (Some(admin), Some(participants)) = (admin, participants) else {
        return Err(ApiError::required("Admin and participants are required."));
    };
    node.identify(admin);
    let participants = participants
        .into_iter()
        .map(|given| Participant { given: given.to_owned(), key: NameKey::lookup(given) });
    let command =
        Command::CreateRoom { admin: NameKey::lookup(admin), participants: participants.collect() };
    let outcome = node.submit(command).await;
    match outcome.map_err(|error| ApiError::submit(error, "Admin is not registered."))? {
        Outcome::RoomCreated { room } => Ok(Json::of(&Created {
            status: "success",
            message: format!("Room {room} created successfully."),
            room_id: room.to_string(),
        })),
        _ => Err(ApiError::of_status(rocket::http::Status::InternalServerError)),
    }
}

#[post("/join_room", data = "<body>")]
pub(super) async fn join_room(node: &State<Arc<Node>>, body: Body) -> Result<Json, ApiError> {
    let fields: Membership<'_> = body.parse()?;
    let (username, room) = fields.both()?;
    node.identify(username);
    let command = Command::JoinRoom { name: NameKey::lookup(username), room: room_id(room)? };
    let outcome = node.submit(command).await;
    outcome.map_err(|error| ApiError::submit(error, "Username not found."))?;
    Ok(Json::success(&format!("You have joined room {room}.")))
}

#[post("/leave_room", data = "<body>")]
pub(super) async fn leave_room(node: &State<Arc<Node>>, body: Body) -> Result<Json, ApiError> {
    let fields: Membership<'_> = body.parse()?;
    let (username, room) = fields.both()?;
    node.identify(username);
    let command = Command::LeaveRoom { name: NameKey::lookup(username), room: room_id(room)? };
    let outcome = node.submit(command).await;
    outcome.map_err(|error| ApiError::submit(error, "Username not found."))?;
    Ok(Json::success(&format!("You have left room {room}.")))
}

#[get("/rooms")]
pub(super) fn rooms(node: &State<Arc<Node>>, params: Params<'_>) -> Result<Json, ApiError> {
    let username = params.pairs().filter(|(key, _)| key == "username").map(|(_, name)| name).last();
    let username = username.filter(|name| !name.is_empty());
    let username = username.ok_or_else(|| ApiError::required("Username is required."))?;
    let rejected = |rejection| ApiError::rejected(rejection, NOT_REGISTERED);
    let user = node.identify(&username).ok_or_else(|| rejected(Rejection::NotRegistered))?;
    let rooms = node.rooms(user).map_err(rejected)?;
    let rooms = rooms.into_iter().map(|room| Room {
        room_id: room.id.to_string(),
        name: room.name,
        kind: match room.id {
            RoomId::Numbered(_) => "numbered",
            RoomId::Named(_) => "named",
        },
        participants: room.participants,
        last_id: room.last_id,
        created_at: room.created.to_iso(),
    });
    Ok(Json::of(&Rooms { status: "success", rooms: rooms.collect() }))
}

impl Membership<'_> {
    fn both(&self) -> Result<(&str, &str), ApiError> {
        let username = self.username.text("username")?;
        let room = self.room_id.text("room_id")?;
        username.zip(room).ok_or_else(|| ApiError::required("Username and room_id are required."))
    }
}

fn room_id(text: &str) -> Result<RoomId, ApiError> {
    match Address::parse(text) {
        Address::Room(room) => Ok(room),
        Address::User(_) => Err(ApiError::rejected(Rejection::RoomNotFound, NOT_REGISTERED)),
    }
}
