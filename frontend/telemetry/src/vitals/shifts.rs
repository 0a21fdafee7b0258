//! Cumulative Layout Shift: the largest session window of shifts (web.dev/articles/cls).

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

/// A window ends when nothing has shifted for this long, in milliseconds.
const MAX_GAP: f64 = 1000.0;
/// A window is no longer than this, in milliseconds.
const MAX_WINDOW: f64 = 5000.0;

/// The present session window, and the largest.
#[derive(Debug)]
pub(super) struct Shifts {
    sum: f64,
    first: f64,
    last: f64,
    largest: f64,
}

// === impl Shifts ===

impl Shifts {
    pub(super) const NEW: Self = Self {
        sum: 0.0,
        first: 0.0,
        last: 0.0,
        largest: 0.0,
    };

    /// Something has shifted, at a time in milliseconds, and not because of an input.
    pub(super) fn shifted(&mut self, at: f64, score: f64) {
        if self.sum > 0.0 && at - self.last < MAX_GAP && at - self.first < MAX_WINDOW {
            self.sum += score;
        } else {
            self.sum = score;
            self.first = at;
        }
        self.last = at;
        self.largest = self.largest.max(self.sum);
    }

    /// The largest window so far.
    pub(super) fn largest(&self) -> f64 {
        self.largest
    }
}
