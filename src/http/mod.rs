//! The HTTP transport: a request becomes a command, an outcome becomes a response.
//!
//! Reading order: `users`, `send`, `messages`, `events`, `rooms`, `announcement` are
//! the routes; `body`, `field`, `params`, `bearer` read what comes in; `reply`,
//! `encode`, `error` write what goes out; `edge`, `cors`, `catchers` stand around them.

mod announcement;
mod bearer;
mod body;
mod catchers;
mod cors;
mod docs;
mod edge;
mod encode;
mod error;
mod events;
mod field;
mod membership;
mod messages;
mod named;
mod params;
mod queries;
mod refusals;
mod reply;
mod rooms;
mod send;
mod users;

use std::sync::Arc;

use rocket::{Build, Rocket, catchers, routes};

use crate::config::Settings;
use crate::node::Node;

/// Mounts all routes on `rocket`.
///
/// # Errors
/// The setting `cors_origins` holds what cannot be an origin.
pub fn mount(
    rocket: Rocket<Build>,
    node: Arc<Node>,
    settings: Settings,
) -> Result<Rocket<Build>, rocket_cors::Error> {
    let cors = cors::Origin::rules(&settings.cors_origins, node.new_token().secret())?;
    Ok(rocket
        .manage(node)
        .manage(settings)
        .attach(edge::Edge)
        .attach(cors)
        .register("/", catchers![catchers::any])
        .mount(
            "/",
            routes![
                announcement::announcement,
                docs::docs,
                docs::openapi,
                docs::page,
                events::events,
                messages::messages,
                rooms::create_room,
                membership::join_room,
                membership::leave_room,
                rooms::rooms,
                send::send,
                users::logout,
                users::online,
                users::register,
            ],
        ))
}
