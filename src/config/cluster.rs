//! The nodes that share a log.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::value::{self, Parse};

/// The nodes that share a log, with [`super::Store::Nats`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Where this node keeps its history.
    #[serde(deserialize_with = "value::text")]
    pub folder: PathBuf,
    /// Where the others reach it, as `host:port`; none is where it listens.
    #[serde(deserialize_with = "value::optional")]
    pub address: Option<HostPort>,
    /// Copies of the stream.
    #[serde(deserialize_with = "value::whole::<1, 5, _, _>")]
    pub replicas: usize,
    /// Where the servers show how they are set up: URLs.
    #[serde(deserialize_with = "value::names")]
    pub monitor: Vec<String>,
    /// Whether to start where the servers may lose what was acknowledged.
    #[serde(deserialize_with = "value::text")]
    pub unsafe_sync: bool,
    /// The credentials to log in to the servers with.
    #[serde(deserialize_with = "value::optional")]
    pub credentials: Option<PathBuf>,
    /// The authority of the servers' certificates.
    #[serde(deserialize_with = "value::optional")]
    pub ca: Option<PathBuf>,
    /// The certificate to show to the servers.
    #[serde(deserialize_with = "value::optional")]
    pub cert: Option<PathBuf>,
    /// Its private key.
    #[serde(deserialize_with = "value::optional")]
    pub key: Option<PathBuf>,
}

/// A host with a port: `10.0.0.4:5003`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort(String);

impl HostPort {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Parse for HostPort {
    const POSSIBLE: &str = "a host and a port, such as \"10.0.0.4:5003\"";

    fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let right = !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok();
        right.then(|| HostPort(text.to_owned()))
    }
}
