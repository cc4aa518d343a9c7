//! `/messages`: what is new to a user, at once or as soon as there is something.

use std::sync::Arc;
use std::time::Duration;

use rocket::{Shutdown, State, get};
use tokio::time::Instant;

use super::encode::{self, Extras, MessagesBody};
use super::error::ApiError;
use super::measure::Patient;
use super::params::{Params, cursor};
use super::queries::{Poll, Position, Proof, Who};
use super::refusals::{Refusals, Refused};
use super::reply::Json;
use super::users::no_username;
use crate::config::Settings;
use crate::credentials::Credentials;
use crate::id::{MessageId, ROOM_PREFIX, RoomId};
use crate::metrics::Metrics;
use crate::name;
use crate::node::{Actor, Failure, Node, Page, Query, SERVER, SubmitError, With};
use crate::outcome::Rejection;

/// The longest wait: proxies commonly cut at 60 s.
const LONGEST_WAIT: f64 = 55.0;

/// Messages in one answer when the poll waits or names no `limit`.
const WAITING_LIMIT: usize = 500;

/// The most that `limit` may ask for.
const HIGHEST_LIMIT: usize = 1000;

pub(super) const NOT_REGISTERED: &str = "User not registered.";

/// What a reader asks, as it came.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) username: String,
    pub(super) query: Query,
    /// Whether a cursor was given.
    pub(super) has_cursor: bool,
    /// The message around which to read.
    around: Option<MessageId>,
    wait: Duration,
    /// Whether any of the parameters came that the original does not know.
    extended: bool,
}

impl Asked {
    pub(super) fn parse(params: &Params<'_>) -> Asked {
        let mut asked = Asked::default();
        let (mut limit, mut wait) = (None, None);
        for (key, value) in params.pairs() {
            match &*key {
                "username" => asked.username = value.into_owned(),
                "last_id" => {
                    asked.has_cursor = true;
                    asked.query.cursor = MessageId(cursor(&value));
                }
                "wait" => wait = Some(seconds(&value)),
                "limit" => limit = Some(cursor(&value) as usize),
                "epoch" => {
                    asked.extended = true;
                    asked.query.epoch = Some(value.into_owned()).filter(|epoch| !epoch.is_empty());
                }
                "before_id" => {
                    asked.extended = true;
                    asked.query.before =
                        Some(MessageId(cursor(&value))).filter(|id| *id > MessageId(0));
                }
                "around" => {
                    asked.extended = true;
                    asked.around = Some(MessageId(cursor(&value))).filter(|id| *id > MessageId(0));
                }
                "with" => {
                    asked.extended = true;
                    asked.query.with = conversation(&value);
                }
                "view" => {
                    asked.extended = true;
                    asked.query.own = value == "full";
                }
                _ => {}
            }
        }
        asked.extended |= limit.is_some() || wait.is_some();
        asked.wait = wait.unwrap_or_default();
        let back = asked.query.before.is_some() || asked.around.is_some();
        let default =
            if wait.is_some() || limit.is_some() || back { WAITING_LIMIT } else { usize::MAX };
        asked.query.limit =
            limit.filter(|limit| *limit > 0).map_or(default, |limit| limit.min(HIGHEST_LIMIT));
        asked
    }
}

/// The conversation that `with` names; none when it is empty.
pub(super) fn conversation(text: &str) -> Option<With> {
    if text.is_empty() {
        return None;
    }
    Some(if text.starts_with(ROOM_PREFIX) {
        // No room is the room of number 0, so what can be no room is refused like it.
        With::Room(RoomId::parse(text).unwrap_or(RoomId::Numbered(0)))
    } else if text == SERVER {
        With::User(SERVER.to_owned())
    } else {
        With::User(name::lookup_key(text).unwrap_or_default().into_owned())
    })
}

impl Refusals for Asked {
    fn refusals() -> Vec<ApiError> {
        let rejections =
            [Rejection::NotRegistered, Rejection::RoomNotFound, Rejection::NotParticipant];
        let rejections = rejections.into_iter().chain([Rejection::Unproven]);
        let mut refusals = vec![no_username()];
        refusals.extend(rejections.map(rejected));
        refusals.push(unread(SubmitError::Failed(Failure::Unreadable)));
        refusals
    }
}

