//! The engine in Rocket: polling requests are passed on, WebSockets are handed over.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineioxide::service::NotFoundService;
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
use rocket::data::{IoHandler, IoStream, ToByteUnit};
use rocket::fairing::AdHoc;
use rocket::http::{ContentType, Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::tokio::io::AsyncReadExt;
use rocket::{Build, Data, Request, Response, Rocket, Route};
use socketioxide::SocketIo;
use socketioxide::service::SocketIoService;
use socketioxide::socket::Sid;

use super::connect::{self, Handshake};
use super::flow::{Counted, Flow};
use super::forward;
use super::suffix::{Session, Suffixes};
use super::{Gateway, MAX_PAYLOAD, PATH};
use crate::credentials;
use crate::id::NodeId;
use crate::token::TokenHash;

/// The cookie that makes a browser the same guest again.
const COOKIE: &str = "chatroom_guest";

/// How long a polling request may go on when the server stops.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(500);

type Engine = SocketIoService<NotFoundService>;

/// Where all Socket.IO requests go.
#[derive(Clone)]
struct Bridge {
    engine: Engine,
    /// Keeps the engine's namespaces alive.
    _io: SocketIo,
    gateway: Arc<Gateway>,
    suffixes: Arc<Suffixes>,
}

/// Mounts the engine.
pub(super) fn mount(
    rocket: Rocket<Build>,
    engine: Engine,
    io: SocketIo,
    gateway: Arc<Gateway>,
) -> Rocket<Build> {
    let node = gateway.node.cluster().map(|cluster| cluster.id().clone());
    let suffixes = Arc::new(Suffixes::new(gateway.node.random_key(), node));
    let bridge = Bridge { engine, _io: io, gateway, suffixes };
    let route = |method| Route::new(method, "/<_..>", bridge.clone());
    let routes = [route(Method::Get), route(Method::Post)];
    rocket.attach(AdHoc::on_ignite("Socket.IO", |rocket| async move { rocket.mount(PATH, routes) }))
}

#[rocket::async_trait]
impl Handler for Bridge {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match self.answer(request, data).await {
            Ok(response) => Outcome::Success(response),
            Err(refused) => Outcome::Success(refused.respond()),
        }
    }
}

/// An answer of the bridge's own, in the engine's form: `{code, message}`.
struct Refused {
    code: u8,
    message: &'static str,
}

impl Refused {
    fn respond(self) -> Response<'static> {
        let Refused { code, message } = self;
        let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        let mut response = Response::new();
        response.set_status(Status::BadRequest);
        response.set_header(ContentType::JSON);
        response.set_sized_body(body.len(), io::Cursor::new(body));
        response
    }
}

/// The codes are the protocol's: https://socket.io/docs/v4/troubleshooting-connection-issues
const UNKNOWN_SESSION: Refused = Refused { code: 1, message: "Session ID unknown" };

const OLD_CLIENT: Refused = Refused {
    code: 5,
    message: "Unsupported protocol version: this client speaks Engine.IO 3 (Socket.IO 2), this \
              server speaks Engine.IO 4 (Socket.IO 3 or later). Install socket.io-client 4 or \
              python-socketio 5.",
};

