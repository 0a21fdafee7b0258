//! Attribute sets: equal if they hold the same, in whatever order.

use opentelemetry::KeyValue;

use crate::limits;
use crate::otlp::{Any, Message};

/// An attribute set as fields of a data point, in the order of its keys: equal sets are equal bytes. Of a key that
/// appears twice the last value counts.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AttributeSet(Message);

// === impl AttributeSet ===

impl AttributeSet {
    /// `field` is the number that the data point has for attributes.
    pub(super) fn new(attributes: &[KeyValue], field: u32) -> Self {
        let max = limits::get().attributes;
        let mut sorted: Vec<&KeyValue> = Vec::new();
        for it in attributes {
            let place = sorted.binary_search_by(|other| other.key.as_str().cmp(it.key.as_str()));
            match place {
                Ok(place) => {
                    if let Some(other) = sorted.get_mut(place) {
                        *other = it;
                    }
                }
                Err(place) if sorted.len() < max => sorted.insert(place, it),
                Err(_) => {}
            }
        }
        let mut message = Message::default();
        for it in sorted {
            message.attribute(field, it.key.as_str(), &Any::from(&it.value));
        }
        Self(message)
    }

    /// What stands for all sets that found no room.
    pub(super) fn overflow(field: u32) -> Self {
        Self::new(&[KeyValue::new("otel.metric.overflow", true)], field)
    }

    pub(super) fn fields(&self) -> &Message {
        &self.0
    }
}
