//! What the server counts of itself, for those who watch it.
//!
//! Whoever counts holds its counter, so that nothing is looked up by name on the way of a request:
//! `requests` are those of HTTP, `log` is for whoever writes, [`Metrics::waiting`] and
//! [`Metrics::streaming`] count what is open. What others know anyhow is asked only when somebody
//! reads: `standing`.

mod log;
mod requests;
mod standing;

use parking_lot::Mutex;
use prometheus::core::Collector;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::{IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

pub use log::LogFigures;
pub use requests::{Requests, Slot};
pub use standing::Standing;

/// The text format that Prometheus reads.
pub const TEXT_FORMAT: &str = prometheus::TEXT_FORMAT;

/// Every counter, and the way to read them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests over HTTP.
    pub requests: Requests,
    /// What the log takes.
    pub log: LogFigures,
    waiting: IntGauge,
    streams: IntGauge,
    standing: standing::Gauges,
    /// Held while the figures are read, so that those of two readers do not mix.
    reading: Mutex<()>,
}

impl Metrics {
    /// Counters that all begin at nothing, of a server of this version.
    pub fn new(version: &str) -> Metrics {
        let registry = Registry::new();
        let build =
            Opts::new("chatroom_build_info", "Always 1; the label says which server it is.");
        kept(&registry, IntGaugeVec::new(build, &["version"])).with_label_values(&[version]).set(1);
        #[cfg(target_os = "linux")]
        let _ = registry.register(Box::new(ProcessCollector::for_self()));
        Metrics {
            requests: Requests::new(&registry),
            log: LogFigures::new(&registry),
            waiting: gauge(&registry, "chatroom_long_polls", "Polls that wait for news."),
            streams: gauge(&registry, "chatroom_streams", "Streams of events that are open."),
            standing: standing::Gauges::new(&registry),
            reading: Mutex::default(),
            registry,
        }
    }

    /// A poll waits until the guard is dropped.
    pub fn waiting(&self) -> Open {
        Open::new(&self.waiting)
    }

    /// A stream is open until the guard is dropped.
    pub fn streaming(&self) -> Open {
        Open::new(&self.streams)
    }

    /// How many polls wait.
    pub fn waiting_count(&self) -> u64 {
        self.waiting.get().try_into().unwrap_or_default()
    }

    /// How many streams are open.
    pub fn stream_count(&self) -> u64 {
        self.streams.get().try_into().unwrap_or_default()
    }

    /// All of it in [`TEXT_FORMAT`].
    pub fn text(&self, standing: &Standing) -> String {
        let _one = self.reading.lock();
        self.standing.set(standing);
        // It fails only for a metric without samples, and those are not gathered.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }

    /// The memory that the process has, in bytes; `None` where that cannot be found out.
    #[cfg(target_os = "linux")]
    pub fn resident(&self) -> Option<u64> {
        let families = ProcessCollector::for_self().collect();
        let family =
            families.iter().find(|family| family.name() == "process_resident_memory_bytes")?;
        Some(family.get_metric().first()?.get_gauge().get_value() as u64)
    }

    /// The memory that the process has, in bytes; `None` where that cannot be found out.
    #[cfg(not(target_os = "linux"))]
    pub fn resident(&self) -> Option<u64> {
        None
    }
}

/// Something counted is open until this is dropped.
#[derive(Debug)]
pub struct Open(IntGauge);

impl Open {
    fn new(gauge: &IntGauge) -> Open {
        gauge.inc();
        Open(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A metric that is read from now on.
fn kept<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    // It could only be a slip in this module: a name that is none, or one that is there twice.
    let metric = made.expect("a metric has a name that Prometheus takes");
    registry.register(Box::new(metric.clone())).expect("no two metrics have one name");
    metric
}

fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    kept(registry, IntGauge::new(name, help))
}
