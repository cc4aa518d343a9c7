//! The time of day, read in one place.

use std::time::SystemTime;

use crate::timestamp::Timestamp;

/// The moment now, as the system has it. It may jump; the node keeps entries in order.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(since.as_millis() as u64)
}
