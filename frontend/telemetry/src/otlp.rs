//! OTLP in protobuf, written straight into bytes.
//!
//! Messages generated for `prost` would be walked twice (length, then bytes), converted into before and dropped after:
//! in a page that costs more than everything else here together. What is needed is a handful of fields, whose numbers are
//! those of opentelemetry/proto/{common,resource,trace,logs,metrics}/v1. A test reads what is written here with the
//! official messages.

mod attributes;
pub(crate) mod response;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, TraceId};
use throughline_core::w3c;

#[allow(unused_imports, reason = "each is for some feature, none for all")]
pub(crate) use self::attributes::{Any, Attributes, bool, double, int, text};

/// An encoded `InstrumentationScope`, which many items share.
pub(crate) type Scope = Arc<Vec<u8>>;

/// A protobuf message under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message(Vec<u8>);

/// A message within another, where it is not closed yet.
#[must_use]
pub(crate) struct Begun {
    length_at: usize,
}

/// How a field's value is laid out (Protocol Buffers, Encoding).
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    Fixed32 = 5,
}

/// `text` within `max_bytes`, cut between two characters.
pub(crate) fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or(text)
}

/// Encodes a scope.
pub(crate) fn scope(scope: &InstrumentationScope) -> Vec<u8> {
    let mut message = named_scope(scope.name(), scope.version().unwrap_or_default());
    for it in scope.attributes() {
        message.attribute(3, it.key.as_str(), &Any::from(&it.value));
    }
    message.into_bytes()
}

/// A scope of a name and a version.
pub(crate) fn named_scope(name: &str, version: &str) -> Message {
    let mut message = Message::default();
    message.text(1, name);
    message.text(2, version);
    message
}

/// An export request of one resource: `Export{Trace,Logs,Metrics}ServiceRequest` are the same on the wire.
///
/// `items` are encoded `Span`s, `LogRecord`s or `Metric`s, each with its encoded scope.
pub(crate) fn request(resource: &[u8], items: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut request = Message::default();
    let of_resource = request.begin(1);
    request.bytes(1, resource);
    for (index, (scope, _)) in items.iter().enumerate() {
        let is_new = items.iter().take(index).all(|(other, _)| other != scope);
        if !is_new {
            continue;
        }
        let of_scope = request.begin(2);
        request.bytes(1, scope);
        for (other, item) in items {
            if other == scope {
                request.bytes(2, item);
            }
        }
        request.end(of_scope);
    }
    request.end(of_resource);
    request.into_bytes()
}

// === impl Message ===

impl Message {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    #[cfg(any(feature = "logs", feature = "metrics"))]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// An integer or an enum. Zero is the default, and not written.
    pub(crate) fn uint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.tag(field, Wire::Varint);
            self.varint(value);
        }
    }

    /// An integer of a `oneof`: zero is written too.
    pub(crate) fn present_uint(&mut self, field: u32, value: u64) {
        self.tag(field, Wire::Varint);
        self.varint(value);
    }

    pub(crate) fn fixed64(&mut self, field: u32, value: u64) {
        self.tag(field, Wire::Fixed64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn fixed32(&mut self, field: u32, value: u32) {
        self.tag(field, Wire::Fixed32);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn double(&mut self, field: u32, value: f64) {
        self.fixed64(field, value.to_bits());
    }

    /// Numbers of 64 bits in a row.
    #[cfg(feature = "metrics")]
    pub(crate) fn packed(&mut self, field: u32, numbers: impl Iterator<Item = u64>) {
        let all = self.begin(field);
        for it in numbers {
            self.0.extend_from_slice(&it.to_le_bytes());
        }
        self.end(all);
    }

    /// A text. An empty one is the default, and not written.
    pub(crate) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    pub(crate) fn message(&mut self, field: u32, message: &Self) {
        self.bytes(field, &message.0);
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.length(field, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// What comes before bytes: so many of them.
    #[expect(clippy::cast_possible_truncation, reason = "it is below 128")]
    fn length(&mut self, field: u32, bytes: usize) {
        self.tag(field, Wire::Length);
        if bytes < 0x80 {
            self.0.push(bytes as u8);
        } else {
            self.varint(bytes as u64);
        }
    }

    /// Begins a message that is written in place, to be closed by [`end`](Self::end).
    #[inline(never)]
    pub(crate) fn begin(&mut self, field: u32) -> Begun {
        self.tag(field, Wire::Length);
        let length_at = self.0.len();
        // Room for the length: most messages are shorter than 128 bytes.
        self.0.push(0);
        Begun { length_at }
    }

    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "it is below 128")]
    pub(crate) fn end(&mut self, Begun { length_at }: Begun) {
        let Some((room, written)) = self
            .0
            .get_mut(length_at..)
            .and_then(<[u8]>::split_first_mut)
        else {
            return;
        };
        if written.len() < 0x80 {
            *room = written.len() as u8;
        } else {
            let written = written.to_vec();
            self.0.truncate(length_at);
            self.varint(written.len() as u64);
            self.0.extend_from_slice(&written);
        }
    }

    /// The ids and the `tracestate` of a span, as fields 1 to 3: so they are in a `Span` and in its `Link`s.
    #[inline(never)]
    pub(crate) fn context(&mut self, span: &SpanContext) {
        self.trace_id(1, span.trace_id());
        self.text(3, &w3c::tracestate(span));
        self.span_id(2, span.span_id());
    }

    pub(crate) fn trace_id(&mut self, field: u32, id: TraceId) {
        self.bytes(field, &id.to_bytes());
    }

    #[inline(never)]
    pub(crate) fn span_id(&mut self, field: u32, id: SpanId) {
        self.bytes(field, &id.to_bytes());
    }

    /// Fields that were encoded elsewhere.
    pub(crate) fn append(&mut self, fields: &[u8]) {
        self.0.extend_from_slice(fields);
    }

    /// The fields of another message.
    #[cfg(any(feature = "logs", feature = "metrics"))]
    pub(crate) fn fields(&mut self, fields: &Self) {
        self.append(&fields.0);
    }

    /// A varint too, but one or two bytes for any field that there is.
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn tag(&mut self, field: u32, wire: Wire) {
        let tag = field << 3 | wire as u32;
        if field < 16 {
            self.0.push(tag as u8);
        } else {
            self.0.push(tag as u8 | 0x80);
            self.0.push((tag >> 7) as u8);
        }
    }

    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn varint(&mut self, mut value: u64) {
        loop {
            let is_last = value < 0x80;
            let more = if is_last { 0 } else { 0x80 };
            self.0.push(value as u8 | more);
            if is_last {
                return;
            }
            value >>= 7;
        }
    }
}
