//! Who may reach the server, by which name, with whose cookies.
//!
//! Browsers send cookies along with whatever any page has them ask for, and reach private
//! addresses for pages from anywhere. So each request is judged by what it says of itself, once,
//! before it is routed: over HTTP and Socket.IO alike. What is judged is plain data; nothing here
//! knows a web framework.
//!
//! Reading order: `facts` are what a request says, `forwarded` is what proxies say, `peer` who
//! may come at all, `host` what the server may be called, `origin` whose page asks, `cookies`
//! whether its cookies count; `headers` are what every answer tells browsers.

mod cookies;
mod facts;
mod forwarded;
mod headers;
mod host;
mod origin;
mod peer;

use std::net::IpAddr;

use crate::config::{CorsOrigins, Hosts, Mode, Networks, ProxyHeader, Settings};
pub use facts::Facts;
pub use headers::Headers;
pub use origin::Page;

/// The rules, from the settings.
#[derive(Debug, Clone)]
pub struct Exposure {
    mode: Mode,
    peers: Networks,
    hosts: Hosts,
    proxies: Networks,
    proxy_header: ProxyHeader,
    cors_origins: CorsOrigins,
    tls: bool,
}

/// What is known of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// The address that the limits are counted for.
    pub address: IpAddr,
    /// Whose page asks, if one does.
    pub page: Page,
    /// Whether cookies are the user's will. If not, none is looked at, and none is set.
    pub cookies: bool,
    /// Whether cookies must be marked as Secure.
    pub secure: bool,
    /// Whether the user's browser spoke HTTPS.
    pub https: bool,
    /// Whether it is somebody of our own network who asks for themselves: with [`Mode::Lan`], from
    /// a private address, through no proxy that says so, not for a page of another site.
    pub near: bool,
}

impl Visitor {
    /// Somebody of whom nothing is known.
    pub const STRANGER: Visitor = Visitor {
        address: peer::NOBODY,
        page: Page::Foreign,
        cookies: false,
        secure: true,
        https: false,
        near: false,
    };
}

/// Why a request is not even looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It comes from outside the networks that may reach the server.
    Peer(IpAddr),
    /// It asks for a name that is not the server's.
    Host(String),
}

impl Exposure {
    /// The rules of the settings.
    pub fn new(settings: &Settings) -> Exposure {
        Exposure {
            mode: settings.mode,
            peers: settings.peers.clone(),
            hosts: settings.hosts.clone(),
            proxies: settings.proxies.clone(),
            proxy_header: settings.proxy_header,
            cors_origins: settings.cors_origins.clone(),
            tls: settings.tls.is_some(),
        }
    }

    /// Judges a request.
    ///
    /// # Errors
    /// It must not be looked at.
    pub fn judge(&self, facts: &Facts<impl AsRef<str>>) -> Result<Visitor, Refusal> {
        let sender = facts.sender.unwrap_or(peer::NOBODY).to_canonical();
        let (address, https) = self.client(sender, facts);
        if self.mode == Mode::Lan && !peer::is_private(address) && !self.peers.contain(address) {
            return Err(Refusal::Peer(address));
        }
        if let Some(host) = facts.hosts().find(|host| !self.answers_to(host)) {
            return Err(Refusal::Host(host.to_owned()));
        }
        let page = self.page(facts, https);
        let secure = https || self.mode == Mode::Internet;
        let cookies = self.believes_cookies(facts, page);
        let visitor = Visitor { address, page, cookies, secure, https, near: false };
        let near = self.mode == Mode::Lan && peer::is_private(sender) && !facts.is_forwarded();
        Ok(Visitor { near: near && !visitor.is_foreign(), ..visitor })
    }

    /// Whose address it is, and whether HTTPS was spoken with it.
    fn client(&self, sender: IpAddr, facts: &Facts<impl AsRef<str>>) -> (IpAddr, bool) {
        if !self.proxies.contain(sender) {
            return (sender, self.tls);
        }
        let proxied = match self.proxy_header {
            ProxyHeader::XForwardedFor => forwarded::x_forwarded(sender, facts, &self.proxies),
            ProxyHeader::Forwarded => forwarded::forwarded(sender, facts, &self.proxies),
        };
        (proxied.address, proxied.https.unwrap_or(self.tls))
    }
}
