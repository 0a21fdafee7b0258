//! Time as the pipeline keeps it: one number, where a `Duration` is two with a carry between them.

use std::time::Duration;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Nanoseconds, 584 years at most: so there is one number left that is later than any time.
#[inline(never)]
pub(super) fn nanos(time: Duration) -> u64 {
    match time.as_secs() {
        seconds if seconds < u64::MAX / NANOS_PER_SECOND => {
            seconds * NANOS_PER_SECOND + u64::from(time.subsec_nanos())
        }
        _ => u64::MAX - 1,
    }
}
