//! Attribute sets: equal if they hold the same, in whatever order.

use opentelemetry::KeyValue;
use throughline_core::otlp::{Any, Message};

use crate::limits;

/// An attribute set as fields of a data point, in the order of its keys: equal sets are equal bytes. Of a key that
/// appears twice the last value counts. `field` is the number that the data point has for attributes.
#[inline(never)]
pub(super) fn set(attributes: &[KeyValue], field: u32) -> Message {
    let mut message = Message::default();
    let mut last: Option<&str> = None;
    let max = limits::get().attributes;
    for _ in 0..max.count {
        let mut next: Option<&KeyValue> = None;
        for it in attributes {
            let key = it.key.as_str();
            let is_new = last.is_none_or(|last| last < key);
            if is_new && next.is_none_or(|next| key <= next.key.as_str()) {
                next = Some(it);
            }
        }
        let Some(it) = next else { break };
        let key = it.key.as_str();
        message.attribute(field, key, &Any::from(&it.value), max.value_bytes);
        last = Some(key);
    }
    message
}

/// What stands for all sets that found no room.
pub(super) fn overflow(field: u32) -> Message {
    let mut message = Message::default();
    message.attribute(field, "otel.metric.overflow", &Any::Bool(true), 0);
    message
}
