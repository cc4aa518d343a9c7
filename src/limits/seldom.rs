//! What must not be said too often.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Times a minute.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// A line of the log that anybody can cause, ten times a minute at most.
#[derive(Debug)]
pub struct Seldom(DefaultDirectRateLimiter);

impl Default for Seldom {
    fn default() -> Seldom {
        Seldom(RateLimiter::direct(Quota::per_minute(A_MINUTE)))
    }
}

impl Seldom {
    /// Whether it may be said now.
    pub fn may(&self) -> bool {
        self.0.check().is_ok()
    }
}
