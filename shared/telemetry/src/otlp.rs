//! OTLP in protobuf, written straight into bytes.
//!
//! Messages generated for `prost` would be walked twice (length, then bytes), converted into before and dropped after:
//! that costs more than everything else that becomes of a span. What is needed is a handful of fields, whose numbers are
//! those of opentelemetry/proto/{common,resource,trace,logs,metrics}/v1. Tests read what is written here with the
//! official messages.

mod attributes;
mod span;
#[cfg(test)]
mod tests;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, TraceId};

pub use self::attributes::{Any, Attributes, Max};
pub use self::span::{Limits, Recording, SPAN_ATTRIBUTES, kind};

/// A protobuf message under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message(Vec<u8>);

/// A message within another, where it is not closed yet.
#[derive(Debug)]
#[must_use]
pub struct Begun {
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
pub fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or(text)
}

/// What a `ScopeSpans`, `ScopeLogs` or `ScopeMetrics` says of its scope. Texts in attributes are cut at `max_bytes`.
pub fn scope(scope: &InstrumentationScope, max_bytes: usize) -> Message {
    let mut group = begin_scope(scope.name(), scope.version().unwrap_or_default());
    for it in scope.attributes() {
        group.attribute(3, it.key.as_str(), &Any::from(&it.value), max_bytes);
    }
    group.end(SCOPE);
    group.text(3, scope.schema_url().unwrap_or_default());
    group
}

/// The same for a scope of a name and a version.
pub fn named_scope(name: &str, version: &str) -> Message {
    let mut group = begin_scope(name, version);
    group.end(SCOPE);
    group
}

/// Where [`begin_scope`] begins the scope.
const SCOPE: Begun = Begun { length_at: 1 };

#[inline(never)]
fn begin_scope(name: &str, version: &str) -> Message {
    let mut group = Message::default();
    let _scope = group.begin(1);
    group.text(1, name);
    group.text(2, version);
    group
}

/// What a group says of that by which it is grouped: a `Resource` or an `InstrumentationScope`, and the schema of both.
pub fn of_group(by: &Message, schema_url: &str) -> Message {
    let mut group = Message::default();
    group.message(1, by);
    group.text(3, schema_url);
    group
}

/// An export request of one resource: `Export{Trace,Logs,Metrics}ServiceRequest` are the same on the wire.
///
/// `items` are encoded `Span`s, `LogRecord`s or `Metric`s, each with its [`scope`]; `resource` is [`of_group`].
pub fn request(resource: &[u8], items: &[(&[u8], &[u8])]) -> Vec<u8> {
    // A request has few scopes: they are looked for one after the other, and each has the bytes of its group. With those,
    // what may be a megabyte is written once, and not moved for the lengths before it.
    let mut scopes: Vec<(&[u8], usize)> = Vec::new();
    for (scope, item) in items {
        let bytes = field_bytes(item.len());
        match scopes.iter_mut().find(|(known, _)| known == scope) {
            Some((_, group)) => *group += bytes,
            None => scopes.push((scope, scope.len() + bytes)),
        }
    }
    let groups: usize = scopes.iter().map(|(_, group)| field_bytes(*group)).sum();
    let length = resource.len() + groups;
    let mut request = Message::with_capacity(field_bytes(length));
    request.length(1, length);
    request.append(resource);
    for (scope, group) in scopes {
        request.length(2, group);
        request.append(scope);
        for (other, item) in items {
            if *other == scope {
                request.bytes(2, item);
            }
        }
    }
    request.into_bytes()
}

/// How many bytes a field of a number below 16 takes that has so many.
fn field_bytes(bytes: usize) -> usize {
    let length = (usize::BITS - (bytes | 1).leading_zeros()).div_ceil(7);
    1 + length as usize + bytes
}

/// An id as words, of which the lowest byte is written first.
#[expect(clippy::cast_possible_truncation, reason = "it is cut in two")]
fn words(id: TraceId) -> [u64; 2] {
    let id = u128::from_be_bytes(id.to_bytes());
    [reversed((id >> 64) as u64), reversed(id as u64)]
}

fn word_of(id: SpanId) -> u64 {
    reversed(u64::from_be_bytes(id.to_bytes()))
}

/// With its bytes in the other order. WebAssembly has no instruction for it.
#[cfg_attr(target_arch = "wasm32", inline(never))]
fn reversed(word: u64) -> u64 {
    word.swap_bytes()
}

// === impl Message ===

impl Message {
    /// An empty message with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Bytes that there is room for.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Forgets what was written, and keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The bytes that were written.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// An integer or an enum. Zero is the default, and not written.
    pub fn uint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.tag(field, Wire::Varint);
            self.varint(value);
        }
    }

    /// An integer of a `oneof`: zero is written too.
    pub fn present_uint(&mut self, field: u32, value: u64) {
        self.tag(field, Wire::Varint);
        self.varint(value);
    }

    /// A `fixed64`, `sfixed64` or, by its bits, a `double`.
    pub fn fixed64(&mut self, field: u32, value: u64) {
        self.tag(field, Wire::Fixed64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A `fixed32`.
    pub fn fixed32(&mut self, field: u32, value: u32) {
        self.tag(field, Wire::Fixed32);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A `double`.
    pub fn double(&mut self, field: u32, value: f64) {
        self.fixed64(field, value.to_bits());
    }

    /// Numbers of 64 bits in a row.
    pub fn packed(&mut self, field: u32, numbers: impl Iterator<Item = u64>) {
        let all = self.begin(field);
        for it in numbers {
            self.0.extend_from_slice(&it.to_le_bytes());
        }
        self.end(all);
    }

    /// A text. An empty one is the default, and not written.
    pub fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    /// A message that was written apart.
    pub fn message(&mut self, field: u32, message: &Self) {
        self.bytes(field, &message.0);
    }

    /// Bytes, be there none: a message that was written apart, a text of a `oneof`.
    #[inline(never)]
    pub fn bytes(&mut self, field: u32, bytes: &[u8]) {
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
    pub fn begin(&mut self, field: u32) -> Begun {
        self.tag(field, Wire::Length);
        let length_at = self.0.len();
        // Room for the length: most messages are shorter than 128 bytes.
        self.0.push(0);
        Begun { length_at }
    }

    /// Ends a message that was begun.
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "it is below 128")]
    pub fn end(&mut self, Begun { length_at }: Begun) {
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
    pub fn context(&mut self, span: &SpanContext) {
        self.trace_id(1, span.trace_id());
        self.text(3, &crate::w3c::tracestate(span));
        self.span_id(2, span.span_id());
    }

    /// A trace id.
    pub fn trace_id(&mut self, field: u32, id: TraceId) {
        let words = words(id).map(u64::to_le_bytes);
        self.bytes(field, words.as_flattened());
    }

    /// A span id.
    #[inline(never)]
    pub fn span_id(&mut self, field: u32, id: SpanId) {
        self.bytes(field, &word_of(id).to_le_bytes());
    }

    /// Fields that were encoded elsewhere.
    pub fn append(&mut self, fields: &[u8]) {
        self.0.extend_from_slice(fields);
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
