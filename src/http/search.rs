//! `/search`: which messages have these words in them.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::messages::{NOT_REGISTERED, conversation, unread};
use super::params::{Params, cursor};
use super::queries::{Found, Proof, Who};
use super::refusals::{Refusals, Refused};
use super::reply::{self, Json};
use super::users::no_username;
use crate::credentials::Credentials;
use crate::id::MessageId;
use crate::message::Kind;
use crate::name;
use crate::node::{Bound, Failure, Hit, Node, Order, SERVER, Search, SubmitError};
use crate::outcome::Rejection;
use crate::search::rank::Rank;
use crate::search::snippet::Part;
use crate::search::{Terms, TermsError};
use crate::timestamp::Timestamp;

/// Hits in one answer when none are asked for.
const LIMIT: usize = 20;

/// The most that `limit` may ask for.
const HIGHEST_LIMIT: usize = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = SearchResult, examples(json!({
    "status": "success",
    "hits": [{
        "id": 4, "sender": "ann", "recipient": "room_1",
        "created_at": "2026-01-31T12:00:00.000Z", "kind": "room",
        "snippet": [{"text": "Hello ", "hit": false}, {"text": "all", "hit": true}],
    }],
    "next": null,
})))]
struct Body {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// The messages that were found, in the order that was asked for.
    hits: Vec<HitBody>,
    /// The `cursor` of the next page; null when this is the last.
    #[schema(required)]
    next: Option<String>,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Hit)]
struct HitBody {
    /// Its place in the sequence: `before_id` of `/messages` reads what stands around it.
    #[schema(value_type = u64, minimum = 1)]
    id: MessageId,
    /// Who said it; `server` for notices.
    #[schema(value_type = String)]
    sender: Arc<str>,
    /// To whom: a username, or the id of a room.
    #[schema(value_type = String)]
    recipient: Arc<str>,
    /// When it was stored, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(inline)]
    kind: KindBody,
    /// The text around what was found, at most about 160 characters of it. The texts of all parts,
    /// one after the other, are the snippet; `…` stands where the message goes on.
    #[schema(value_type = Vec<PartBody>)]
    snippet: Vec<Part>,
}

/// A part of a snippet.
#[derive(ToSchema)]
#[schema(as = SnippetPart)]
#[expect(dead_code, reason = "documents a type of the search, which knows no documentation")]
struct PartBody {
    /// Plain text: what goes into HTML has to be escaped. Line ends are spaces.
    text: String,
    /// Whether this is what was looked for.
    hit: bool,
}

/// Where it went: to one user, or to all in a room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KindBody {
    Direct,
    Room,
}

impl From<Hit> for HitBody {
    fn from(Hit { message, snippet }: Hit) -> HitBody {
        HitBody {
            id: message.id,
            sender: message.sender.clone(),
            recipient: message.recipient.clone(),
            created_at: message.at.to_iso(),
            kind: match message.kind {
                Kind::Direct => KindBody::Direct,
                Kind::Room => KindBody::Room,
            },
            snippet,
        }
    }
}

impl Refusals for Body {
    fn refusals() -> Vec<ApiError> {
        let rejections = [
            Rejection::NotRegistered,
            Rejection::RoomNotFound,
            Rejection::NotParticipant,
            Rejection::Unproven,
        ];
        let terms = [TermsError::Empty, TermsError::TooLong, TermsError::PrefixTooShort];
        let mut refusals = vec![no_username(), no_moment("before"), no_cursor()];
        refusals.extend(rejections.map(rejected));
        refusals.extend(terms.map(no_terms));
        refusals.push(unread(SubmitError::Failed(Failure::Unreadable)));
        refusals
    }
}

