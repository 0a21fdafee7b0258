//! The clock: durations from the Performance API, wall time anchored to it and repaired after sleep.
//!
//! `performance.now()` is monotonic and finer than a millisecond, but on several systems it stands still while the
//! machine sleeps. `Date.now()` knows the time of day, in whole milliseconds, and jumps when somebody sets it. So all
//! times of one trace are `anchor + performance.now()`, and each new trace asks whether the anchor still holds. Sleep and
//! a clock that is set, to either side, so move whole traces, never a span within its trace.

#[cfg(feature = "clock-offset")]
pub(crate) mod offset;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::TraceId;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Performance;

use crate::interaction::roots;
use crate::page;

/// How far the two clocks may drift apart before new traces take the time of `Date.now()`. Well above its
/// granularity and the usual slewing, well below what misplaces a span in a trace.
const MAX_DRIFT: u64 = 200_000_000;

/// What `performance.now()` = 0 is in wall time, for the spans of one trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// Nanoseconds since 1970.
    origin: u64,
}

/// How many traces are remembered by their clocks. Of an older one, whose root is over, a span that starts after a
/// repair has the repaired time.
const REMEMBERED_TRACES: usize = 64;

/// The clocks of the last traces. A table of its own: a trace may go on when its root has ended.
struct Traces {
    last: [(TraceId, Anchor); REMEMBERED_TRACES],
    next: usize,
}

thread_local! {
    /// Kept, because the page's property is a getter that takes longer than the clock; and never dropped, because what is
    /// asks at each use whether it has been.
    static PERFORMANCE: ManuallyDrop<OnceCell<JsValue>> = const { ManuallyDrop::new(OnceCell::new()) };
    static ANCHOR: Cell<Option<Anchor>> = const { Cell::new(None) };
    static TRACES: RefCell<Traces> = const { RefCell::new(Traces::NONE) };
}

/// The monotonic time: since the page began.
pub(crate) fn monotonic() -> Duration {
    Duration::from_nanos(monotonic_nanos())
}

/// The same in nanoseconds. 0 where there is no JavaScript.
#[inline(never)]
pub(crate) fn monotonic_nanos() -> u64 {
    match page::IS_BROWSER {
        true => PERFORMANCE.with(|kept| {
            let performance = kept.get_or_init(|| page::global("performance"));
            from_millis(performance.unchecked_ref::<Performance>().now())
        }),
        false => 0,
    }
}

/// The anchor for a new trace, repaired if the machine slept or its clock was set.
#[allow(dead_code, reason = "for some features")]
pub(crate) fn anchor() -> Anchor {
    anchor_at(monotonic_nanos())
}

/// [`anchor`], where the monotonic time is known.
///
/// A task does not notice that the machine sleeps. If a span has ended in this one, the date has been asked for in it: to
/// ask again takes as long as a good part of a span.
fn anchor_at(now: u64) -> Anchor {
    let anchor = match ANCHOR.get() {
        Some(anchor) if roots::is_settling_queued() => return anchor,
        Some(anchor) => anchor,
        None => Anchor::of_page(),
    };
    let anchor = anchor.repaired(now, date());
    ANCHOR.set(Some(anchor));
    anchor
}

/// The clock of a trace that begins now: [`anchor`], and the same for all its spans, whatever is repaired meanwhile.
pub(crate) fn begin(trace_id: TraceId, now: u64) -> Anchor {
    let anchor = anchor_at(now);
    traces(|it| it.remember(trace_id, anchor));
    anchor
}

/// The clock of a trace. One that is not remembered is taken to begin now.
pub(crate) fn anchor_of(trace_id: TraceId, now: u64) -> Anchor {
    let known = traces(|it| it.find(trace_id)).flatten();
    known.unwrap_or_else(|| begin(trace_id, now))
}

fn traces<T>(f: impl FnOnce(&mut Traces) -> T) -> Option<T> {
    TRACES.with(|traces| traces.try_borrow_mut().ok().map(|mut it| f(&mut it)))
}

/// Nanoseconds since 1970 of a time that a caller gave, or of now.
///
/// The API reads `Date.now()` itself where it hides a span's type (`BoxedSpan::end`, `SpanRef::add_event`). Such a
/// reading of this very moment, cut to milliseconds and possibly before the span's start, is replaced by ours.
pub(crate) fn at(time: Option<SystemTime>, now: u64) -> u64 {
    let time = time.map(|it| nanos(it.duration_since(UNIX_EPOCH).unwrap_or_default()));
    // The trace's own clock mostly agrees, and has been read.
    match time {
        Some(time) if !is_reading_of_date(time, now) && !is_reading_of_date(time, date()) => time,
        _ => now,
    }
}

/// Nanoseconds since 1970 as the API wants them.
pub(crate) fn system_time(unix_nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(unix_nanos)
}

/// The time of day, in nanoseconds since 1970: whole milliseconds.
pub(crate) fn date() -> u64 {
    match page::IS_BROWSER {
        true => from_millis(js_sys::Date::now()),
        false => 0,
    }
}

fn is_reading_of_date(time: u64, date: u64) -> bool {
    time.is_multiple_of(1_000_000) && time.abs_diff(date) <= 2_000_000
}

/// Nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is negative or no number becomes 0"
)]
pub(crate) fn from_millis(millis: f64) -> u64 {
    (millis * 1e6) as u64
}

fn nanos(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos())
}

// === impl Traces ===

impl Traces {
    const NONE: Self = Self {
        last: [(TraceId::INVALID, Anchor { origin: 0 }); REMEMBERED_TRACES],
        next: 0,
    };

    fn find(&self, trace_id: TraceId) -> Option<Anchor> {
        let known = self.last.iter().find(|(known, _)| *known == trace_id);
        known.map(|(_, anchor)| *anchor)
    }

    fn remember(&mut self, trace_id: TraceId, anchor: Anchor) {
        if let Some(oldest) = self.last.get_mut(self.next) {
            *oldest = (trace_id, anchor);
        }
        self.next = (self.next + 1) % REMEMBERED_TRACES;
    }
}

// === impl Anchor ===

impl Anchor {
    fn of_page() -> Self {
        let origin = match page::IS_BROWSER {
            true => page::number(&page::global("performance"), "timeOrigin"),
            false => 0.0,
        };
        Self {
            origin: from_millis(origin),
        }
    }

    /// Now, in nanoseconds since 1970.
    pub(crate) fn now(self) -> u64 {
        self.unix_nanos(monotonic_nanos())
    }

    /// The wall time of a monotonic time, in nanoseconds since 1970.
    pub(crate) fn unix_nanos(self, at: u64) -> u64 {
        self.origin.saturating_add(at)
    }

    /// This anchor if it still tells the time of `date` at the monotonic time `at`, else one that does.
    fn repaired(self, at: u64, date: u64) -> Self {
        if self.origin.saturating_add(at).abs_diff(date) <= MAX_DRIFT {
            self
        } else {
            Self {
                origin: date.saturating_sub(at),
            }
        }
    }
}
