//! A place where a test may have one node apply an entry in its own way, to see it noticed.
//!
//! `FAULT_DIVERGE=N` does it with the `N`th entry that the process applies. Programs built for use
//! have none of it.

use crate::state::State;

#[cfg(debug_assertions)]
pub(super) fn here(state: &mut State) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: LazyLock<Option<u64>> =
        LazyLock::new(|| std::env::var("FAULT_DIVERGE").ok()?.parse().ok());
    static APPLIED: AtomicU64 = AtomicU64::new(0);
    if let Some(wanted) = *WANTED
        && APPLIED.fetch_add(1, Ordering::Relaxed) + 1 == wanted
    {
        state.skip_one_id();
    }
}

#[cfg(not(debug_assertions))]
pub(super) fn here(_: &mut State) {}
