//! How far the server's clock is ahead of ours, from the `Date` headers of the collector's answers.
//!
//! Such a date is cut to seconds: the server's time lay between `D` and `D + 1 s`, at some moment between our asking and
//! the arrival of the headers. So each answer says that the offset is no less than `D − received` and no more than
//! `D + 1 s − sent`. All answers together say more: what all of them allow. When they no longer agree, a clock was set, or
//! has drifted, and the last one counts.
//!
//! Only the answers of the page's own origin show their date, or those that expose it by CORS.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::Cell;
use std::time::Duration;

use throughline_core::names::throughline;
use throughline_core::otlp::{Any, Attributes, Max};

use super::{from_millis, nanos};

/// The offsets that are possible, in nanoseconds. Known once there is an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offset {
    /// The anchor by whose clock they are.
    origin: u64,
    least: i64,
    most: i64,
}

thread_local! {
    static OFFSET: Cell<Offset> = const { Cell::new(Offset { origin: 0, least: 0, most: 0 }) };
}

/// An answer with this date (milliseconds since 1970, or no number) was asked for at this monotonic time, and is there.
pub(crate) fn observe(date: f64, sent: Duration) {
    if !date.is_nan() {
        let origin = super::anchor().origin;
        let received = super::monotonic_nanos();
        let answer = Offset::of(origin, from_millis(date), nanos(sent), received);
        OFFSET.set(OFFSET.get().and(answer));
    }
}

/// Records what is known on a root span.
#[expect(clippy::cast_precision_loss, reason = "finer than any clock of a page")]
pub(crate) fn set(attributes: &mut Attributes, max: Max) {
    let Offset {
        origin,
        least,
        most,
    } = OFFSET.get();
    if origin > 0 {
        let middle = least.wrapping_add(most) as f64 / 2e6;
        let either_side = most.wrapping_sub(least) as f64 / 2e6;
        for (key, value) in [
            (throughline::CLOCK_OFFSET_MS, middle),
            (throughline::CLOCK_UNCERTAINTY_MS, either_side),
        ] {
            attributes.set(key, &Any::Double(value), max);
        }
    }
}

// === impl Offset ===

impl Offset {
    /// What one answer allows. Wrapping: a date is whatever the server says.
    fn of(origin: u64, date: u64, sent: u64, received: u64) -> Self {
        let date = date.wrapping_sub(origin);
        Self {
            origin,
            least: date.wrapping_sub(received).cast_signed(),
            most: date
                .wrapping_add(1_000_000_000)
                .wrapping_sub(sent)
                .cast_signed(),
        }
    }

    /// What both allow, or else what the later allows.
    fn and(self, later: Self) -> Self {
        let least = self.least.max(later.least);
        let most = self.most.min(later.most);
        if self.origin == later.origin && least <= most {
            Self {
                least,
                most,
                ..later
            }
        } else {
            later
        }
    }
}
