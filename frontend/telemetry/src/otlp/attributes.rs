//! Attributes: kept with their values encoded while they may still change, then written.

use opentelemetry::{Array, KeyValue, Value};

use super::{Message, cut};
use crate::limits;

/// The attributes of a span, an event, a link or a log record, within their number.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    /// Encoded `KeyValue`s.
    kept: Vec<Message>,
    dropped: u32,
}

// === impl Attributes ===

impl Attributes {
    pub(crate) fn new(attributes: &[KeyValue], max: usize) -> Self {
        let mut these = Self::default();
        these.set_all(attributes, max);
        these
    }

    #[inline(never)]
    pub(crate) fn set_all(&mut self, attributes: &[KeyValue], max: usize) {
        for attribute in attributes {
            self.set(attribute.key.as_str(), &value(&attribute.value), max);
        }
    }

    /// Adds an attribute with an encoded `AnyValue`, or replaces that of the same key. One too many is counted.
    #[inline(never)]
    pub(crate) fn set(&mut self, key: &str, value: &Message, max: usize) {
        let mut new = Message::default();
        new.bytes(1, key.as_bytes());
        let key = new.0.len();
        new.message(2, value);
        // A key is written with its length: none begins as another.
        let known = self
            .kept
            .iter_mut()
            .find(|it| it.0.get(..key) == new.0.get(..key));
        if let Some(known) = known {
            *known = new;
        } else if self.kept.len() < max {
            self.kept.push(new);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Writes them as field `field`, and the number of those that found no room (`already` among them) as the next.
    pub(crate) fn write(&self, message: &mut Message, field: u32, already: u32) {
        for attribute in &self.kept {
            message.message(field, attribute);
        }
        message.uint(field + 1, self.dropped.saturating_add(already).into());
    }
}

/// A `KeyValue`.
pub(crate) fn attribute(key: &str, value: &Value) -> Message {
    pair(key, &self::value(value))
}

/// A `KeyValue` of an encoded value.
pub(crate) fn pair(key: &str, value: &Message) -> Message {
    let mut message = Message::default();
    message.text(1, key);
    message.message(2, value);
    message
}

/// An `AnyValue`; a text is cut at its limit. The API's enum may grow: what is new has no value here.
pub(crate) fn value(value: &Value) -> Message {
    match value {
        Value::Bool(it) => bool(*it),
        Value::I64(it) => int(*it),
        Value::F64(it) => double(*it),
        Value::String(it) => text(it.as_str()),
        Value::Array(it) => list(&array(it)),
        _ => Message::default(),
    }
}

/// An `ArrayValue` as an `AnyValue`.
pub(crate) fn list(array: &Message) -> Message {
    let mut message = Message::default();
    message.message(5, array);
    message
}

fn array(array: &Array) -> Message {
    let mut message = Message::default();
    match array {
        Array::Bool(all) => all.iter().for_each(|it| message.message(1, &bool(*it))),
        Array::I64(all) => all.iter().for_each(|it| message.message(1, &int(*it))),
        Array::F64(all) => all.iter().for_each(|it| message.message(1, &double(*it))),
        Array::String(all) => {
            for it in all.iter() {
                message.message(1, &text(it.as_str()));
            }
        }
        _ => {}
    }
    message
}

pub(crate) fn text(it: &str) -> Message {
    let mut message = Message::default();
    message.bytes(1, cut(it, limits::get().attribute_value_bytes).as_bytes());
    message
}

pub(crate) fn bool(it: bool) -> Message {
    let mut message = Message::default();
    message.present_uint(2, it.into());
    message
}

#[expect(
    clippy::cast_sign_loss,
    reason = "int64 is two's complement on the wire"
)]
pub(crate) fn int(it: i64) -> Message {
    let mut message = Message::default();
    message.present_uint(3, it as u64);
    message
}

pub(crate) fn double(it: f64) -> Message {
    let mut message = Message::default();
    message.double(4, it);
    message
}
