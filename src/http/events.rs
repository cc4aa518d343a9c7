//! `/events`: what is new to a user, as Server-Sent Events.
//!
//! The stream is a poll that does not end: it reads by its cursor, sends, and waits to be woken.
//! A reader that cannot keep up is simply read for less often; nothing queues up for it.

use std::sync::Arc;
use std::time::Duration;

use rocket::http::{ContentType, Header};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::stream::{ByteStream, stream};
use rocket::response::{self, Responder};
use rocket::{Shutdown, State, get};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::encode;
use super::error::ApiError;
use super::messages::{Asked, NOT_REGISTERED, unread};
use super::named::{self, Bye, Gap, Presence, Ready, Reason};
use super::params::{Params, cursor};
use super::queries::{Position, Proof, Resume, Stream, Who};
use super::refusals::Refused;
use super::users::no_username;
use crate::credentials::Credentials;
use crate::id::MessageId;
use crate::message::Message;
use crate::metrics::{Metrics, Open};
use crate::node::{Actor, Node, Page, Query, SubmitError, Watch};
use crate::outcome::Rejection;

/// A comment this often keeps proxies from taking a quiet stream for a dead one.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// When the first comment comes. Only what is written shows that nobody reads any more, and those
/// who come and go at once would leave a stream behind for so long.
const FIRST: Duration = Duration::from_secs(1);

/// A reader that takes longer than this for what it was given is let go; its cursor recovers it.
const SLOWEST: Duration = Duration::from_secs(5);

/// Messages that are read from the state at once.
const PAGE: usize = 200;

/// Bytes that are given to a reader at once, give or take a message: what a slow one costs.
const CHUNK: usize = 64 * 1024;

/// The position a browser sends when it comes back: the `id` of the last event it got.
pub(super) struct LastEventId<'r>(Option<(&'r str, MessageId)>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LastEventId<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let position = request.headers().get_one("Last-Event-ID").and_then(|id| {
            let (epoch, number) = id.trim().rsplit_once(':')?;
            Some((epoch, MessageId(cursor(number))))
        });
        Outcome::Success(LastEventId(position))
    }
}

/// A stream of events that may not be cached, transformed or gathered on the way.
pub(super) struct EventStream<S>(S);

impl<'r, S> Responder<'r, 'r> for EventStream<S>
where
    S: futures_core::Stream<Item = Vec<u8>> + Send + 'r,
{
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        let mut response = ByteStream(self.0).respond_to(request)?;
        response.set_header(ContentType::EventStream);
        response.set_header(Header::new("Cache-Control", "no-cache, no-transform"));
        response.set_header(Header::new("X-Accel-Buffering", "no"));
        Ok(response)
    }
}

/// Read messages as a stream
///
/// The same messages as in `/messages`, as Server-Sent Events: first those above the cursor, then
/// each as it is stored. A browser's `EventSource` comes back by itself and misses nothing.
///
/// - Messages are unnamed events, so `onmessage` gets them: `data` is a `Message`, the `id` of the
///   event is `EPOCH:N`.
/// - `ready` (a `ReadyEvent`) says that the replay is over; `gap` (a `GapEvent`) that the cursor
///   did not fit; `presence` (a `PresenceEvent`) who is here; `bye` (a `ByeEvent`) that the server
///   ends the stream.
/// - A comment comes after one second, then every 15 seconds. A reader that takes longer than 5 seconds for what it is
///   given is let go with `bye`; its cursor recovers it.
#[utoipa::path(
    get,
    path = "/events",
    tag = "Messages",
    params(Who, Stream, Position, Resume, Proof),
    responses(
        (
            status = 200, description = "The stream, which does not end by itself.",
            content_type = "text/event-stream", body = String,
            headers(
                ("Cache-Control" = String, description = "`no-cache, no-transform`"),
                ("X-Accel-Buffering" = String, description = "`no`: proxies pass events on at once"),
            ),
            example = json!(named::EXAMPLE),
        ),
        Refused::<Asked>,
    ),
    security((), ("token" = []), ("session" = [])),
)]
#[get("/events")]
pub(super) async fn events<'r>(
    node: &'r State<Arc<Node>>,
    metrics: &State<Arc<Metrics>>,
    shutdown: Shutdown,
    last: LastEventId<'r>,
    credentials: Credentials<'r>,
    params: Params<'r>,
) -> Result<EventStream<impl futures_core::Stream<Item = Vec<u8>> + Send + use<>>, ApiError> {
    let mut asked = Asked::parse(&params);
    if asked.username.is_empty() {
        return Err(no_username());
    }
    let rejected = |rejection| ApiError::rejected(rejection, NOT_REGISTERED);
    let actor = node.authorize(&asked.username, credentials.tokens(None)).await.map_err(unread)?;
    let actor = actor.ok_or_else(|| rejected(Rejection::NotRegistered))?;
    asked.query.before = None;
    if let LastEventId(Some((epoch, id))) = last {
        asked.has_cursor = true;
        asked.query.cursor = id;
        asked.query.epoch = Some(epoch.to_owned());
    }
    node.reach(asked.query.cursor).await.map_err(|failure| unread(SubmitError::Failed(failure)))?;
    // Refuse now what could only be refused in the middle of the stream otherwise.
    asked.query.limit = 0;
    node.read(&actor, &asked.query).map_err(unread)?;
    asked.query.limit = PAGE;
    let watch = node.subscribe(&actor);
    if !asked.has_cursor {
        asked.query.epoch = None;
        asked.query.cursor = node.head();
    }
    let reader = Reader {
        online: node.hub().online(),
        told: "".into(),
        _open: metrics.streaming(),
        node: Arc::clone(node),
        actor,
        watch,
        query: asked.query,
        recovered: true,
    };
    Ok(EventStream(reader.stream(shutdown)))
}