impl Bridge {
    async fn answer<'r>(
        &self,
        request: &'r Request<'_>,
        data: Data<'r>,
    ) -> Result<Response<'r>, Refused> {
        let asked = self.query(request)?;
        if let Some(node) = &asked.elsewhere {
            return self.pass_on(node, request, data).await;
        }
        let session = asked.sid.and_then(|sid| self.gateway.flows.get(&sid));
        let flow = session.and_then(|flow| flow.upgrade());
        if flow.as_ref().is_some_and(|flow| flow.is_cut()) {
            drop(CloseSession { engine: self.engine.clone(), uri: asked.uri("polling") });
            return Err(UNKNOWN_SESSION);
        }
        let upgrade = request.headers().get_one("Upgrade");
        if upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
            && asked.transport() == Some("websocket")
            && request.method() == Method::Get
        {
            return Ok(self.upgrade(request, &asked, flow).await);
        }
        let opening = asked.sid.is_none();
        let handshake = opening.then(|| self.handshake(request, true));
        let body = read(request, data).await;
        let mut forward = asked.forward(request, Full::new(Bytes::from(body)));
        if let Some(handshake) = &handshake {
            forward.extensions_mut().insert(handshake.clone());
        }
        let stopping = async {
            request.rocket().shutdown().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        let answered = tokio::select! {
            answered = self.engine.call(forward) => answered,
            () = stopping => return Err(UNKNOWN_SESSION),
        };
        let Ok(answer): Result<_, Infallible> = answered;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let body = match (&handshake, flow) {
            (Some(handshake), _) if parts.status.is_success() => self.seal(&body, &handshake.flow),
            (None, Some(flow)) if request.method() == Method::Get => flow.polled(body),
            _ => body,
        };
        let mut response = respond(&parts);
        response.set_sized_body(body.len(), io::Cursor::new(body));
        if let Some(handshake) = handshake.filter(|_| parts.status.is_success()) {
            remember(request, &mut response, &handshake);
        }
        Ok(response)
    }

    /// Hands the connection over: the engine checks the request and computes the answer, then
    /// gets the stream.
    async fn upgrade<'r>(
        &self,
        request: &'r Request<'_>,
        asked: &Asked,
        flow: Option<Arc<Flow>>,
    ) -> Response<'r> {
        let forward = asked.forward(request, Full::new(Bytes::new()));
        let Ok(answer): Result<_, Infallible> = self.engine.call(forward).await;
        let (parts, body) = answer.into_parts();
        let mut response = respond(&parts);
        if parts.status != http::StatusCode::SWITCHING_PROTOCOLS {
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            response.set_sized_body(body.len(), io::Cursor::new(body));
            return response;
        }
        let handshake = self.handshake(request, false);
        let flow = flow.unwrap_or_else(|| handshake.flow.clone());
        let mut forward = asked.forward(request, ());
        if asked.sid.is_none() {
            forward.extensions_mut().insert(handshake.clone());
            remember(request, &mut response, &handshake);
        }
        let socket = WebSocket {
            engine: self.engine.clone(),
            request: forward,
            flow,
            upgrading: asked.sid.is_some().then(|| asked.uri("polling")),
        };
        switch(&mut response, socket);
        response
    }

    /// Has the node answer that has the session. If it is gone, so is the session.
    async fn pass_on<'r>(
        &self,
        node: &NodeId,
        request: &Request<'_>,
        data: Data<'_>,
    ) -> Result<Response<'r>, Refused> {
        let address = self.gateway.node.cluster().and_then(|cluster| cluster.peers().address(node));
        let address =
            address.filter(|_| !forward::was_forwarded(request)).ok_or(UNKNOWN_SESSION)?;
        let body = read(request, data).await;
        let answer = forward::forward(&address, request, body).await;
        answer.map_err(|forward::Unreachable| UNKNOWN_SESSION)
    }

    /// The query with the engine's own session id in it.
    fn query(&self, request: &Request<'_>) -> Result<Asked, Refused> {
        let query = request.uri().query().map_or("", |query| query.as_str());
        let mut asked = Asked { pairs: Vec::new(), sid: None, elsewhere: None };
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "EIO" if value == "3" => return Err(OLD_CLIENT),
                "sid" => match self.suffixes.find(value) {
                    Session::Here(sid) => {
                        asked.sid = Some(sid.parse().map_err(|_| UNKNOWN_SESSION)?);
                        asked.pairs.push(format!("sid={sid}"));
                    }
                    Session::Elsewhere(node) => asked.elsewhere = Some(node),
                    Session::Nowhere => return Err(UNKNOWN_SESSION),
                },
                _ => asked.pairs.push(pair.to_owned()),
            }
        }
        Ok(asked)
    }

    fn handshake(&self, request: &Request<'_>, polling: bool) -> Handshake {
        let known = |name| {
            let token = credentials::cookie(request, name)?;
            connect::known(&self.gateway, TokenHash::of(token)).map(|_| token.to_owned())
        };
        Handshake {
            cookies: [credentials::SESSION, COOKIE].map(known),
            address: credentials::visitor(request).address,
            token: self.gateway.node.new_token(),
            flow: Arc::new(Flow::new(polling)),
        }
    }

    /// Puts the secret behind the session id in the engine's first packet.
    fn seal(&self, body: &Bytes, flow: &Arc<Flow>) -> Bytes {
        const BEFORE: &str = r#""sid":""#;
        let text = String::from_utf8_lossy(body);
        let Some((before, rest)) = text.split_once(BEFORE) else { return body.clone() };
        let Some((sid, after)) = rest.split_once('"') else { return body.clone() };
        if let Ok(sid) = sid.parse() {
            self.gateway.flows.insert(sid, Arc::downgrade(flow));
        }
        format!("{before}{BEFORE}{}\"{after}", self.suffixes.add(sid)).into()
    }
}

