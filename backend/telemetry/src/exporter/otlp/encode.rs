//! Spans as an `ExportTraceServiceRequest` of OTLP, in protobuf.
//!
//! Written straight from what the SDK gives: opentelemetry-proto copies each span and each of its texts twice before it
//! writes them, which costs more than everything else that becomes of a span. Fields are in the order of their numbers, so
//! the bytes are those that prost would write.

mod protobuf;
#[cfg(test)]
mod tests;

use self::protobuf::Protobuf;
use opentelemetry::{
    Array, InstrumentationScope, KeyValue, SpanId, Value,
    trace::{Event, Link, SpanKind, Status},
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Writes the requests of one resource.
#[derive(Debug, Default)]
pub(crate) struct SpanEncoder {
    /// The fields of the `Resource`.
    resource: Protobuf,
    schema_url: String,
}

/// Bytes of a usual span, so that room is made once.
const USUAL_BYTES: usize = 640;

/// `SpanFlags`: whether the parent is remote is known, and whether it is.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// `StatusCode`.
const OK: u64 = 1;
const ERROR: u64 = 2;

// === impl SpanEncoder ===

impl SpanEncoder {
    pub(crate) fn new(resource: &Resource) -> Self {
        let mut fields = Protobuf::default();
        for (key, value) in resource {
            attribute(&mut fields, 1, key.as_str(), value);
        }
        Self {
            resource: fields,
            schema_url: resource.schema_url().unwrap_or_default().to_owned(),
        }
    }

    pub(crate) fn request(&self, spans: &[Arc<SpanData>]) -> Vec<u8> {
        let mut request = Protobuf::with_capacity(USUAL_BYTES * (spans.len() + 1));
        request.message(1, |resource_spans| {
            resource_spans.message(1, |resource| resource.append(&self.resource));
            for (scope, spans) in by_scope(spans) {
                resource_spans.message(2, |out| scope_spans(out, scope, &spans));
            }
            resource_spans.text(3, &self.schema_url);
        });
        request.into_bytes()
    }
}

/// A request has few scopes: they are looked for one after the other.
fn by_scope(spans: &[Arc<SpanData>]) -> Vec<(&InstrumentationScope, Vec<&SpanData>)> {
    let mut scopes: Vec<(&InstrumentationScope, Vec<&SpanData>)> = Vec::new();
    for span in spans {
        let scope = &span.instrumentation_scope;
        match scopes.iter_mut().find(|(known, _)| *known == scope) {
            Some((_, spans)) => spans.push(span),
            None => scopes.push((scope, vec![span])),
        }
    }
    scopes
}

fn scope_spans(out: &mut Protobuf, scope: &InstrumentationScope, spans: &[&SpanData]) {
    out.message(1, |out| {
        out.text(1, scope.name());
        out.text(2, scope.version().unwrap_or_default());
        attributes(out, 3, scope.attributes());
    });
    for span in spans {
        out.message(2, |out| write_span(out, span));
    }
    out.text(3, scope.schema_url().unwrap_or_default());
}

fn write_span(out: &mut Protobuf, span: &SpanData) {
    let context = &span.span_context;
    out.bytes(1, &context.trace_id().to_bytes());
    out.bytes(2, &context.span_id().to_bytes());
    out.text(3, &context.trace_state().header());
    if span.parent_span_id != SpanId::INVALID {
        out.bytes(4, &span.parent_span_id.to_bytes());
    }
    out.text(5, &span.name);
    out.uint(6, kind(&span.span_kind));
    out.fixed64(7, nanos(span.start_time));
    out.fixed64(8, nanos(span.end_time));
    attributes(out, 9, &span.attributes);
    out.uint(10, span.dropped_attributes_count.into());
    for event in &span.events.events {
        out.message(11, |out| write_event(out, event));
    }
    out.uint(12, span.events.dropped_count.into());
    for link in &span.links.links {
        out.message(13, |out| write_link(out, link));
    }
    out.uint(14, span.links.dropped_count.into());
    out.message(15, |out| write_status(out, &span.status));
    let flags = context.trace_flags().to_u8();
    out.fixed32(16, with_remote(flags, span.parent_span_is_remote));
}

fn write_event(out: &mut Protobuf, event: &Event) {
    out.fixed64(1, nanos(event.timestamp));
    out.text(2, &event.name);
    attributes(out, 3, &event.attributes);
    out.uint(4, event.dropped_attributes_count.into());
}

fn write_link(out: &mut Protobuf, link: &Link) {
    let context = &link.span_context;
    out.bytes(1, &context.trace_id().to_bytes());
    out.bytes(2, &context.span_id().to_bytes());
    out.text(3, &context.trace_state().header());
    attributes(out, 4, &link.attributes);
    out.uint(5, link.dropped_attributes_count.into());
    let flags = context.trace_flags().to_u8();
    out.fixed32(6, with_remote(flags, context.is_remote()));
}

fn write_status(out: &mut Protobuf, status: &Status) {
    match status {
        Status::Unset => {}
        Status::Ok => out.uint(3, OK),
        Status::Error { description } => {
            out.text(2, description);
            out.uint(3, ERROR);
        }
    }
}

fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn with_remote(flags: u8, is_remote: bool) -> u32 {
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(flags) | HAS_IS_REMOTE | remote
}

/// Nanoseconds since 1970. A time that has no such number is 0, as the specification has it for unknown ones.
fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}

fn attributes<'a>(
    out: &mut Protobuf,
    field: u32,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for it in attributes {
        attribute(out, field, it.key.as_str(), &it.value);
    }
}

fn attribute(out: &mut Protobuf, field: u32, key: &str, value: &Value) {
    out.message(field, |out| {
        out.text(1, key);
        out.message(2, |out| any_value(out, value));
    });
}

fn any_value(out: &mut Protobuf, value: &Value) {
    match value {
        Value::String(text) => out.some_bytes(1, text.as_str().as_bytes()),
        Value::Bool(value) => out.some_uint(2, u64::from(*value)),
        Value::I64(number) => out.some_uint(3, number.cast_unsigned()),
        Value::F64(number) => out.some_fixed64(4, number.to_bits()),
        Value::Array(array) => out.message(5, |out| match array {
            Array::Bool(values) => list(out, values),
            Array::I64(values) => list(out, values),
            Array::F64(values) => list(out, values),
            Array::String(values) => list(out, values),
            // The API's enums may grow: what is new has no value here.
            _ => {}
        }),
        _ => {}
    }
}

fn list<T: Clone + Into<Value>>(out: &mut Protobuf, values: &[T]) {
    for value in values {
        out.message(1, |out| any_value(out, &value.clone().into()));
    }
}
