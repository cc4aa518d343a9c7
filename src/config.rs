//! Settings: typed, documented where their default stands, from every place they may come from.
//!
//! The places, later ones win: the compiled-in [`DEFAULTS`], `chatroom.toml`, `.env`, the
//! environment, the flags of the command line. A value is parsed here, once; whoever holds a
//! [`Settings`] holds values that are valid. What cannot be understood stops the start with a
//! sentence that names the place, because a server that runs with other settings than its owner
//! wrote is worse than none.
//!
//! The process environment is only read, never changed.

mod access;
mod cluster;
mod cors;
mod dotenv;
mod durability;
mod error;
mod file;
mod findings;
mod flags;
mod frame_ancestors;
mod hosts;
mod keep;
mod known;
mod legacy;
mod load;
mod log_format;
mod log_level;
mod mode;
mod networks;
mod proxy_header;
mod rate;
mod registration;
mod store;
mod uploads;
mod value;
mod variables;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

pub use access::Access;
pub use cluster::{Cluster, HostPort};
pub use cors::{CorsOrigins, Origin};
pub use durability::Durability;
pub use error::{ConfigError, Problem};
pub use flags::Flags;
pub use frame_ancestors::FrameAncestors;
pub use hosts::Hosts;
pub use keep::{Keep, RoomKeep};
pub use load::{Loaded, load, load_here};
pub use log_format::LogFormat;
pub use log_level::LogLevel;
pub use mode::Mode;
pub use networks::Networks;
pub use proxy_header::ProxyHeader;
pub use rate::{Rate, RateLimit, RateLimits};
pub use registration::Registration;
pub use store::{Nats, Store};
pub use uploads::Uploads;

/// Every setting with its default and its explanation, as TOML: the manual of settings.
pub const DEFAULTS: &str = include_str!("config/defaults.toml");

/// Everything that can be set. No field is optional when read: the defaults name each of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address to listen on.
    #[serde(deserialize_with = "value::text")]
    pub host: IpAddr,
    /// The TCP port to listen on; 0 lets the system choose a free one.
    #[serde(deserialize_with = "value::whole::<0, 65535, _, _>")]
    pub port: u16,
    /// Who may reach the server.
    #[serde(deserialize_with = "value::text")]
    pub mode: Mode,
    /// With [`Mode::Lan`], further networks whose machines may reach it.
    pub peers: Networks,
    /// Names by which it may be asked for.
    pub hosts: Hosts,
    /// The proxies that are believed whom they ask for.
    pub proxies: Networks,
    /// The header in which they say it.
    #[serde(deserialize_with = "value::text")]
    pub proxy_header: ProxyHeader,
    /// Where the log is kept.
    #[serde(deserialize_with = "value::text")]
    pub store: Store,
    /// What a reply waits for.
    #[serde(deserialize_with = "value::text")]
    pub durability: Durability,
    /// Where uploaded files are kept.
    #[serde(deserialize_with = "value::text")]
    pub uploads: Uploads,
    /// Pages of which origins may call the server from a browser.
    pub cors_origins: CorsOrigins,
    /// What it takes to act under a name that is no account's.
    #[serde(deserialize_with = "value::text")]
    pub access: Access,
    /// Who may make an account.
    #[serde(deserialize_with = "value::text")]
    pub registration: Registration,
    /// Pages that may show the server's own pages inside them.
    pub frame_ancestors: FrameAncestors,
    /// Names of the open rooms that are there from the start. That these are names the server
    /// takes is for the vocabulary to say; here they are only not empty and not twice.
    #[serde(deserialize_with = "value::names")]
    pub rooms: Vec<String>,
    /// Whether other named rooms come into being when somebody joins them or sends to them.
    #[serde(deserialize_with = "value::text")]
    pub rooms_open: bool,
    /// The file that `/announcement` serves, relative to the working directory.
    #[serde(deserialize_with = "value::text")]
    pub announcement: PathBuf,
    /// The least serious line that is logged.
    #[serde(deserialize_with = "value::text")]
    pub log_level: LogLevel,
    /// The form of the lines.
    #[serde(deserialize_with = "value::text")]
    pub log_format: LogFormat,
    /// A file that gets the log lines as well.
    #[serde(deserialize_with = "value::optional")]
    pub log_file: Option<PathBuf>,
    /// What was said, and for how long it is kept.
    pub history: History,
    /// The nodes that share a log.
    pub cluster: Cluster,
    /// Who counts as online.
    pub presence: Presence,
    /// Names without an account.
    pub guests: Guests,
    /// Those who logged in.
    pub sessions: Sessions,
    /// Bounds on what one client may ask for.
    pub limits: Limits,
    /// Bounds on how often something may be asked for.
    pub rate_limits: RateLimits,
    /// Behaviour of older servers, kept for those who rely on it.
    pub compat: Compat,
    /// The certificate to serve HTTPS with; none is plain HTTP.
    #[serde(deserialize_with = "tls")]
    pub tls: Option<Tls>,
}

