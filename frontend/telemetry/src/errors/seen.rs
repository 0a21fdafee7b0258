//! How many exceptions are told of.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::cell::RefCell;

use super::{Exception, MAX_ERRORS};
use crate::logs::severity::FATAL;

/// Panics that one page tells of, beside its other exceptions: a module that has panicked is called again by its timers.
const MAX_PANICS: usize = 10;

struct Seen {
    errors_left: usize,
    panics_left: usize,
    last: Exception,
    /// How many times in a row that has happened.
    occurrences: u32,
}

thread_local! {
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen::new()) };
}

pub(super) fn set_max(max_errors: usize) {
    with(|seen| seen.errors_left = max_errors);
}

/// Counts an exception. `None` if it is not to be told of, else how many times in a row it has happened.
pub(super) fn count(exception: &Exception, severity: u8) -> Option<u32> {
    with(|seen| seen.count(exception, severity)).flatten()
}

fn with<T>(f: impl FnOnce(&mut Seen) -> T) -> Option<T> {
    // A panic may have left it borrowed.
    SEEN.with(|seen| seen.try_borrow_mut().ok().map(|mut seen| f(&mut seen)))
}

// === impl Seen ===

impl Seen {
    const fn new() -> Self {
        Self {
            errors_left: MAX_ERRORS,
            panics_left: MAX_PANICS,
            last: Exception {
                class: String::new(),
                message: String::new(),
                stacktrace: String::new(),
                is_cross_origin: false,
            },
            occurrences: 0,
        }
    }

    /// Of those that happen again and again, the 1st, 2nd, 4th, 8th … are told of: that needs no end to report at.
    fn count(&mut self, exception: &Exception, severity: u8) -> Option<u32> {
        if self.last == *exception {
            self.occurrences = self.occurrences.saturating_add(1);
        } else {
            self.last = exception.clone();
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
