//! Requests by route, status, time.
//!
//! A route has a [`Slot`], made once; only what was asked for is shown. Each thread counts in a
//! stripe of its own: processors that add to one counter in turn wait for one another's cache, and
//! every request is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Histogram, LabelPair, Metric, MetricFamily, MetricType};

use super::kept;

/// Every status that this server gives, ascending; whatever else comes counts as "other".
const STATUSES: [u16; 22] = [
    101, 200, 201, 204, 206, 303, 304, 308, 400, 401, 403, 404, 405, 409, 413, 416, 422, 429, 431,
    500, 503, 507,
];

/// Upper bounds of times; what takes longer than the last is counted above them all.
const BOUNDS: [Duration; 13] = [
    Duration::from_micros(20),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2500),
];

/// Threads that count in one stripe wait for one another now and then; more stripes take memory.
const STRIPES: usize = 8;

/// All requests.
#[derive(Clone, Debug)]
pub struct Requests {
    routes: Arc<Mutex<Vec<Arc<Counts>>>>,
    answered: Desc,
    seconds: Desc,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> Requests {
        let describe = |name: &str, help: &str, labels: &[&str]| {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            // It could only be a slip in this module: a name or a label that is none.
            Desc::new(name.to_owned(), help.to_owned(), labels, Default::default())
                .expect("a metric has a name and labels that Prometheus takes")
        };
        let answered = describe(
            "chatroom_requests_total",
            "Requests answered, by route and status.",
            &["method", "route", "status"],
        );
        let seconds = describe(
            "chatroom_request_seconds",
            "Time to the beginning of an answer. Polls that waited are not in it.",
            &["method", "route"],
        );
        kept(registry, Ok(Requests { routes: Arc::default(), answered, seconds }))
    }

    /// Where the requests of a route are counted. Each pair is one more set of labels for ever, so
    /// `route` is a template, never what somebody asked for.
    pub fn slot(&self, method: &'static str, route: &str) -> Slot {
        let stripes = Default::default();
        let counts = Arc::new(Counts { method, route: route.to_owned(), stripes });
        self.routes.lock().push(counts.clone());
        Slot(counts)
    }
}

/// The requests of one route.
#[derive(Debug)]
pub struct Slot(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    method: &'static str,
    route: String,
    stripes: [Stripe; STRIPES],
}

/// What some threads have counted. As large as two lines of a cache, which are fetched in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    /// As `STATUSES`, then all others.
    answered: [AtomicU64; STATUSES.len() + 1],
    /// As `BOUNDS`, then what took longer.
    times: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// The stripe in which this thread counts.
fn stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    }
    MINE.with(|mine| *mine)
}

impl Slot {
    /// The method that the route takes.
    pub fn method(&self) -> &'static str {
        self.0.method
    }

    /// The template of the route.
    pub fn route(&self) -> &str {
        &self.0.route
    }

    /// A request was answered so. `took` is how long that took, if it says how fast the server is.
    pub fn count(&self, status: u16, took: Option<Duration>) {
        let stripe = &self.0.stripes[stripe()];
        let place = STATUSES.binary_search(&status).unwrap_or(STATUSES.len());
        stripe.answered[place].fetch_add(1, Ordering::Relaxed);
        if let Some(took) = took {
            let place = BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS.len());
            stripe.times[place].fetch_add(1, Ordering::Relaxed);
            stripe.nanos.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        }
    }
}

impl Counts {
    fn sum(&self, of: impl Fn(&Stripe) -> &AtomicU64) -> u64 {
        self.stripes.iter().map(|stripe| of(stripe).load(Ordering::Relaxed)).sum()
    }

    fn metric(&self, status: Option<String>) -> Metric {
        let label = |name: &str, value: &str| {
            let mut label = LabelPair::default();
            label.set_name(name.to_owned());
            label.set_value(value.to_owned());
            label
        };
        let mut labels = vec![label("method", self.method), label("route", &self.route)];
        labels.extend(status.map(|status| label("status", &status)));
        Metric::from_label(labels)
    }

