//! What proxies say about whom they ask for.
//!
//! A client can write into these headers what it likes, and each proxy adds to their end. So they
//! are read from the end, as long as who wrote is one of ours: the first address that is not one
//! of our proxies is the client.

use std::net::{IpAddr, SocketAddr};

use super::facts::{Facts, text};
use super::peer::NOBODY;
use crate::config::Networks;

/// For whom a proxy asks.
pub(super) struct Proxied {
    pub(super) address: IpAddr,
    /// Whether HTTPS was spoken with it; `None` when nothing is said.
    pub(super) https: Option<bool>,
}

/// By `X-Forwarded-For`. `sender` is a proxy of ours.
pub(super) fn x_forwarded(
    sender: IpAddr,
    facts: &Facts<impl AsRef<str>>,
    ours: &Networks,
) -> Proxied {
    let hops = facts.x_forwarded_for.iter().rev();
    let hops = hops.flat_map(|value| value.as_ref().rsplit(',')).map(|hop| address(hop.trim()));
    let proto = text(&facts.forwarded_proto);
    // Proxies that add to it, rather than say their own, do so at the end.
    let proto = proto.and_then(|proto| proto.rsplit(',').next());
    Proxied { address: first(sender, hops, ours), https: proto.map(|proto| is_https(proto.trim())) }
}

/// By `Forwarded` (RFC 7239). `sender` is a proxy of ours.
pub(super) fn forwarded(
    sender: IpAddr,
    facts: &Facts<impl AsRef<str>>,
    ours: &Networks,
) -> Proxied {
    let mut proxied = Proxied { address: sender, https: None };
    let elements = facts.forwarded.iter().rev().flat_map(|value| value.as_ref().rsplit(','));
    for element in elements {
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let mut hop = None;
        proxied.https = None;
        for (name, value) in pairs {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop = address(value),
                "proto" => proxied.https = Some(is_https(value)),
                _ => {}
            }
        }
        proxied.address = hop.unwrap_or(NOBODY);
        if !ours.contain(proxied.address) {
            break;
        }
    }
    proxied
}

/// The first hop that is not one of ours. One that cannot be read is nobody's; where none is
/// named, the proxy asks for itself.
fn first(sender: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>, ours: &Networks) -> IpAddr {
    let mut last = sender;
    for hop in hops {
        last = hop.unwrap_or(NOBODY);
        if !ours.contain(last) {
            break;
        }
    }
    last
}

/// An address, perhaps with a port, one of IPv6 perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

fn is_https(proto: &str) -> bool {
    proto.eq_ignore_ascii_case("https") || proto.eq_ignore_ascii_case("wss")
}