/// One open stream.
struct Reader {
    node: Arc<Node>,
    actor: Actor,
    watch: Watch,
    query: Query,
    /// False once the position it came with could not be honoured.
    recovered: bool,
    online: watch::Receiver<Arc<str>>,
    /// Who was online when this reader was last told.
    told: Arc<str>,
    _open: Open,
}

/// What a stream waits for.
enum News {
    Messages,
    Online,
    Quiet,
    Shutdown,
}

impl Reader {
    fn stream(
        mut self,
        mut shutdown: Shutdown,
    ) -> impl futures_core::Stream<Item = Vec<u8>> + Send {
        stream! {
            let mut heartbeat = interval_at(Instant::now() + FIRST, HEARTBEAT);
            heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut ready = false;
            yield format!("retry: {}\n\n", retry()).into_bytes();
            loop {
                let page = match self.read() {
                    Ok(page) => page,
                    Err(error) => {
                        use SubmitError::{Failed, Rejected};
                        yield Bye::event(match error {
                            Rejected(Rejection::Unproven) => Reason::SessionEnded,
                            Rejected(Rejection::NotParticipant | Rejection::RoomNotFound) => {
                                Reason::Removed
                            }
                            Rejected(_) => Reason::LoggedOut,
                            Failed(_) => Reason::Unreadable,
                        });
                        return;
                    }
                };
                let mut out = self.gap(&page);
                let mut messages = page.messages.iter();
                loop {
                    self.encode(&mut out, &mut messages);
                    if !ready && !page.has_more && messages.len() == 0 {
                        ready = true;
                        out.extend(self.ready(&page));
                    }
                    if out.is_empty() {
                        break;
                    }
                    let given = Instant::now();
                    yield std::mem::take(&mut out);
                    if given.elapsed() > SLOWEST {
                        yield Bye::event(Reason::Slow);
                        return;
                    }
                }
                match self.news(page.has_more, &mut heartbeat, &mut shutdown).await {
                    News::Messages => {}
                    News::Online => {
                        if let Some(out) = self.presence() {
                            yield out;
                        }
                    }
                    News::Quiet => yield b":\n\n".to_vec(),
                    News::Shutdown => {
                        yield Bye::event(Reason::Shutdown);
                        return;
                    }
                }
            }
        }
    }

    /// The next messages; the cursor moves behind them.
    fn read(&mut self) -> Result<Page, SubmitError> {
        let page = self.node.read(&self.actor, &self.query)?;
        self.query.cursor = page.last_id;
        self.query.epoch = None;
        Ok(page)
    }

    /// Says, once, that the position was not honoured.
    fn gap(&mut self, page: &Page) -> Vec<u8> {
        if page.recovered {
            return Vec::new();
        }
        self.recovered = false;
        Gap { recovered: false, oldest_id: self.node.oldest() }.event()
    }

    /// Encodes no more than a reader is given at once: only references wait for a slow one.
    fn encode(&self, out: &mut Vec<u8>, messages: &mut std::slice::Iter<'_, Arc<Message>>) {
        while out.len() < CHUNK
            && let Some(message) = messages.next()
        {
            encode::event(out, message, self.query.own, self.node.epoch());
        }
    }

    /// Says that the replay is over, and who is online.
    fn ready(&mut self, page: &Page) -> Vec<u8> {
        let ready = Ready {
            last_id: page.last_id,
            epoch: self.node.epoch(),
            recovered: self.recovered,
            oldest_id: self.node.oldest(),
        };
        let mut out = ready.event();
        self.online.mark_unchanged();
        let names = serde_json::to_string(&self.node.online()).unwrap_or_default();
        out.extend(Presence::event(&names));
        self.node.hub().told_online(&names);
        self.told = names.into();
        out
    }

    async fn news(
        &mut self,
        more: bool,
        heartbeat: &mut tokio::time::Interval,
        shutdown: &mut Shutdown,
    ) -> News {
        tokio::select! {
            biased;
            () = shutdown => News::Shutdown,
            () = std::future::ready(()), if more => News::Messages,
            () = self.node.changed(&mut self.watch) => News::Messages,
            Ok(()) = self.online.changed() => News::Online,
            _ = heartbeat.tick() => News::Quiet,
        }
    }

    /// Who is online, if that is news to this reader.
    fn presence(&mut self) -> Option<Vec<u8>> {
        let names = self.online.borrow_and_update().clone();
        if names == self.told {
            return None;
        }
        self.told = names;
        Some(Presence::event(&self.told))
    }
}

/// Milliseconds until a browser comes back: spread, so that they do not all come at once.
fn retry() -> u32 {
    2000 + getrandom::u32().unwrap_or_default() % 3001
}
