//! The HTTP transport: a request becomes a command, an outcome becomes a response.
//!
//! Reading order: `users`, `send`, `messages`, `events`, `search`, `rooms`, `announcement`, `auth`,
//! `account`, `sessions`, `admin`, `api` are the routes; `body`, `field`, `params`, `caller` read
//! what comes in; `reply`, `encode`, `error` write what goes out; `edge`, `kept_out`, `security`,
//! `cors`, `catchers` stand around them, `limiter` and `measure` count. `details` and `metrics` show
//! how the server is doing to whom `overseer` lets.

mod account;
mod admin;
mod agent;
mod announcement;
mod api;
mod auth;
mod body;
mod caller;
mod catchers;
mod conversations;
mod cors;
mod details;
mod docs;
mod download;
mod edge;
mod encode;
mod error;
mod events;
mod field;
mod ids;
mod kept_out;
mod limiter;
mod measure;
mod membership;
mod messages;
mod metrics;
mod multipart;
mod named;
mod overseer;
mod params;
mod participants;
mod people;
mod projects;
mod queries;
mod range;
mod refusals;
mod reply;
mod rooms;
mod said;
mod search;
mod security;
mod send;
mod sessions;
mod shared;
mod uploads;
mod users;

use std::sync::Arc;

use rocket::shield::Shield;
use rocket::{Build, Rocket, catchers, routes};

use crate::config::Settings;
use crate::exposure::Headers;
use crate::metrics::Metrics;
use crate::node::Node;

/// Mounts all routes on `rocket`; `events` are those that may be sent over Socket.IO.
///
/// # Errors
/// The setting `cors_origins` holds what cannot be an origin.
pub fn mount(
    rocket: Rocket<Build>,
    node: Arc<Node>,
    metrics: Arc<Metrics>,
    settings: Settings,
    events: &'static [&'static str],
) -> Result<Rocket<Build>, rocket_cors::Error> {
    let cors = cors::Cors::rules(&settings.cors_origins, node.new_token().secret())?;
    let measure = measure::Measure::new(metrics.clone());
    let edge = edge::Edge::new(&settings, node.new_token().secret(), cors, measure);
    let headers = Headers::new(&settings);
    Ok(rocket
        .manage(node)
        .manage(settings)
        .manage(api::Overview { endpoints: &docs::ENDPOINTS, events })
        .manage(headers)
        // What Rocket would set by itself is set at the edge, with the rest.
        .attach(Shield::new())
        .attach(edge)
        .manage(metrics)
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
                details::details,
                metrics::metrics,
                docs::docs,
                docs::openapi,
                docs::page,
                events::events,
                rooms::create_room,
                membership::join_room,
                membership::leave_room,
                rooms::rooms,
                search::search,
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
                projects::projects,
                projects::create,
                uploads::files,
                uploads::upload,
                uploads::remove,
                download::download,
                conversations::conversations,
                conversations::create,
                participants::add,
                participants::remove,
                said::messages,
                said::say,
                people::users,
                admin::accounts::accounts,
                admin::accounts::create,
                admin::accounts::disable,
                admin::accounts::enable,
                admin::accounts::password,
                admin::accounts::promote,
                admin::accounts::demote,
                admin::sessions::sessions,
                admin::sessions::end,
                admin::invites::invites,
                admin::invites::invite,
                admin::invites::end,
            ],
        ))
}
