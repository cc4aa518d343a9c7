//! Counts every request when it is answered, for the figures as for the log.
//!
//! What is counted and said is the route, never what was asked for: no path, no query, no name, no
//! text. The route of a request is known by the place where it lies in memory, which stays the
//! same from when the server starts to listen; so to find its counters is to halve a short list.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Orbit, Request, Response, Rocket, Route};

use super::cors::REFUSED;
use super::kept_out::KEPT_OUT;
use crate::credentials::{self, Arrival};
use crate::metrics::{Metrics, Slot};

/// Counts what is answered.
pub(super) struct Measure {
    metrics: Arc<Metrics>,
    routes: OnceLock<Vec<Measured>>,
    /// For what no route took.
    unmatched: Slot,
}

/// One route of the running server.
struct Measured {
    /// Where it lies.
    place: usize,
    slot: Slot,
    /// Whether it answers at once: a transport that holds its requests back does not.
    prompt: bool,
}

impl Measure {
    pub(super) fn new(metrics: Arc<Metrics>) -> Measure {
        let unmatched = metrics.requests.slot("", "unmatched");
        Measure { metrics, routes: OnceLock::new(), unmatched }
    }

    fn measured(&self, route: &Route) -> Measured {
        let path = route.uri.path();
        // Those have secrets in them.
        let kept_out = path.starts_with(KEPT_OUT) || path.starts_with(REFUSED);
        let template = if kept_out { "refused".to_owned() } else { template(path) };
        let slot = self.metrics.requests.slot(route.method.as_str(), &template);
        Measured { place: place(route), slot, prompt: !kept_out && !path.ends_with("..>") }
    }

    fn find(&self, route: &Route) -> Option<&Measured> {
        let routes = self.routes.get()?;
        let found = routes.binary_search_by_key(&place(route), |measured| measured.place);
        found.ok().map(|found| &routes[found])
    }
}

/// The path of a route as the documentation writes it.
fn template(path: &str) -> String {
    path.trim_end_matches("/<_..>").replace('<', "{").replace('>', "}")
}

fn place(route: &Route) -> usize {
    std::ptr::from_ref(route).addr()
}

impl Measure {
    /// From here on the routes stay where they are.
    pub(super) fn lift_off(&self, rocket: &Rocket<Orbit>) {
        let mut routes: Vec<_> = rocket.routes().map(|route| self.measured(route)).collect();
        routes.sort_unstable_by_key(|measured| measured.place);
        let _ = self.routes.set(routes);
    }

    /// A request is answered; the answer is as it goes.
    pub(super) fn count(&self, request: &Request<'_>, arrival: &Arrival, response: &Response<'_>) {
        let took = arrival.at.elapsed();
        let measured = request.route().and_then(|route| self.find(route));
        let slot = measured.map_or(&self.unmatched, |measured| &measured.slot);
        let prompt = measured.is_some_and(|measured| measured.prompt)
            && !arrival.waited.load(Ordering::Relaxed);
        let status = match response.status() {
            // What becomes a WebSocket is sent as 101.
            Status::UpgradeRequired => Status::SwitchingProtocols,
            status => status,
        };
        slot.count(status.code, prompt.then_some(took));
        tracing::debug!(
            method = %request.method(),
            route = slot.route(),
            status = status.code,
            micros = took.as_micros() as u64,
            bytes = response.body().preset_size(),
            "answered"
        );
    }
}

/// A request that may be made to wait.
pub(super) struct Patient<'r>(&'r Arrival);

impl Patient<'_> {
    /// From here on it waits.
    pub(super) fn waits(&self) {
        self.0.waited.store(true, Ordering::Relaxed);
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Patient<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Patient(credentials::arrival(request)))
    }
}