/// Read messages
///
/// The messages to you, and those in the rooms you are in, whose ids are above `last_id`. Reading
/// consumes nothing: poll again with the highest id you have seen, and you miss none and get none
/// twice. Notices come from the sender `server`.
#[utoipa::path(
    get,
    path = "/messages",
    tag = "Messages",
    params(Who, Poll, Position, Proof),
    responses(
        (
            status = 200, description = "What is new.", body = MessagesBody,
            examples(
                ("Plain" = (value = json!({
                    "status": "success",
                    "messages": [
                        {"id": 1, "sender": "ann", "recipient": "bob", "message": "Hello 🌍"},
                        {"id": 4, "sender": "ann", "recipient": "room_1", "message": "Hello all"},
                    ],
                }))),
                ("With wait" = (value = json!({
                    "status": "success", "messages": [], "last_id": 4, "oldest_id": 1,
                    "epoch": "gqhvutdzhqf2kw3e", "recovered": true, "has_more": false,
                }))),
            ),
        ),
        Refused::<Asked>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/messages")]
pub(super) async fn messages(
    node: &State<Arc<Node>>,
    settings: &State<Settings>,
    shutdown: Shutdown,
    metrics: &State<Arc<Metrics>>,
    patient: Patient<'_>,
    credentials: Credentials<'_>,
    params: Params<'_>,
) -> Result<Json, ApiError> {
    let mut asked = Asked::parse(&params);
    if asked.username.is_empty() {
        return Err(no_username());
    }
    let actor = node.authorize(&asked.username, credentials.tokens(None)).await.map_err(unread)?;
    let actor = actor.ok_or_else(|| rejected(Rejection::NotRegistered))?;
    if asked.query.limit == usize::MAX {
        asked.query.limit = settings.limits.page;
    }
    if let Some(id) = asked.around {
        let (page, older) = node.read_around(&actor, &asked.query, id).map_err(unread)?;
        let extras = Extras { epoch: node.epoch(), oldest: node.oldest(), older: Some(older) };
        return Ok(Json(encode::page(&page, asked.query.own, Some(extras)).into()));
    }
    node.reach(asked.query.cursor).await.map_err(|failure| unread(SubmitError::Failed(failure)))?;
    let mut page = node.read(&actor, &asked.query).map_err(unread)?;
    if page.messages.is_empty() && !asked.wait.is_zero() && asked.query.before.is_none() {
        let waiters = settings.limits.waiters_per_user;
        if (node.presence().open_count(actor.user) as usize) < waiters {
            patient.waits();
            let _waiting = metrics.waiting();
            page = Box::pin(wait(node, &actor, &asked, shutdown)).await.map_err(unread)?;
        }
    }
    if page.messages.is_empty() && !asked.extended {
        return Ok(Json::fixed(r#"{"status":"success","messages":[]}"#));
    }
    let extras =
        asked.extended.then(|| Extras { epoch: node.epoch(), oldest: node.oldest(), older: None });
    Ok(Json(encode::page(&page, asked.query.own, extras).into()))
}

/// Reads as soon as there is something, or when the time is up.
async fn wait(
    node: &Node,
    actor: &Actor,
    asked: &Asked,
    mut shutdown: Shutdown,
) -> Result<Page, SubmitError> {
    let until = Instant::now() + asked.wait;
    let mut watch = node.subscribe(actor);
    loop {
        let page = node.read(actor, &asked.query)?;
        if !page.messages.is_empty() {
            return Ok(page);
        }
        tokio::select! {
            () = node.changed(&mut watch) => {}
            () = tokio::time::sleep_until(until) => return node.read(actor, &asked.query),
            () = &mut shutdown => return Ok(page),
        }
    }
}

fn rejected(rejection: Rejection) -> ApiError {
    ApiError::rejected(rejection, NOT_REGISTERED)
}

/// Why a reader gets nothing.
pub(super) fn unread(error: SubmitError) -> ApiError {
    ApiError::submit(error, NOT_REGISTERED)
}

/// A number of seconds as clients write it; what is no such number is 0.
fn seconds(text: &str) -> Duration {
    let seconds: f64 = text.trim().parse().unwrap_or_default();
    if seconds.is_nan() {
        Duration::ZERO
    } else {
        Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT))
    }
}
