//! Requests by route, status, time.
//!
//! A route has a [`Slot`], made once; its counters come into being when they first count, so that
//! only what was asked for is shown. To count is a few relaxed additions: no lock, no hash.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
};

use super::kept;

/// Every status that this server gives, ascending; whatever else comes counts as "other".
const STATUSES: [u16; 22] = [
    101, 200, 201, 204, 206, 303, 304, 308, 400, 401, 403, 404, 405, 409, 413, 416, 422, 429, 431,
    500, 503, 507,
];

/// Bounds of times, in seconds.
const SECONDS: [f64; 13] =
    [2e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 0.5, 2.5];

/// All requests.
#[derive(Clone, Debug)]
pub struct Requests {
    answered: IntCounterVec,
    seconds: HistogramVec,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> Requests {
        let help = "Requests answered, by route and status.";
        let options = Opts::new("chatroom_requests_total", help);
        let answered = IntCounterVec::new(options, &["method", "route", "status"]);
        let help = "Time to the beginning of an answer. Polls that waited are not in it.";
        let options = HistogramOpts::new("chatroom_request_seconds", help);
        let seconds = HistogramVec::new(options.buckets(SECONDS.to_vec()), &["method", "route"]);
        Requests { answered: kept(registry, answered), seconds: kept(registry, seconds) }
    }

    /// Where the requests of a route are counted. Each pair is one more set of labels for ever, so
    /// `route` is a template, never what somebody asked for.
    pub fn slot(&self, method: &'static str, route: &str) -> Slot {
        Slot {
            all: self.clone(),
            method,
            route: route.to_owned(),
            answered: Default::default(),
            seconds: OnceLock::new(),
        }
    }
}

/// The requests of one route.
#[derive(Debug)]
pub struct Slot {
    all: Requests,
    method: &'static str,
    route: String,
    /// As `STATUSES`, then all others.
    answered: [OnceLock<IntCounter>; STATUSES.len() + 1],
    seconds: OnceLock<Histogram>,
}

impl Slot {
    /// The method that the route takes.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The template of the route.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// A request was answered so. `took` is how long that took, if it says how fast the server is.
    pub fn count(&self, status: u16, took: Option<Duration>) {
        let place = STATUSES.binary_search(&status);
        let counter = &self.answered[place.unwrap_or(STATUSES.len())];
        let counter = counter.get_or_init(|| {
            let status = place.map_or_else(|_| "other".to_owned(), |_| status.to_string());
            self.all.answered.with_label_values(&[self.method, &self.route, &status])
        });
        counter.inc();
        if let Some(took) = took {
            let seconds = self
                .seconds
                .get_or_init(|| self.all.seconds.with_label_values(&[self.method, &self.route]));
            seconds.observe(took.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;

    #[test]
    fn a_status_nobody_expects_is_another_and_not_one_more_label() {
        let registry = Registry::new();
        let slot = Requests::new(&registry).slot("GET", "/online");
        for status in [200, 299, 418, 200, 599] {
            slot.count(status, None);
        }
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap_or_default();
        let count = |status: &str| {
            let labels = format!("method=\"GET\",route=\"/online\",status=\"{status}\"");
            let name = format!("chatroom_requests_total{{{labels}}} ");
            text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok())
        };
        assert_eq!((count("200"), count("other"), count("418")), (Some(2), Some(3), None));
    }

    #[test]
    fn statuses_are_found_by_halving() {
        assert!(STATUSES.is_sorted());
    }
}
