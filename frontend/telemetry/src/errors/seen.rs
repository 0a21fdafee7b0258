//! How many exceptions are told of.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::Cell;

use super::{Exception, MAX_ERRORS};
use crate::logs::severity::FATAL;

/// Panics that one page tells of, beside its other exceptions: a module that has panicked is called again by its timers.
const MAX_PANICS: usize = 10;

/// Where the look of an exception begins, and what each byte adds to it (FNV-1a, 64 bits).
const LOOK: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x100_0000_01b3);

#[derive(Clone, Copy)]
struct Seen {
    errors_left: usize,
    panics_left: usize,
    /// What the last one looked like.
    last: u64,
    /// How many times in a row that has happened.
    occurrences: u32,
}

thread_local! {
    static SEEN: Cell<Seen> = const { Cell::new(Seen::new(MAX_ERRORS)) };
}

pub(super) fn set_max(max_errors: usize) {
    SEEN.set(Seen::new(max_errors));
}

/// Counts an exception. `None` if it is not to be told of, else how many times in a row it has happened.
pub(super) fn count(exception: &Exception, severity: u8) -> Option<u32> {
    let mut seen = SEEN.get();
    let occurrences = seen.count(exception, severity);
    SEEN.set(seen);
    occurrences
}

// === impl Seen ===

impl Seen {
    const fn new(max_errors: usize) -> Self {
        Self {
            errors_left: max_errors,
            panics_left: MAX_PANICS,
            last: 0,
            occurrences: 0,
        }
    }

    /// Of those that happen again and again, the 1st, 2nd, 4th, 8th … are told of: that needs no end to report at.
    fn count(&mut self, exception: &Exception, severity: u8) -> Option<u32> {
        let look = look(exception);
        if self.last == look {
            self.occurrences = self.occurrences.saturating_add(1);
        } else {
            self.last = look;
            self.occurrences = 1;
        }
        if !self.occurrences.is_power_of_two() {
            return None;
        }
        let left = match severity {
            FATAL => &mut self.panics_left,
            _ => &mut self.errors_left,
        };
        *left = left.checked_sub(1)?;
        Some(self.occurrences)
    }
}

/// By which an exception is known again, without keeping it.
fn look(exception: &Exception) -> u64 {
    let (mut look, prime) = LOOK;
    for text in [&exception.class, &exception.message, &exception.stacktrace] {
        // No text has such a byte: where one ends makes a difference.
        for byte in text.bytes().chain([0xff]) {
            look = (look ^ u64::from(byte)).wrapping_mul(prime);
        }
    }
    look
}
