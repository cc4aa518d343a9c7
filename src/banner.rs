//! What a server says when it is ready.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::{Access, CorsOrigins, Durability, Mode, Settings, Store};

/// The address to open, the store, who may connect, and what is unsafe about it.
#[derive(Debug)]
pub struct Banner {
    scheme: &'static str,
    store: String,
    pages: String,
    who: &'static str,
    proxied: bool,
    warnings: Vec<&'static str>,
}

impl Banner {
    /// The banner for these settings.
    pub fn of(settings: &Settings) -> Banner {
        let store = match (&settings.store, settings.durability) {
            (Store::Memory, _) => "memory: (nothing is kept when the server stops)".to_owned(),
            (store @ Store::Nats(_), _) => {
                format!("{store} (what is answered is on the disks of most servers)")
            }
            (store, Durability::Full) => format!("{store} (full: what is answered is on the disk)"),
            (store, Durability::Fast) => {
                format!("{store} (fast: a power cut may lose the last moments)")
            }
        };
        let pages = match &settings.cors_origins {
            CorsOrigins::Any => "of every site (cors_origins = \"*\")".to_owned(),
            CorsOrigins::List(origins) if origins.is_empty() => "of this server only".to_owned(),
            CorsOrigins::List(origins) => {
                origins.iter().map(|origin| origin.as_str()).collect::<Vec<_>>().join(", ")
            }
        };
        let mut warnings = Vec::new();
        if settings.access == Access::Open {
            warnings.push("names without an account are anybody's: whoever connects can use them");
        }
        if settings.tls.is_none() && settings.proxies.is_empty() {
            warnings.push("what is sent is not encrypted: keep it on a network you trust");
        }
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let who = match settings.mode {
            Mode::Lan => "machines of private networks (mode = \"lan\")",
            Mode::Internet => "everybody (mode = \"internet\")",
        };
        Banner { scheme, store, pages, who, proxied: !settings.proxies.is_empty(), warnings }
    }

    /// The same with what else is unsafe.
    #[must_use]
    pub fn doubting(mut self, doubts: &[&'static str]) -> Banner {
        self.warnings.extend(doubts);
        self
    }

    /// Prints it, now that `address` is listened to.
    pub fn print(&self, address: SocketAddr) {
        let port = address.port();
        let everywhere = address.ip().is_unspecified();
        let here = if everywhere { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
        println!("chatroom {} is running", env!("CARGO_PKG_VERSION"));
        println!("  open      {}://{}", self.scheme, SocketAddr::new(here, port));
        if everywhere {
            for other in addresses() {
                println!("            {}://{}", self.scheme, SocketAddr::new(other, port));
            }
        }
        // A proxy on this machine asks for others.
        let here = address.ip().is_loopback() && !self.proxied;
        let who = if here { "programs on this machine" } else { self.who };
        println!("  store     {}", self.store);
        println!("  connect   {who}; pages {}", self.pages);
        for warning in &self.warnings {
            println!("  unsafe    {warning}");
        }
    }
}

/// This machine's addresses, as others may reach it by.
fn addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<_> = interfaces
        .into_iter()
        .filter(|interface| !interface.is_loopback())
        .map(|interface| interface.ip())
        .filter(IpAddr::is_ipv4)
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