/// What was said, and for how long it is kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// What messages may take in memory, about, in bytes; older ones are read from the disk.
    #[serde(deserialize_with = "value::whole::<0, 1_099_511_627_776, _, _>")]
    pub memory_bytes: usize,
    /// Entries of the log from one snapshot to the next.
    #[serde(deserialize_with = "value::whole::<1, 1_000_000_000, _, _>")]
    pub snapshot_entries: u64,
    /// How long messages are kept.
    #[serde(deserialize_with = "value::text")]
    pub keep: Keep,
    /// How long messages are kept in single rooms. That these are names the server takes is for
    /// the vocabulary to say.
    pub room_keep: RoomKeep,
}

/// Who counts as online.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// How long after it was last heard of a name is still listed as online.
    #[serde(deserialize_with = "value::text")]
    pub timeout: Duration,
}

/// Names without an account.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guests {
    /// How long a guest may be unheard of before the server logs it out and frees the name.
    #[serde(deserialize_with = "value::text")]
    pub keep: Duration,
}

/// Those who logged in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// How long a session may be unused before the server ends it.
    #[serde(deserialize_with = "value::text")]
    pub keep: Duration,
}

/// Bounds on what one client may ask for: what the server's memory is bounded by.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest text of one message, in bytes of UTF-8; never more than `body_bytes`.
    #[serde(deserialize_with = "value::whole::<1, 1_073_741_824, _, _>")]
    pub message_bytes: usize,
    /// The largest request body, in bytes.
    #[serde(deserialize_with = "value::whole::<1, 1_073_741_824, _, _>")]
    pub body_bytes: usize,
    /// The largest uploaded file, in bytes.
    #[serde(deserialize_with = "value::whole::<1, 1_099_511_627_776, _, _>")]
    pub upload_bytes: u64,
    /// Bytes that all files of one user may have, and all files of one project.
    #[serde(deserialize_with = "value::whole::<0, 1_125_899_906_842_624, _, _>")]
    pub upload_quota_bytes: u64,
    /// Long polls and streams that one user may hold open at once.
    #[serde(deserialize_with = "value::whole::<1, 1_000_000, _, _>")]
    pub waiters_per_user: usize,
    /// Messages that one plain poll returns at most.
    #[serde(deserialize_with = "value::whole::<1, 1_000_000, _, _>")]
    pub page: usize,
}

/// Behaviour of older servers, kept for those who rely on it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compat {
    /// A name that is registered again gets the inbox of whoever had it before.
    #[serde(deserialize_with = "value::text")]
    pub shared_names: bool,
}

/// The files to serve HTTPS with. That they can be read is found out when the server starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certs: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// Reads a duration as settings write it: `90s`, `30m`, `24h`, `7d`.
///
/// # Errors
/// What it must be, for the command line.
pub fn duration(text: &str) -> Result<Duration, String> {
    value::from_text(text).map_err(|wrong| wrong.to_string())
}

/// Reads where a log is kept, as the flag `--store` says it.
///
/// # Errors
/// What it must be, for the command line.
pub fn store(text: &str) -> Result<Store, String> {
    value::from_text(text).map_err(|wrong| wrong.to_string())
}

impl Default for Settings {
    fn default() -> Self {
        load::defaults()
    }
}

/// Both files or neither.
fn tls<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Tls>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Files {
        #[serde(deserialize_with = "value::optional")]
        certs: Option<PathBuf>,
        #[serde(deserialize_with = "value::optional")]
        key: Option<PathBuf>,
    }
    let alone = |partner| serde::de::Error::custom(format!("needs {partner} beside it"));
    match Files::deserialize(input)? {
        Files { certs: Some(certs), key: Some(key) } => Ok(Some(Tls { certs, key })),
        Files { certs: None, key: None } => Ok(None),
        Files { certs: Some(_), key: None } => Err(alone("tls.key")),
        Files { certs: None, key: Some(_) } => Err(alone("tls.certs")),
    }
}
