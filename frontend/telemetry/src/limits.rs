//! How much one item may hold. The defaults are those of the specification, in `throughline_core::limits`.

use std::cell::Cell;

use throughline_core::limits;

/// How much one span or log record may hold. What is over is dropped and counted on the item; texts are cut.
///
/// ```
/// let mut limits = throughline_browser::Limits::default();
/// limits.attribute_value_bytes = 1024;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Attributes of a span or a log record. Default: 128 (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`).
    pub attributes: usize,
    /// Bytes of a text in an attribute. Default: 4096; the specification has none, but a page has a quota.
    pub attribute_value_bytes: usize,
    /// Events of a span. Default: 128 (`OTEL_SPAN_EVENT_COUNT_LIMIT`).
    pub events: usize,
    /// Links of a span. Default: 128 (`OTEL_SPAN_LINK_COUNT_LIMIT`).
    pub links: usize,
    /// Attributes of one event or link. Default: 128.
    pub attributes_per_event: usize,
    /// Data points (attribute sets) of a metric; what is over is recorded in one that has `otel.metric.overflow`. Default:
    /// 200. The specification has 2000, which is more than a page may send as it is left.
    #[cfg(feature = "metrics")]
    pub metric_points: usize,
}

thread_local! {
    static LIMITS: Cell<Limits> = const { Cell::new(Limits::DEFAULT) };
}

pub(crate) fn get() -> Limits {
    LIMITS.get()
}

pub(crate) fn set(limits: Limits) {
    LIMITS.set(limits);
}

impl Limits {
    const DEFAULT: Self = Self {
        attributes: limits::MAX_ATTRIBUTES,
        attribute_value_bytes: limits::MAX_ATTRIBUTE_VALUE_BYTES,
        events: limits::MAX_EVENTS,
        links: limits::MAX_LINKS,
        attributes_per_event: limits::MAX_ATTRIBUTES_PER_EVENT,
        #[cfg(feature = "metrics")]
        metric_points: 200,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
