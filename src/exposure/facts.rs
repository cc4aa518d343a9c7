//! What a request says of itself, as far as it is judged by it.

use std::net::IpAddr;

/// What a request says of itself. `V` is the value of a header.
#[derive(Debug)]
pub struct Facts<V> {
    /// The address that the connection comes from.
    pub sender: Option<IpAddr>,
    /// Whether it may change something: not GET, HEAD or OPTIONS, or a request of Socket.IO,
    /// which opens a session whatever its method.
    pub acts: bool,
    pub(super) host: Option<V>,
    pub(super) origin: Option<V>,
    pub(super) referer: Option<V>,
    pub(super) fetch_site: Option<V>,
    pub(super) fetch_mode: Option<V>,
    pub(super) fetch_dest: Option<V>,
    pub(super) forwarded_proto: Option<V>,
    /// In the order of the request.
    pub(super) x_forwarded_for: Vec<V>,
    pub(super) forwarded: Vec<V>,
    /// Further headers that only proxies write.
    pub(super) proxied: bool,
    /// A header is there twice that is to be there once, such as a second `Host`: whoever reads
    /// the other one sees another request.
    pub(super) doubtful: bool,
    /// Further values of `Host`.
    pub(super) more_hosts: Vec<V>,
}

impl<V: AsRef<str>> Facts<V> {
    /// What the connection says, before any header.
    pub fn new(sender: Option<IpAddr>, acts: bool) -> Facts<V> {
        Facts {
            sender,
            acts,
            host: None,
            origin: None,
            referer: None,
            fetch_site: None,
            fetch_mode: None,
            fetch_dest: None,
            forwarded_proto: None,
            x_forwarded_for: Vec::new(),
            forwarded: Vec::new(),
            proxied: false,
            doubtful: false,
            more_hosts: Vec::new(),
        }
    }

    /// Takes a header in.
    pub fn hear(&mut self, name: &str, value: V) {
        // Most headers are told apart by their length alone.
        let is = |known: &str| name.len() == known.len() && name.eq_ignore_ascii_case(known);
        let slot = match name.len() {
            4 if is("Host") => {
                if self.host.is_some() {
                    self.more_hosts.push(value);
                    self.doubtful = true;
                    return;
                }
                &mut self.host
            }
            6 if is("Origin") => &mut self.origin,
            7 if is("Referer") => &mut self.referer,
            9 if is("Forwarded") => return self.forwarded.push(value),
            9 if is("X-Real-IP") => {
                self.proxied = true;
                return;
            }
            14 if is("Sec-Fetch-Site") => &mut self.fetch_site,
            14 if is("Sec-Fetch-Mode") => &mut self.fetch_mode,
            14 if is("Sec-Fetch-Dest") => &mut self.fetch_dest,
            15 if is("X-Forwarded-For") => return self.x_forwarded_for.push(value),
            // Each proxy on the way says how it was asked; the nearest, how it was.
            17 if is("X-Forwarded-Proto") => {
                self.forwarded_proto = Some(value);
                return;
            }
            _ => return,
        };
        self.doubtful |= slot.is_some();
        slot.get_or_insert(value);
    }

    /// Whether a proxy says that it asks for somebody else. Anybody can say so, and gains nothing.
    pub(super) fn is_forwarded(&self) -> bool {
        self.proxied
            || self.forwarded_proto.is_some()
            || !self.x_forwarded_for.is_empty()
            || !self.forwarded.is_empty()
    }

    /// Every value of `Host`.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.host.iter().chain(&self.more_hosts).map(V::as_ref)
    }
}

/// The text of a header that may be missing.
pub(super) fn text<V: AsRef<str>>(value: &Option<V>) -> Option<&str> {
    value.as_ref().map(V::as_ref)
}