/// A Socket.IO request's query.
struct Asked {
    pairs: Vec<String>,
    sid: Option<Sid>,
    /// The node that has the session, if it is another.
    elsewhere: Option<NodeId>,
}

impl Asked {
    /// The request, as the engine knows requests.
    fn forward<B>(&self, request: &Request<'_>, body: B) -> http::Request<B> {
        let uri = format!("{PATH}/?{}", self.pairs.join("&"));
        let mut forward = http::Request::new(body);
        *forward.method_mut() =
            if request.method() == Method::Post { http::Method::POST } else { http::Method::GET };
        *forward.uri_mut() = uri.parse().unwrap_or_default();
        for header in request.headers().iter() {
            let name = http::HeaderName::from_bytes(header.name().as_str().as_bytes());
            let value = http::HeaderValue::from_str(header.value());
            if let (Ok(name), Ok(value)) = (name, value) {
                forward.headers_mut().append(name, value);
            }
        }
        forward
    }

    fn transport(&self) -> Option<&str> {
        self.pairs.iter().find_map(|pair| pair.strip_prefix("transport="))
    }

    /// The same session over another transport.
    fn uri(&self, transport: &str) -> String {
        let others = self.pairs.iter().filter(|pair| !pair.starts_with("transport="));
        let pairs: Vec<_> = others.map(String::as_str).collect();
        format!("{PATH}/?{}&transport={transport}", pairs.join("&"))
    }
}

/// A connection that becomes a WebSocket.
struct WebSocket {
    engine: Engine,
    request: http::Request<()>,
    flow: Arc<Flow>,
    /// The address of the polling session that it comes from.
    upgrading: Option<String>,
}

#[rocket::async_trait]
impl IoHandler for WebSocket {
    async fn io(self: Pin<Box<Self>>, stream: IoStream) -> io::Result<()> {
        let WebSocket { engine, request, flow, upgrading } = *Pin::into_inner(self);
        let end = upgrading.map(|uri| CloseSession { engine: engine.clone(), uri });
        flow.upgraded();
        let stream = Counted::new(Box::pin(stream), flow, end);
        engine.call((stream, request)).await.map_err(io::Error::other)
    }
}

/// Closes the session of an upgrade that failed, which the engine would keep for ever. One that
/// went well is closed by then, or closes by its WebSocket, and takes no notice.
struct CloseSession {
    engine: Engine,
    uri: String,
}

impl Drop for CloseSession {
    fn drop(&mut self) {
        let request = http::Request::post(&self.uri).body(Full::new(Bytes::from_static(b"1")));
        let (Ok(request), Ok(runtime)) = (request, tokio::runtime::Handle::try_current()) else {
            return;
        };
        let closing = self.engine.call(request);
        runtime.spawn(async move {
            let _ = closing.await;
        });
    }
}

/// The body of a request that has one.
async fn read(request: &Request<'_>, data: Data<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    if request.method() == Method::Post {
        // One byte more than is allowed, so that the engine refuses what is longer itself.
        let _ = data.open((MAX_PAYLOAD + 1).bytes()).read_to_end(&mut body).await;
    }
    body
}

/// Has the connection become a WebSocket.
pub(super) fn switch(response: &mut Response<'_>, socket: impl IoHandler + 'static) {
    // Rocket makes it a 101.
    response.set_status(Status::UpgradeRequired);
    response.add_upgrade("websocket", socket);
}

/// The engine's answer without its body. What concerns the connection is Rocket's to say.
pub(super) fn respond(parts: &http::response::Parts) -> Response<'static> {
    let mut response = Response::new();
    response.set_status(Status::new(parts.status.as_u16()));
    for (name, value) in &parts.headers {
        let own = [http::header::CONTENT_LENGTH, http::header::CONNECTION, http::header::UPGRADE];
        if let (false, Ok(value)) = (own.contains(name), value.to_str()) {
            response.set_raw_header(name.to_string(), value.to_owned());
        }
    }
    response
}

/// Gives a browser whose cookie is of no guest, or that has none, the token of the guest that it
/// may become; not for a page of another site, which would make the browser a guest of its choice.
fn remember(request: &Request<'_>, response: &mut Response<'_>, handshake: &Handshake) {
    if handshake.cookies[1].is_none() && credentials::cookie_is_trusted(request) {
        let token = handshake.token.secret();
        response.adjoin_header(credentials::protected(request, COOKIE, token));
    }
}
