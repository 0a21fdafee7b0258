//! One of the vitals: its value, and what of it has been reported.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::mem;

/// Which of the vitals it is.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// What is at most this is good.
    good: f64,
    /// What is more than this is poor.
    poor: f64,
}

/// A value, and how much of it was told.
#[derive(Debug)]
pub(super) struct Vital {
    pub(super) kind: &'static Kind,
    /// No number before it is known.
    pub(super) value: f64,
    /// No number before anything is reported.
    reported: f64,
    /// The same in all reports; empty before the first.
    pub(super) id: String,
}

// === impl Kind ===

impl Kind {
    pub(super) const fn new(name: &'static str, good: f64, poor: f64) -> Self {
        Self { name, good, poor }
    }

    pub(super) fn rating(&self, value: f64) -> &'static str {
        if value > self.poor {
            "poor"
        } else if value > self.good {
            "needs-improvement"
        } else {
            "good"
        }
    }
}

// === impl Vital ===

impl Vital {
    pub(super) const fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            value: f64::NAN,
            reported: f64::NAN,
            id: String::new(),
        }
    }

    pub(super) fn is_known(&self) -> bool {
        !self.value.is_nan()
    }

    /// By how much it has grown since it was asked last; `None` if it has not changed. A first value is told even if it is
    /// 0.
    pub(super) fn report(&mut self) -> Option<f64> {
        if !self.is_known() || self.reported == self.value {
            return None;
        }
        let before = mem::replace(&mut self.reported, self.value);
        Some(self.value - if before.is_nan() { 0.0 } else { before })
    }
}
