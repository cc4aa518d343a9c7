//! What is done with every request before it is routed, with every answer before it goes.

use rocket::fairing::{Fairing, Info, Kind, Result};
use rocket::http::Method;
use rocket::http::uri::Origin;
use rocket::{Build, Data, Orbit, Request, Response, Rocket, Route};

use super::cors::Cors;
use super::kept_out::{KEPT_OUT, KeptOut};
use super::measure::Measure;
use super::security;
use crate::config::Settings;
use crate::credentials::{self, Arrival};
use crate::exposure::{Exposure, Facts, Refusal, Visitor};
use crate::header;

/// The field with which a form asks Rocket to take it for another method.
const OVERRIDE: &[u8] = b"_method=";

/// A trailing slash is optional, and a POST is a POST. Each request is judged; each answer tells
/// browsers what they may do with it.
///
/// One fairing for all of it: each has Rocket make a task of its own for each request.
pub(super) struct Edge {
    exposure: Exposure,
    cors: Cors,
    measure: Measure,
    /// Where requests go that are refused.
    refused: Origin<'static>,
}

impl Edge {
    /// `secret` goes into the path of the route for what is refused, so that nobody else asks
    /// for it.
    pub(super) fn new(settings: &Settings, secret: &str, cors: Cors, measure: Measure) -> Edge {
        let refused = Origin::parse_owned(format!("{KEPT_OUT}{secret}")).unwrap_or(Origin::ROOT);
        Edge { exposure: Exposure::new(settings), cors, measure, refused }
    }

    fn judge(&self, request: &Request<'_>) -> std::result::Result<Visitor, Refusal> {
        let sender = request.remote().map(|remote| remote.ip());
        let safe = matches!(request.method(), Method::Get | Method::Head | Method::Options);
        let mut facts = Facts::new(sender, !safe || is_socket(request));
        for header in request.headers().iter() {
            facts.hear(header.name.as_str(), header.value);
        }
        self.exposure.judge(&facts)
    }
}

/// Whether a request goes to Socket.IO, where reading acts too.
fn is_socket(request: &Request<'_>) -> bool {
    // However it is written, Rocket may take it there.
    let path = request.uri().path();
    let path = path.percent_decode_lossy();
    path.trim_start_matches('/').starts_with("socket.io")
}

#[rocket::async_trait]
impl Fairing for Edge {
    fn info(&self) -> Info {
        let kind = Kind::Ignite | Kind::Liftoff | Kind::Request | Kind::Response;
        Info { name: "Edge", kind }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Result {
        let path = self.refused.path().as_str();
        let route = Route::ranked(isize::MIN, Method::Get, path, KeptOut::default());
        self.cors.ignite(rocket.mount("/", [route])).await
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        self.measure.lift_off(rocket);
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        // Rocket lets a form's first field replace the method, so that any page could send what
        // a browser asks permission for.
        if request.method() != Method::Post
            && header::find(request, "Content-Type").is_some()
            && request.content_type().is_some_and(|kind| kind.is_form())
            && data.peek(OVERRIDE.len()).await == OVERRIDE
        {
            request.set_method(Method::Post);
        }
        match self.judge(request) {
            Ok(visitor) => {
                request.local_cache(|| Arrival::of(visitor));
            }
            Err(refusal) => {
                request.local_cache(|| Some(refusal));
                request.set_method(Method::Get);
                request.set_uri(self.refused.clone());
            }
        }
        trim(request);
        self.cors.judge(request, data).await;
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let arrival = credentials::arrival(request);
        security::tell(request, &arrival.visitor, response);
        self.cors.tell(request, &arrival.visitor, response).await;
        // The last to see the answer, which is then as it goes.
        self.measure.count(request, arrival, response);
    }
}

/// Takes trailing slashes off the path.
fn trim(request: &mut Request<'_>) {
    let path = request.uri().path();
    if path.ends_with('/') && path.as_str().len() > 1 {
        let trimmed = path.as_str().trim_end_matches('/');
        let wanted = match request.uri().query() {
            Some(query) => format!("{trimmed}?{query}"),
            None => trimmed.to_owned(),
        };
        if let Ok(uri) = Origin::parse_owned(wanted) {
            request.set_uri(uri);
        }
    }
}
