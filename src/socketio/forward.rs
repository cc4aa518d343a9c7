//! A request that belongs to a session of another node is passed on to that node.
//!
//! So a load balancer needs no sticky sessions: a client opens its session by polling on one node,
//! and its next request may come to any. What is passed on is judged there once more, by the
//! secret in its session id, as if the client had asked there itself.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use rocket::Shutdown;
use rocket::data::{IoHandler, IoStream};
use rocket::http::Method;
use rocket::tokio::io::copy_bidirectional;
use rocket::tokio::net::TcpStream;
use rocket::{Request, Response};
use tokio::time::timeout;

use super::bridge::{self, LAST_WORDS};

/// Says that a request was passed on, so that it is not passed on again.
const FORWARDED: &str = "Chatroom-Forwarded";

/// How long a connection to another node may take. It is near, or it is not there.
const CONNECT: Duration = Duration::from_secs(1);

/// What is not passed on: what concerns one connection alone (RFC 9110, section 7.6.1), but for the
/// upgrade; what this node has judged already, by what it knows of the connection; secrets, which a
/// session that is open has no use for.
const KEPT: &[&str] = &[
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "content-length",
    "origin",
    "referer",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "cookie",
    "authorization",
];

/// What an answer is passed back with. The rest of it is said by the node that was asked.
const BACK: &[&str] =
    &["content-type", "connection", "sec-websocket-accept", "sec-websocket-protocol"];

/// The other node did not answer.
pub(super) struct Unreachable;

/// Whether somebody has passed the request on already.
pub(super) fn was_forwarded(request: &Request<'_>) -> bool {
    request.headers().contains(FORWARDED)
}

/// Asks the node at `address` in the client's place.
pub(super) async fn forward(
    address: &str,
    request: &Request<'_>,
    body: Vec<u8>,
) -> Result<Response<'static>, Unreachable> {
    let stream = timeout(CONNECT, TcpStream::connect(address)).await;
    let stream = stream.map_err(|_| Unreachable)?.map_err(|_| Unreachable)?;
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| Unreachable)?;
    tokio::spawn(connection.with_upgrades());
    let shutdown = request.rocket().shutdown();
    let stopping = async {
        shutdown.clone().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    let answered = tokio::select! {
        answered = sender.send_request(same(request, body)) => answered,
        () = stopping => return Err(Unreachable),
    };
    let mut answer = answered.map_err(|_| Unreachable)?;
    let upgraded = hyper::upgrade::on(&mut answer);
    let (mut parts, body) = answer.into_parts();
    let unwanted: Vec<_> =
        parts.headers.keys().filter(|name| !BACK.contains(&name.as_str())).cloned().collect();
    for name in unwanted {
        parts.headers.remove(name);
    }
    let mut response = bridge::respond(&parts);
    if parts.status == http::StatusCode::SWITCHING_PROTOCOLS {
        let upgraded = upgraded.await.map_err(|_| Unreachable)?;
        bridge::switch(&mut response, Tunnel { upgraded, shutdown });
    } else {
        let body = body.collect().await.map_err(|_| Unreachable)?.to_bytes();
        response.set_sized_body(body.len(), io::Cursor::new(body));
    }
    Ok(response)
}

/// The request as it came.
fn same(request: &Request<'_>, body: Vec<u8>) -> http::Request<Full<Bytes>> {
    let mut same = http::Request::new(Full::new(Bytes::from(body)));
    *same.method_mut() =
        if request.method() == Method::Post { http::Method::POST } else { http::Method::GET };
    *same.uri_mut() = request.uri().to_string().parse().unwrap_or_default();
    let plain = |name: &str| !KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept));
    let marked = rocket::http::Header::new(FORWARDED, "1");
    let headers = request.headers().iter().filter(|header| plain(header.name().as_str()));
    for header in headers.chain([marked]) {
        let name = http::HeaderName::from_bytes(header.name().as_str().as_bytes());
        let value = http::HeaderValue::from_str(header.value());
        if let (Ok(name), Ok(value)) = (name, value) {
            same.headers_mut().append(name, value);
        }
    }
    same
}

/// A WebSocket whose other end is on another node.
struct Tunnel {
    upgraded: Upgraded,
    shutdown: Shutdown,
}

#[rocket::async_trait]
impl IoHandler for Tunnel {
    async fn io(self: Pin<Box<Self>>, mut stream: IoStream) -> io::Result<()> {
        let Tunnel { upgraded, shutdown } = *Pin::into_inner(self);
        let mut upgraded = TokioIo::new(upgraded);
        tokio::select! {
            copied = copy_bidirectional(&mut stream, &mut upgraded) => copied.map(drop),
            () = shutdown => Ok(()),
        }
    }
}
