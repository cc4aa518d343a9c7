//! One limit: what each key may do, how often.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;

use super::RetryAfter;
use super::table::Table;
use crate::config::Rate;

/// Keys that one limit remembers: some 2 MiB.
const CAPACITY: usize = 1 << 16;

/// A limit that many keys have, each for itself.
#[derive(Debug)]
pub(super) struct Bucket<C: Clock> {
    limiter: RateLimiter<u64, Store, C, NoOpMiddleware<C::Instant>>,
    store: Store,
    hasher: RandomState,
}

impl<C: Clock> Bucket<C> {
    pub(super) fn new(rate: Rate, clock: C) -> Bucket<C> {
        let pause = (rate.time / rate.count.get()).max(Duration::from_nanos(1));
        // A period that is not nothing always makes a quota.
        let quota = Quota::with_period(pause).unwrap_or_else(|| Quota::per_second(rate.count));
        let table = Arc::new(Mutex::new(Table::new(CAPACITY)));
        let store = Store { table, pause: Nanos::from(pause).as_u64() };
        let limiter = RateLimiter::new(quota.allow_burst(rate.count), store.clone(), clock);
        Bucket { limiter, store, hasher: RandomState::new() }
    }

    /// Does it once more, unless it was done too often.
    pub(super) fn take(&self, key: &impl Hash) -> Result<(), RetryAfter> {
        self.limiter
            .check_key(&self.hash(key))
            .map_err(|refused| RetryAfter::new(refused.wait_time_from(self.limiter.clock().now())))
    }

    /// As if it had been done once less.
    pub(super) fn give_back(&self, key: &impl Hash) {
        let key = self.hash(key);
        let mut table = self.store.table.lock();
        if let Some(due) = table.get(key) {
            table.set(key, due.saturating_sub(self.store.pause), 0);
        }
    }

    /// As if it had never been done.
    pub(super) fn forget(&self, key: &impl Hash) {
        self.store.table.lock().forget(self.hash(key));
    }

    /// Keys that are remembered.
    pub(super) fn len(&self) -> usize {
        self.store.table.lock().len()
    }

    /// Names are as long as a client likes; and as nobody knows the hash, nobody can make two of
    /// them meet.
    fn hash(&self, key: &impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }
}

/// Where the limiter keeps, for each key, when all of its debt is paid.
#[derive(Debug, Clone)]
struct Store {
    table: Arc<Mutex<Table>>,
    /// The time that one costs, in nanoseconds.
    pause: u64,
}

impl StateStore for Store {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut table = self.table.lock();
        let old = table.get(*key);
        let (value, new) = measure(old.map(Nanos::new))?;
        // For a new key this is now, and whatever is paid by now is like a new key.
        let now = new.as_u64().saturating_sub(self.pause);
        table.set(*key, new.as_u64(), if old.is_none() { now } else { 0 });
        Ok(value)
    }
}
