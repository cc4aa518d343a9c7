//! A bounded table of numbers, which forgets the smallest when it is full.

use std::collections::HashMap;

/// Entries below which nothing is cleared away.
const FEW: usize = 1024;

/// Numbers under keys that are hashes.
///
/// Never more than its capacity: when it is full, the half with the smaller numbers is forgotten.
/// As those are the ones that owe least, or were used longest ago, whoever fills the table frees
/// no one who matters.
#[derive(Debug)]
pub(super) struct Table {
    numbers: HashMap<u64, u64>,
    capacity: usize,
    /// When this many are there, the worthless ones are looked for.
    sweep_at: usize,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Table {
        Table { numbers: HashMap::new(), capacity, sweep_at: FEW.min(capacity) }
    }

    pub(super) fn get(&self, key: u64) -> Option<u64> {
        self.numbers.get(&key).copied()
    }

    /// Sets a number. Numbers of at most `worthless` may be forgotten.
    pub(super) fn set(&mut self, key: u64, number: u64, worthless: u64) {
        if self.numbers.len() >= self.sweep_at && !self.numbers.contains_key(&key) {
            self.numbers.retain(|_, number| *number > worthless);
            if self.numbers.len() >= self.capacity {
                self.halve();
            }
            self.numbers.shrink_to(FEW);
            self.sweep_at = (self.numbers.len() * 2).clamp(FEW.min(self.capacity), self.capacity);
        }
        self.numbers.insert(key, number);
    }

    pub(super) fn forget(&mut self, key: u64) {
        self.numbers.remove(&key);
    }

    fn halve(&mut self) {
        // The key decides between equal numbers.
        let mut all: Vec<_> = self.numbers.iter().map(|(key, number)| (*number, *key)).collect();
        let middle = all.len() / 2;
        let (_, &mut middle, _) = all.select_nth_unstable(middle);
        self.numbers.retain(|key, number| (*number, *key) > middle);
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_forgets_the_smaller_half() {
        let mut table = Table::new(100);
        for key in 1..=100 {
            table.set(key, key * 10, 0);
        }
        assert_eq!(table.len(), 100);
        table.set(101, 5, 0);
        assert_eq!((table.get(100), table.get(1), table.get(101)), (Some(1000), None, Some(5)));
        assert!(table.len() <= 51, "{}", table.len());
    }

    #[test]
    fn equal_numbers_do_not_keep_a_table_full() {
        let mut table = Table::new(100);
        for key in 0..1000 {
            table.set(key, 7, 0);
            assert!(table.len() <= 100, "{}", table.len());
        }
    }

    #[test]
    fn what_is_worthless_goes_first() {
        let mut table = Table::new(4 * FEW);
        for key in 0..FEW as u64 {
            table.set(key, 1, 0);
        }
        table.set(u64::MAX, 2, 1);
        assert_eq!((table.len(), table.get(u64::MAX)), (1, Some(2)));
    }
}
