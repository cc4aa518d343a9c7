//! Guessing of passwords, slowed down.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use governor::clock::{Clock, MonotonicClock};
use parking_lot::Mutex;

use super::RetryAfter;
use super::bucket::Bucket;
use super::network::network;
use super::table::Table;
use crate::cluster::{Cluster, Says};
use crate::config::RateLimits;

/// Addresses of owners that are remembered.
const CAPACITY: usize = 1 << 16;

/// Lets logins through to the hash of the password, or says when to come back.
///
/// Every login counts when it is let in, so that many at once are no way around; one that
/// succeeds is taken back. There are three limits, and each is asked only when those before it
/// let the login in:
///
/// 1. one name from one address: what a person who does not remember needs;
/// 2. one address, whatever the names: against one password tried on everybody;
/// 3. one name from everywhere: against many machines. It does not hold for the addresses from
///    which the owner has logged in, so those who guess cannot lock the owner out.
///
/// A name is counted the same whether it is anybody's or not. What was wrong on another node
/// counts here too.
#[derive(Debug)]
pub struct LoginGate<C: Clock = MonotonicClock> {
    pairs: Bucket<C>,
    addresses: Bucket<C>,
    names: Bucket<C>,
    owners: Mutex<Owners>,
    hasher: RandomState,
    /// The other nodes; none where this one is alone.
    pub(super) others: OnceLock<Arc<Cluster>>,
}

/// From where owners have logged in, the latest with the highest number.
#[derive(Debug)]
struct Owners {
    known: Table,
    latest: u64,
}

impl<C: Clock + Clone> LoginGate<C> {
    /// The gate with these limits, by another clock.
    pub fn with_clock(limits: &RateLimits, clock: C) -> LoginGate<C> {
        LoginGate {
            pairs: Bucket::new(limits.failed_logins, clock.clone()),
            addresses: Bucket::new(limits.failed_logins_per_address, clock.clone()),
            names: Bucket::new(limits.failed_logins_per_name, clock),
            owners: Mutex::new(Owners { known: Table::new(CAPACITY), latest: 0 }),
            hasher: RandomState::new(),
            others: OnceLock::new(),
        }
    }

    /// Whether the password of somebody who says to be `name` may be looked at now. `name` is the
    /// key of the name, so that no other spelling gives further guesses.
    ///
    /// # Errors
    /// Too many were wrong. Answer 429, and look at nothing.
    pub fn admit(&self, name: &str, peer: IpAddr) -> Result<(), RetryAfter> {
        let from = network(peer);
        self.pairs.take(&(name, from))?;
        self.addresses.take(&from)?;
        if self.is_owner(name, from) {
            return Ok(());
        }
        self.names.take(&name)
    }

    /// The password was right: what was counted against `name` and `peer` is taken back.
    pub fn succeeded(&self, name: &str, peer: IpAddr) {
        let from = network(peer);
        let was_owner = self.is_owner(name, from);
        self.pairs.forget(&(name, from));
        // Only this one: whoever has an account himself would wipe his slate with it.
        self.addresses.give_back(&from);
        if !was_owner {
            self.names.give_back(&name);
        }
        self.owns(name, from);
        if let Some(others) = self.others.get() {
            others.say(Says::RightLogin { name: name.to_owned(), from });
        }
    }

    /// The password was wrong, which the other nodes are told.
    pub fn failed(&self, name: &str, peer: IpAddr) {
        if let Some(others) = self.others.get() {
            others.say(Says::WrongLogin { name: name.to_owned(), from: network(peer) });
        }
    }

    /// On another node a password was wrong: it counts as one that was let in here.
    pub(super) fn failed_elsewhere(&self, name: &str, from: IpAddr) {
        // Whoever is over a limit is over it already.
        let _ = self.pairs.take(&(name, from));
        let _ = self.addresses.take(&from);
        if !self.is_owner(name, from) {
            let _ = self.names.take(&name);
        }
    }

    /// On another node the password was right. It was not counted here.
    pub(super) fn succeeded_elsewhere(&self, name: &str, from: IpAddr) {
        self.pairs.forget(&(name, from));
        self.owns(name, from);
    }

    fn owns(&self, name: &str, from: IpAddr) {
        let mut owners = self.owners.lock();
        owners.latest += 1;
        let latest = owners.latest;
        owners.known.set(self.hasher.hash_one((name, from)), latest, 0);
    }

    fn is_owner(&self, name: &str, from: IpAddr) -> bool {
        self.owners.lock().known.get(self.hasher.hash_one((name, from))).is_some()
    }

    /// Entries in all tables, which are bounded.
    pub fn remembered(&self) -> usize {
        let counted = self.pairs.len() + self.addresses.len() + self.names.len();
        counted + self.owners.lock().known.len()
    }
}
