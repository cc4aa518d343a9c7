//! Places where a test may have the process end, as if somebody had killed it there.
//!
//! `FAULT_POINT=NAME:COUNT` ends it when the place of this name is passed for the `COUNT`th
//! time. Programs built for use have none of it.

#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
        let wanted = std::env::var("FAULT_POINT").ok()?;
        let (name, count) = wanted.split_once(':')?;
        Some((name.to_owned(), AtomicU32::new(count.parse().ok()?)))
    });
    if let Some((wanted, left)) = &*WANTED
        && wanted == name
        && left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        eprintln!("fault: {name}");
        // No destructor runs, nothing is flushed.
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) fn point(_: &str) {}
