//! A hash table that cannot be iterated, so that hash order cannot reach a verdict.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Look-up by key, and nothing else.
#[derive(Debug)]
pub(super) struct Index<K, V>(HashMap<K, V>);

impl<K: Eq + Hash, V> Index<K, V> {
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.0.insert(key, value);
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.0.remove(key);
    }
}

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Index(HashMap::new())
    }
}
