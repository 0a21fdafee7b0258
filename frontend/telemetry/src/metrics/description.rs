//! What an instrument is: its kind and how it was described.

use std::borrow::Cow;

use crate::otlp::Scope;

/// Bytes of a name, of a unit (the specification's API, Instrument name syntax and Instrument unit).
const MAX_NAME_BYTES: usize = 255;
const MAX_UNIT_BYTES: usize = 63;

/// What an instrument measures, and how it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) data: Data,
    /// Never decreases: what is negative is ignored.
    pub(super) is_monotonic: bool,
    /// Asked at each collection for what there is, instead of told what is added.
    pub(super) is_observable: bool,
    pub(super) is_integer: bool,
}

/// The `data` of a `Metric` message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    Gauge,
    Sum,
    Histogram,
}

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Double(f64),
}

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
    pub(super) const COUNTER: Self = Self::integer(Data::Sum, true);
    pub(super) const F64_COUNTER: Self = Self::COUNTER.double();
    pub(super) const UP_DOWN_COUNTER: Self = Self::integer(Data::Sum, false);
    pub(super) const F64_UP_DOWN_COUNTER: Self = Self::UP_DOWN_COUNTER.double();
    pub(super) const GAUGE: Self = Self::integer(Data::Gauge, false);
    pub(super) const F64_GAUGE: Self = Self::GAUGE.double();
    /// Of integers and of others: both are summed and bounded as `double`s on the wire.
    pub(super) const HISTOGRAM: Self = Self::integer(Data::Histogram, true).double();

    const fn integer(data: Data, is_monotonic: bool) -> Self {
        Self {
            data,
            is_monotonic,
            is_observable: false,
            is_integer: true,
        }
    }

    const fn double(self) -> Self {
        Self {
            is_integer: false,
            ..self
        }
    }

    pub(super) const fn observable(self) -> Self {
        Self {
            is_observable: true,
            ..self
        }
    }

    /// Whether it says how much there is since its beginning: the preference `delta` leaves that to what goes up and down.
    pub(super) fn is_cumulative(self) -> bool {
        self.data == Data::Sum && !self.is_monotonic
    }

    /// Whether a collection needs what the one before it had: the sum to which more is added, or the observed sum of
    /// which the next delta is counted.
    pub(super) fn is_remembered(self) -> bool {
        self.data == Data::Sum && self.is_monotonic == self.is_observable
    }

    /// Whether this can be a value of it.
    pub(super) fn accepts(self, value: Number) -> bool {
        let value = value.to_f64();
        value.is_finite() && (value >= 0.0 || !self.is_monotonic)
    }
}

// === impl Number ===

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "a histogram's sum is a double")]
    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Integer(it) => it as f64,
            Self::Double(it) => it,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => Self::Integer(one.saturating_add(other)),
            _ => Self::Double(self.to_f64() + other.to_f64()),
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => Self::Integer(one.saturating_sub(other)),
            _ => Self::Double(self.to_f64() - other.to_f64()),
        }
    }
}

impl From<u64> for Number {
    /// OTLP knows signed integers only.
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Double(value)
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