    /// One counter for each status that was given.
    fn answered(&self) -> impl Iterator<Item = Metric> {
        let name = |place: usize| match STATUSES.get(place) {
            Some(status) => status.to_string(),
            None => "other".to_owned(),
        };
        (0..=STATUSES.len()).filter_map(move |place| {
            let count = self.sum(|stripe| &stripe.answered[place]);
            let mut counter = Counter::default();
            counter.set_value(count as f64);
            let mut metric = self.metric(Some(name(place)));
            metric.set_counter(counter);
            (count > 0).then_some(metric)
        })
    }

    /// None before the first request that has a time.
    fn seconds(&self) -> Option<Metric> {
        let mut count = 0;
        let mut buckets = Vec::with_capacity(BOUNDS.len());
        for (place, bound) in BOUNDS.iter().enumerate() {
            count += self.sum(|stripe| &stripe.times[place]);
            let mut bucket = Bucket::default();
            bucket.set_cumulative_count(count);
            bucket.set_upper_bound(bound.as_secs_f64());
            buckets.push(bucket);
        }
        count += self.sum(|stripe| &stripe.times[BOUNDS.len()]);
        let mut histogram = Histogram::default();
        histogram.set_sample_count(count);
        histogram.set_sample_sum(self.sum(|stripe| &stripe.nanos) as f64 / 1e9);
        histogram.set_bucket(buckets);
        let mut metric = self.metric(None);
        metric.set_histogram(histogram);
        (count > 0).then_some(metric)
    }
}

impl Collector for Requests {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.answered, &self.seconds]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let routes = self.routes.lock();
        let family = |desc: &Desc, kind: MetricType, metrics: Vec<Metric>| {
            let mut family = MetricFamily::default();
            family.set_name(desc.fq_name.clone());
            family.set_help(desc.help.clone());
            family.set_field_type(kind);
            family.set_metric(metrics);
            family
        };
        let answered = routes.iter().flat_map(|route| route.answered()).collect();
        let seconds = routes.iter().filter_map(|route| route.seconds()).collect();
        vec![
            family(&self.answered, MetricType::COUNTER, answered),
            family(&self.seconds, MetricType::HISTOGRAM, seconds),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;

    fn text(registry: &Registry) -> String {
        TextEncoder::new().encode_to_string(&registry.gather()).unwrap_or_default()
    }

    #[test]
    fn a_status_nobody_expects_is_another_and_not_one_more_label() {
        let registry = Registry::new();
        let slot = Requests::new(&registry).slot("GET", "/online");
        for status in [200, 299, 418, 200, 599] {
            slot.count(status, None);
        }
        let text = text(&registry);
        let count = |status: &str| {
            let labels = format!("method=\"GET\",route=\"/online\",status=\"{status}\"");
            let name = format!("chatroom_requests_total{{{labels}}} ");
            text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok())
        };
        assert_eq!((count("200"), count("other"), count("418")), (Some(2), Some(3), None));
    }

    #[test]
    fn what_all_threads_counted_is_one_histogram() {
        let registry = Registry::new();
        let slot = Requests::new(&registry).slot("GET", "/online");
        std::thread::scope(|scope| {
            for _ in 0..STRIPES + 1 {
                scope.spawn(|| {
                    for micros in [20, 21, 3_000_000] {
                        slot.count(200, Some(Duration::from_micros(micros)));
                    }
                });
            }
        });
        let text = text(&registry);
        let labels = "method=\"GET\",route=\"/online\"";
        for line in [
            format!("chatroom_request_seconds_bucket{{{labels},le=\"0.00002\"}} 9"),
            format!("chatroom_request_seconds_bucket{{{labels},le=\"0.00005\"}} 18"),
            format!("chatroom_request_seconds_bucket{{{labels},le=\"2.5\"}} 18"),
            format!("chatroom_request_seconds_bucket{{{labels},le=\"+Inf\"}} 27"),
            format!("chatroom_request_seconds_count{{{labels}}} 27"),
            format!("chatroom_request_seconds_sum{{{labels}}} 27.000369"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn statuses_are_found_by_halving() {
        assert!(STATUSES.is_sorted());
    }
}
