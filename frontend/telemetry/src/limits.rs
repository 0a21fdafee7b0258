//! How much one item may hold. The defaults are those of the specification, in `throughline_core::limits`.

use std::cell::Cell;

use throughline_core::limits::{
    MAX_ATTRIBUTE_VALUE_BYTES, MAX_ATTRIBUTES, MAX_ATTRIBUTES_PER_EVENT, MAX_EVENTS, MAX_LINKS,
    MAX_NAME_BYTES,
};
use throughline_core::otlp::{self, Max};

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
    static LIMITS: Cell<&'static otlp::Limits> = const { Cell::new(&Limits::DEFAULT.of_item()) };
    #[cfg(feature = "metrics")]
    static METRIC_POINTS: Cell<usize> = const { Cell::new(Limits::DEFAULT.metric_points) };
}

/// Those of one item.
pub(crate) fn get() -> &'static otlp::Limits {
    LIMITS.get()
}

#[cfg(feature = "metrics")]
pub(crate) fn metric_points() -> usize {
    METRIC_POINTS.get()
}

/// To be called once in the life of a page, which keeps them.
pub(crate) fn set(limits: Limits) {
    LIMITS.set(Box::leak(Box::new(limits.of_item())));
    #[cfg(feature = "metrics")]
    METRIC_POINTS.set(limits.metric_points);
}

impl Limits {
    const DEFAULT: Self = Self {
        attributes: MAX_ATTRIBUTES,
        attribute_value_bytes: MAX_ATTRIBUTE_VALUE_BYTES,
        events: MAX_EVENTS,
        links: MAX_LINKS,
        attributes_per_event: MAX_ATTRIBUTES_PER_EVENT,
        #[cfg(feature = "metrics")]
        metric_points: 200,
    };

    /// Those that items of every kind have: a link counts as an event.
    const fn of_item(self) -> otlp::Limits {
        otlp::Limits {
            name_bytes: MAX_NAME_BYTES,
            attributes: Max {
                count: self.attributes,
                value_bytes: self.attribute_value_bytes,
            },
            events: self.events,
            links: self.links,
            attributes_per_event: self.attributes_per_event,
            attributes_per_link: self.attributes_per_event,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
