//! The HTTP transport: a request becomes a command, an outcome becomes a response.
//!
//! Reading order: `users`, `send`, `messages`, `events`, `rooms`, `announcement`, `auth`, `account`,
//! `sessions`, `admin`, `api` are the routes; `body`, `field`, `params`, `header`, `caller` read what
//! comes in; `reply`,
//! `encode`, `error` write what goes out; `edge`, `cors`, `catchers` stand around them.

mod account;
mod admin;
mod agent;
mod announcement;
mod api;
mod auth;
mod body;
mod caller;
mod catchers;
mod cors;
mod docs;
mod edge;
mod encode;
mod error;
mod events;
mod field;
mod header;
mod membership;
mod messages;
mod named;
mod params;
mod queries;
mod refusals;
mod reply;
mod rooms;
mod send;
mod sessions;
mod users;

use std::sync::Arc;

use rocket::shield::{Permission, Shield};
use rocket::{Build, Rocket, catchers, routes};

use crate::config::Settings;
use crate::node::Node;

/// Mounts all routes on `rocket`; `events` are those that may be sent over Socket.IO.
///
/// # Errors
/// The setting `cors_origins` holds what cannot be an origin.
pub fn mount(
    rocket: Rocket<Build>,
    node: Arc<Node>,
    settings: Settings,
    events: &'static [&'static str],
) -> Result<Rocket<Build>, rocket_cors::Error> {
    let cors = cors::Origin::rules(&settings.cors_origins, node.new_token().secret())?;
    Ok(rocket
        .manage(node)
        .manage(settings)
        .manage(api::Overview { endpoints: &docs::ENDPOINTS, events })
        // What Rocket sets by itself, but for an opt-out of something browsers gave up, which
        // they complain about.
        .attach(Shield::default().disable::<Permission>())
        .attach(edge::Edge)
        .attach(cors)
        .register("/", catchers![catchers::any])
        .mount(
            "/",
            // Rocket tries them in this order, so what is asked most stands first.
            routes![
                messages::messages,
                send::send,
                announcement::announcement,
                api::api,
                api::health,
                api::status,
                api::clients,
                docs::docs,
                docs::openapi,
                docs::page,
                events::events,
                rooms::create_room,
                membership::join_room,
                membership::leave_room,
                rooms::rooms,
                users::logout,
                users::online,
                users::register,
                auth::check,
                auth::login,
                auth::logout,
                auth::register,
                account::password,
                account::remove,
                sessions::sessions,
                sessions::end,
                sessions::end_others,
                admin::accounts,
                admin::create,
                admin::disable,
                admin::enable,
                admin::password,
                admin::promote,
                admin::demote,
                admin::sessions,
                admin::end_sessions,
                admin::invites,
                admin::invite,
                admin::end_invite,
            ],
        ))
}
