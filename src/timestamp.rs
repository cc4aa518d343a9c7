//! A moment in time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Iso8601;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment `duration` earlier, or the beginning of time.
    pub fn before(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(duration.as_millis() as u64))
    }

    /// The moment `duration` later.
    pub fn after(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(duration.as_millis() as u64))
    }

    /// Reads ISO 8601: `2026-01-31`, `2026-01-31T12:00Z`, `2026-01-31T13:00:00.5+01:00`. A day
    /// begins at midnight; what says no zone is in UTC. What is before 1970 is 1970; `None` for
    /// what is no moment.
    pub fn parse_iso(text: &str) -> Option<Timestamp> {
        let format = &Iso8601::PARSING;
        let moment = OffsetDateTime::parse(text, format)
            .or_else(|_| PrimitiveDateTime::parse(text, format).map(PrimitiveDateTime::assume_utc))
            .or_else(|_| Date::parse(text, format).map(|day| day.midnight().assume_utc()));
        let milliseconds = moment.ok()?.unix_timestamp_nanos() / 1_000_000;
        Some(Timestamp(milliseconds.max(0).try_into().ok()?))
    }

    /// ISO 8601 in UTC with milliseconds: `2026-01-31T23:59:59.123Z`.
    pub fn to_iso(self) -> String {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds() {
        assert_eq!(Timestamp(0).to_iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(1_767_225_599_007).to_iso(), "2025-12-31T23:59:59.007Z");
    }
    #[test]
    fn a_moment_is_read_as_it_is_written_elsewhere() {
        for (text, wanted) in [
            ("2025-12-31T23:59:59.007Z", Some(1_767_225_599_007)),
            ("2026-01-01T00:59:59.007+01:00", Some(1_767_225_599_007)),
            ("2025-12-31T23:59:59.007", Some(1_767_225_599_007)),
            ("2025-12-31T23:59Z", Some(1_767_225_540_000)),
            ("2025-12-31", Some(1_767_139_200_000)),
            ("1969-12-31", Some(0)),
            ("", None),
            ("yesterday", None),
            ("2025-13-01", None),
            ("2025-12-31T25:00Z", None),
            ("2025-12-31Z", None),
        ] {
            assert_eq!(Timestamp::parse_iso(text), wanted.map(Timestamp), "{text:?}");
        }
    }
}
