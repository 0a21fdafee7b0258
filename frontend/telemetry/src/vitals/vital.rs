//! One of the vitals: its value, and what of it has been reported.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

/// A value, and how good it is.
#[derive(Debug)]
pub(super) struct Vital {
    pub(super) name: &'static str,
    /// What is at most this is good.
    good: f64,
    /// What is more than this is poor.
    poor: f64,
    /// No number before it is known.
    value: f64,
    /// No number before anything is reported.
    reported: f64,
    /// The same in all reports; empty before the first.
    pub(super) id: String,
}

/// What is to be told of a vital.
#[derive(Debug, PartialEq)]
pub(super) struct Report {
    pub(super) value: f64,
    /// By how much it has grown since the last report.
    pub(super) delta: f64,
    pub(super) rating: &'static str,
}

// === impl Vital ===

impl Vital {
    pub(super) const fn new(name: &'static str, good: f64, poor: f64) -> Self {
        Self {
            name,
            good,
            poor,
            value: f64::NAN,
            reported: f64::NAN,
            id: String::new(),
        }
    }

    pub(super) fn set(&mut self, value: f64) {
        self.value = value;
    }

    pub(super) fn is_known(&self) -> bool {
        !self.value.is_nan()
    }

    /// Something to report, unless it is what was reported last. A first value is reported even if it is 0.
    pub(super) fn report(&mut self) -> Option<Report> {
        let value = self.value;
        if !self.is_known() || self.reported == value {
            return None;
        }
        let reported = std::mem::replace(&mut self.reported, value);
        let delta = value - if reported.is_nan() { 0.0 } else { reported };
        let rating = match value {
            _ if value > self.poor => "poor",
            _ if value > self.good => "needs-improvement",
            _ => "good",
        };
        Some(Report {
            value,
            delta,
            rating,
        })
    }
}