/// Search messages
///
/// Finds the messages that have all the words of `q` in them, among those that you may read: sent
/// to you, by you, or in the rooms you are in now. Neither case nor accents matter.
///
/// - `hello world`: both words, anywhere.
/// - `"hello world"`: one after the other.
/// - `hel*`: a word that begins like this, with two characters at least.
///
/// In scripts that are written without spaces (Chinese, Japanese, Thai, …) any part of the text is
/// found, also of two characters or one. Nothing else in `q` has a meaning. What is asked for may
/// have 256 characters, and 64 words.
#[utoipa::path(
    get,
    path = "/search",
    tag = "Messages",
    params(Who, Found, Proof),
    responses(
        (status = 200, description = "What was found.", body = Body),
        Refused::<Body>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/search")]
pub(super) async fn search(
    node: &State<Arc<Node>>,
    credentials: Credentials<'_>,
    params: Params<'_>,
) -> Result<Json, ApiError> {
    let username = params.get("username").ok_or_else(no_username)?;
    let actor = node.authorize(&username, credentials.tokens(None)).await.map_err(unread)?;
    let actor = actor.ok_or_else(|| rejected(Rejection::NotRegistered))?;
    let hits = node.search(&actor, asked(&params)?).await.map_err(unread)?;
    Ok(Json::of(&Body {
        status: "success",
        hits: hits.hits.into_iter().map(HitBody::from).collect(),
        next: hits.next.and_then(written),
    }))
}

fn asked(params: &Params<'_>) -> Result<Search, ApiError> {
    let terms = Terms::parse(&params.get("q").unwrap_or_default()).map_err(no_terms)?;
    let bound = |name: &'static str| {
        params.get(name).map(|text| bound(&text).ok_or_else(|| no_moment(name))).transpose()
    };
    let limit = params.get("limit").map_or(0, |text| cursor(&text) as usize);
    Ok(Search {
        terms,
        with: params.get("with").and_then(|text| conversation(&text)),
        from: params.get("from").map(|text| match &*text {
            SERVER => SERVER.to_owned(),
            // Under what can be no name nothing was said.
            text => name::lookup_key(text).unwrap_or_default().into_owned(),
        }),
        before: bound("before")?,
        after: bound("after")?,
        order: order(params)?,
        limit: if limit == 0 { LIMIT } else { limit.min(HIGHEST_LIMIT) },
    })
}

/// A message id, or a moment in ISO 8601.
fn bound(text: &str) -> Option<Bound> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Bound::Id(MessageId(cursor(text))));
    }
    // In a query a + that was not escaped is a space; no moment has one.
    Timestamp::parse_iso(&text.replace(' ', "+")).map(Bound::At)
}

fn order(params: &Params<'_>) -> Result<Order, ApiError> {
    let best = params.get("order").is_some_and(|order| order == "rank");
    let Some(text) = params.get("cursor") else {
        return Ok(if best { Order::Best(None) } else { Order::Newest(None) });
    };
    let order = if best {
        let rank = text.split_once('.').and_then(|(score, id)| {
            Some(Rank { score: score.parse().ok()?, id: MessageId(id.parse().ok()?) })
        });
        rank.map(|rank| Order::Best(Some(rank)))
    } else {
        text.parse().ok().map(|id| Order::Newest(Some(MessageId(id))))
    };
    order.ok_or_else(no_cursor)
}

/// The `cursor` that leads on from there.
fn written(order: Order) -> Option<String> {
    match order {
        Order::Newest(below) => below.map(|id| id.0.to_string()),
        Order::Best(below) => below.map(|rank| format!("{}.{}", rank.score, rank.id.0)),
    }
}

fn rejected(rejection: Rejection) -> ApiError {
    ApiError::rejected(rejection, NOT_REGISTERED)
}

fn no_terms(error: TermsError) -> ApiError {
    ApiError::new(Status::BadRequest, error.code(), error.to_string())
}

fn no_moment(name: &'static str) -> ApiError {
    let message = format!("{name} must be a message id or a time in ISO 8601.");
    ApiError::new(Status::BadRequest, "invalid_time", message)
}

fn no_cursor() -> ApiError {
    let message = "cursor must be the next of another answer to the same question.";
    ApiError::new(Status::BadRequest, "invalid_cursor", message)
}
