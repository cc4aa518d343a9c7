//! How often something may be asked for: named limits per user or per address.
//!
//! Limits are soft: they are not in the log, and are forgotten when the server stops. Whoever is
//! over one is told when to come back, by [`RetryAfter`]. The tables are bounded.
//!
//! Reading order: `table` is what is remembered, `bucket` one limit, `network` what counts as an
//! address; `logins` guards passwords, `seldom` the log; `shared` makes the limits on wrong
//! passwords those of all nodes, while the others are each node's own.

mod bucket;
mod logins;
mod network;
mod seldom;
mod shared;
mod table;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};

use crate::config::{Mode, Rate, RateLimit, Settings};
use bucket::Bucket;
pub use logins::LoginGate;
pub use seldom::Seldom;
pub use shared::share;

/// It was done too often; when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(Duration);

impl RetryAfter {
    /// For the documentation.
    pub const EXAMPLE: RetryAfter = RetryAfter(Duration::from_secs(20));

    fn new(wait: Duration) -> RetryAfter {
        RetryAfter(wait)
    }

    /// The value of the `Retry-After` header: whole seconds, at least one.
    pub fn seconds(self) -> u64 {
        (self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)).max(1)
    }
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A name is taken.
    Register,
    /// An account is made.
    AuthRegister,
    /// A message is sent.
    Send,
    /// A room, a project, a conversation is made.
    CreateRoom,
    /// A file is brought.
    Upload,
}

/// All limits.
#[derive(Debug)]
pub struct Limits<C: Clock = MonotonicClock> {
    logins: LoginGate<C>,
    register: Limit<C>,
    auth_register: Limit<C>,
    send: Limit<C>,
    create_room: Limit<C>,
    upload: Limit<C>,
}

/// The limits on one action; none where it may be done as often as one likes.
#[derive(Debug)]
struct Limit<C: Clock> {
    per_user: Option<Bucket<C>>,
    per_address: Option<Bucket<C>>,
}

impl Limits {
    /// The limits of the settings.
    pub fn new(settings: &Settings) -> Limits {
        Limits::with_clock(settings, MonotonicClock)
    }
}

impl<C: Clock + Clone> Limits<C> {
    /// The limits of the settings, by another clock.
    pub fn with_clock(settings: &Settings, clock: C) -> Limits<C> {
        let rates = &settings.rate_limits;
        let bucket = |limit, (count, seconds): (u32, u64)| {
            let auto = Rate {
                count: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN),
                time: Duration::from_secs(seconds),
            };
            let rate = match (limit, settings.mode) {
                (RateLimit::Of(rate), _) => rate,
                (RateLimit::Auto, Mode::Internet) => auto,
                (RateLimit::Auto, Mode::Lan) | (RateLimit::Off, _) => return None,
            };
            Some(Bucket::new(rate, clock.clone()))
        };
        Limits {
            logins: LoginGate::with_clock(rates, clock.clone()),
            register: Limit {
                per_user: None,
                per_address: bucket(rates.register_per_address, (100, 600)),
            },
            auth_register: Limit {
                per_user: None,
                per_address: bucket(rates.auth_register_per_address, (20, 600)),
            },
            send: Limit {
                per_user: bucket(rates.send_per_user, (100, 30)),
                per_address: bucket(rates.send_per_address, (1000, 30)),
            },
            create_room: Limit {
                per_user: bucket(rates.create_room_per_user, (30, 600)),
                per_address: bucket(rates.create_room_per_address, (300, 600)),
            },
            upload: Limit {
                per_user: bucket(rates.upload_per_user, (60, 600)),
                per_address: bucket(rates.upload_per_address, (300, 600)),
            },
        }
    }

    /// What passwords go through.
    pub fn logins(&self) -> &LoginGate<C> {
        &self.logins
    }

    /// Whether `user`, a name's key that was proven as far as the settings ask for it, may do
    /// something once more from `peer`. `None` is somebody who is nobody yet.
    ///
    /// # Errors
    /// It was done too often.
    pub fn admit(
        &self,
        action: Action,
        user: Option<&str>,
        peer: IpAddr,
    ) -> Result<(), RetryAfter> {
        let limit = match action {
            Action::Register => &self.register,
            Action::AuthRegister => &self.auth_register,
            Action::Send => &self.send,
            Action::CreateRoom => &self.create_room,
            Action::Upload => &self.upload,
        };
        // The narrower limit first: one user who is over his does not use up that of others at
        // the same address.
        if let (Some(bucket), Some(user)) = (&limit.per_user, user) {
            bucket.take(&user)?;
        }
        match &limit.per_address {
            Some(bucket) => bucket.take(&network::network(peer)),
            None => Ok(()),
        }
    }
}
