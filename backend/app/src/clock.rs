//! The time of day, as the database keeps it.

/// Seconds since 1970.
pub(crate) fn unix_seconds() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}
