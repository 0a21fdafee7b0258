//! What one span may hold: `OTEL_SPAN_*_LIMIT` and their like.

use super::read::Reader;
use throughline_core::{
    limits,
    otlp::{self, Max},
};

/// The limits that the variables set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) attributes: Option<u32>,
    pub(crate) events: Option<u32>,
    pub(crate) links: Option<u32>,
    pub(crate) attributes_per_event: Option<u32>,
    pub(crate) attributes_per_link: Option<u32>,
    /// Characters of an attribute's value on a span, its events and its links.
    pub(crate) span_value_length: Option<usize>,
    /// Characters of an attribute's value on a log record.
    pub(crate) log_value_length: Option<usize>,
}

// === impl Limits ===

impl Limits {
    /// The variable for spans wins over the one for all attributes.
    pub(super) fn read(read: &Reader<'_>) -> Self {
        let count = |name| read.number(name, 0_u32);
        let all_lengths = read.number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 0_usize);
        let length = |name| read.number(name, 0_usize).or(all_lengths);
        Self {
            attributes: count("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")
                .or_else(|| count("OTEL_ATTRIBUTE_COUNT_LIMIT")),
            events: count("OTEL_SPAN_EVENT_COUNT_LIMIT"),
            links: count("OTEL_SPAN_LINK_COUNT_LIMIT"),
            attributes_per_event: count("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"),
            attributes_per_link: count("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"),
            span_value_length: length("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
            log_value_length: length("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
        }
    }

    /// Of a span, the specification's default where nothing is set. Lengths of values count characters, not bytes.
    pub(crate) fn of_spans(self) -> otlp::Limits {
        let or = |set: Option<u32>, default| {
            set.map_or(default, |it| usize::try_from(it).unwrap_or(default))
        };
        otlp::Limits {
            name_bytes: usize::MAX,
            attributes: Max {
                count: or(self.attributes, limits::MAX_ATTRIBUTES),
                value_bytes: usize::MAX,
            },
            events: or(self.events, limits::MAX_EVENTS),
            links: or(self.links, limits::MAX_LINKS),
            attributes_per_event: or(self.attributes_per_event, limits::MAX_ATTRIBUTES_PER_EVENT),
            attributes_per_link: or(self.attributes_per_link, limits::MAX_ATTRIBUTES_PER_LINK),
        }
    }
}
