//! What the server may be called.
//!
//! A page may have its own name point to an address of somebody's private network, and so have
//! that person's browser take the server there for its own (DNS rebinding). The browser still
//! says, in `Host`, which name it asked for.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Exposure;
use crate::config::Mode;

/// Endings that nobody can register in the public DNS.
const PRIVATE: [&str; 5] = [".localhost", ".local", ".lan", ".home.arpa", ".internal"];

impl Exposure {
    /// Whether a request for `host`, with or without a port, is meant for this server.
    pub(super) fn answers_to(&self, host: &str) -> bool {
        let Some((name, _)) = split(host) else { return false };
        // The dot of the root changes nothing.
        let name = name.strip_suffix('.').unwrap_or(name);
        match self.mode {
            Mode::Internet if self.hosts.is_empty() => true,
            Mode::Internet => self.hosts.contain(name),
            Mode::Lan => is_private(name) || self.hosts.contain(name),
        }
    }
}

/// The name without the port, and the port.
pub(super) fn split(host: &str) -> Option<(&str, Option<&str>)> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (&host[..address.len() + 2], rest)
        }
        None => {
            let end = host.find(':').unwrap_or(host.len());
            host.split_at(end)
        }
    };
    match port.strip_prefix(':') {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some((name, Some(port))),
        None if port.is_empty() => Some((name, None)),
        _ => None,
    }
}

fn is_private(name: &str) -> bool {
    let ends = |ending: &str| {
        let start = name.len().checked_sub(ending.len());
        // Something must stand before the ending.
        start.is_some_and(|start| {
            start > 0 && name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
        })
    };
    // What is in brackets was read as an address.
    name.starts_with('[')
        || !name.contains('.')
        || name.parse::<Ipv4Addr>().is_ok()
        || PRIVATE.into_iter().any(ends)
}
