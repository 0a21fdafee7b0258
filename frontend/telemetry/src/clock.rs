//! The clock: durations from the Performance API, wall time anchored to it and repaired after sleep.
//!
//! `performance.now()` is monotonic and finer than a millisecond, but on several systems it stands still while the
//! machine sleeps. `Date.now()` knows the time of day, in whole milliseconds, and jumps when somebody sets it. So all
//! times of one trace are `anchor + performance.now()`, and each new trace asks whether the anchor still holds.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use web_sys::Performance;

use crate::page;

/// How far the two clocks may drift apart before new traces take the time of `Date.now()`. Well above its
/// granularity and the usual slewing, well below what misplaces a span in a trace.
const MAX_DRIFT: Duration = Duration::from_millis(200);

/// What `performance.now()` = 0 is in wall time, for the spans of one trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    origin: Duration,
}

thread_local! {
    static PERFORMANCE: Option<Performance> = page::window().and_then(|window| window.performance());
    static ANCHOR: Cell<Option<Anchor>> = const { Cell::new(None) };
}

/// The monotonic time: since the page began.
pub(crate) fn monotonic() -> Duration {
    PERFORMANCE.with(|performance| {
        performance
            .as_ref()
            .map_or_else(date, |it| millis(it.now()))
    })
}

/// The anchor for a new trace, repaired if the machine slept or its clock was set.
pub(crate) fn anchor() -> Anchor {
    let anchor = ANCHOR.get().unwrap_or_else(Anchor::of_page);
    let anchor = anchor.repaired(monotonic(), date());
    ANCHOR.set(Some(anchor));
    anchor
}

/// A time that a caller gave, in nanoseconds since 1970.
///
/// The API reads `Date.now()` itself where it hides a span's type (`BoxedSpan::end`, `SpanRef::add_event`). Such a
/// reading of this very moment, cut to milliseconds and possibly before the span's start, is replaced by ours.
pub(crate) fn given(time: SystemTime, anchor: Anchor) -> u64 {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    if is_reading_of_date(time, date()) {
        anchor.unix_nanos(monotonic())
    } else {
        nanos(time)
    }
}

/// Nanoseconds since 1970 as the API wants them.
pub(crate) fn system_time(unix_nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(unix_nanos)
}

fn date() -> Duration {
    millis(js_sys::Date::now())
}

fn is_reading_of_date(time: Duration, date: Duration) -> bool {
    time.subsec_nanos().is_multiple_of(1_000_000) && time.abs_diff(date) <= Duration::from_millis(2)
}

fn millis(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

// === impl Anchor ===

impl Anchor {
    fn of_page() -> Self {
        let origin = PERFORMANCE
            .with(|performance| performance.as_ref().map(|it| millis(it.time_origin())))
            .unwrap_or_default();
        Self { origin }
    }

    /// The wall time of a monotonic time, in nanoseconds since 1970.
    pub(crate) fn unix_nanos(self, at: Duration) -> u64 {
        nanos(self.origin.saturating_add(at))
    }

    /// This anchor if it still tells the time of `date` at the monotonic time `at`, else one that does.
    fn repaired(self, at: Duration, date: Duration) -> Self {
        if self.origin.saturating_add(at).abs_diff(date) <= MAX_DRIFT {
            self
        } else {
            Self {
                origin: date.saturating_sub(at),
            }
        }
    }
}
