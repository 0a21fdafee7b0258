//! What an instrument is: its kind and how it was described.

use std::borrow::Cow;

use crate::export::Scope;

/// Bytes of a name, of a unit (the specification's API, Instrument name syntax and Instrument unit).
pub(super) const MAX_NAME_BYTES: usize = 255;
const MAX_UNIT_BYTES: usize = 63;

/// What an instrument measures, and how it is asked: some of the bits below, for all of the API's functions have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(u8);

/// The `data` of a `Metric` message. One that has neither is a gauge.
const SUM: u8 = 1;
const HISTOGRAM: u8 = 2;
/// Never decreases: what is negative is ignored.
const MONOTONIC: u8 = 4;
/// Asked at each collection for what there is, instead of told what is added.
const OBSERVABLE: u8 = 8;
/// Its values are whole numbers. Within the page they are `f64` as all numbers of a page, which holds them up to 2⁵³.
const INTEGER: u8 = 16;

#[derive(Debug)]
pub(super) struct Description {
    /// An encoded scope.
    pub(super) scope: Scope,
    pub(super) name: Cow<'static, str>,
    pub(super) unit: Cow<'static, str>,
    pub(super) description: Cow<'static, str>,
    pub(super) kind: Kind,
    /// The upper bounds of a histogram's buckets, if they are not the default ones.
    pub(super) boundaries: Option<Vec<f64>>,
}

// === impl Kind ===

impl Kind {
    pub(super) const COUNTER: Self = Self(SUM | MONOTONIC | INTEGER);
    pub(super) const F64_COUNTER: Self = Self(SUM | MONOTONIC);
    pub(super) const UP_DOWN_COUNTER: Self = Self(SUM | INTEGER);
    pub(super) const F64_UP_DOWN_COUNTER: Self = Self(SUM);
    pub(super) const GAUGE: Self = Self(INTEGER);
    pub(super) const F64_GAUGE: Self = Self(0);
    /// Of integers and of others: both are summed and bounded as `double`s on the wire.
    pub(super) const HISTOGRAM: Self = Self(HISTOGRAM | MONOTONIC);

    pub(super) const fn observable(self) -> Self {
        Self(self.0 | OBSERVABLE)
    }

    const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    pub(super) fn is_gauge(self) -> bool {
        !self.has(SUM | HISTOGRAM)
    }

    pub(super) fn is_histogram(self) -> bool {
        self.has(HISTOGRAM)
    }

    pub(super) fn is_monotonic(self) -> bool {
        self.has(MONOTONIC)
    }

    pub(super) fn is_observable(self) -> bool {
        self.has(OBSERVABLE)
    }

    pub(super) fn is_integer(self) -> bool {
        self.has(INTEGER)
    }

    /// Whether it says how much there is since its beginning: the preference `delta` leaves that to what goes up and down.
    pub(super) fn is_cumulative(self) -> bool {
        self.has(SUM) && !self.has(MONOTONIC)
    }

    /// Whether a collection needs what the one before it had: the sum to which more is added, or the observed sum of
    /// which the next delta is counted.
    pub(super) fn is_remembered(self) -> bool {
        self.has(SUM) && self.has(MONOTONIC) == self.has(OBSERVABLE)
    }

    /// Whether this can be a value of it.
    pub(super) fn accepts(self, value: f64) -> bool {
        value.is_finite() && (value >= 0.0 || !self.is_monotonic())
    }
}

// === impl Description ===

impl Description {
    /// What is wrong with it, as the end of a sentence.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if !is_name(self.name.as_bytes()) {
            return Some(" has no valid name, and measures nothing");
        }
        if self.unit.len() > MAX_UNIT_BYTES || !self.unit.is_ascii() {
            return Some(" has no valid unit, and measures nothing");
        }
        let boundaries = self.boundaries.as_deref().unwrap_or_default();
        let mut last = f64::NEG_INFINITY;
        for it in boundaries {
            if !it.is_finite() || *it <= last {
                return Some(" has boundaries that do not increase, and measures nothing");
            }
            last = *it;
        }
        None
    }

    /// Whether both are of one name: case does not count.
    pub(super) fn is_named_as(&self, other: &Self) -> bool {
        self.scope == other.scope && self.name.eq_ignore_ascii_case(&other.name)
    }

    /// Whether both, of one name, are one instrument. Descriptions and boundaries may differ: the first one's are used.
    pub(super) fn is_kind_of(&self, other: &Self) -> bool {
        self.kind == other.kind && self.unit == other.unit
    }
}

/// A letter, then letters, digits, and `_ . - /`.
fn is_name(name: &[u8]) -> bool {
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(byte);
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(is_valid)
        && name.len() <= MAX_NAME_BYTES
}
