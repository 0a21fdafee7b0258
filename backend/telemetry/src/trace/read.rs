//! What was written, as the SDK's exporters and samplers want it.

use super::EncodedSpan;
use opentelemetry::{
    Array, KeyValue, StringValue, TraceFlags, Value,
    trace::{Event, Link, SpanContext, SpanId, SpanKind, Status, TraceId},
};
use opentelemetry_proto::tonic::{
    common::v1::{self as common, any_value},
    trace::v1::{self as proto, status::StatusCode},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use prost::Message as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
const IS_REMOTE: u32 = 0x200;

/// A span as the SDK gives it to exporters.
pub(crate) fn span_data(span: &EncodedSpan) -> SpanData {
    let scope = span.scope.api.clone();
    let span = proto::Span::decode(span.bytes.as_ref()).unwrap_or_default();
    let mut events = SpanEvents::default();
    events.events = span.events.into_iter().map(event).collect();
    events.dropped_count = span.dropped_events_count;
    let mut links = SpanLinks::default();
    links.links = span.links.into_iter().map(link).collect();
    links.dropped_count = span.dropped_links_count;
    SpanData {
        span_context: context(
            &span.trace_id,
            &span.span_id,
            span.flags & !IS_REMOTE,
            &span.trace_state,
        ),
        parent_span_id: span_id(&span.parent_span_id),
        parent_span_is_remote: span.flags & IS_REMOTE != 0,
        span_kind: kind(span.kind),
        name: span.name.into(),
        start_time: time(span.start_time_unix_nano),
        end_time: time(span.end_time_unix_nano),
        attributes: attributes(span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events,
        links,
        status: status(span.status),
        instrumentation_scope: scope,
    }
}

fn event(event: proto::span::Event) -> Event {
    let (at, dropped) = (time(event.time_unix_nano), event.dropped_attributes_count);
    Event::new(event.name, at, attributes(event.attributes), dropped)
}

fn link(link: proto::span::Link) -> Link {
    let context = context(&link.trace_id, &link.span_id, link.flags, &link.trace_state);
    let dropped = link.dropped_attributes_count;
    Link::new(context, attributes(link.attributes), dropped)
}

fn context(trace: &[u8], span: &[u8], flags: u32, state: &str) -> SpanContext {
    let trace = trace
        .try_into()
        .map_or(TraceId::INVALID, TraceId::from_bytes);
    let [own, ..] = flags.to_le_bytes();
    let (flags, is_remote) = (TraceFlags::new(own), flags & IS_REMOTE != 0);
    let state = state.parse().unwrap_or_default();
    SpanContext::new(trace, span_id(span), flags, is_remote, state)
}

fn span_id(bytes: &[u8]) -> SpanId {
    bytes.try_into().map_or(SpanId::INVALID, SpanId::from_bytes)
}

fn kind(number: i32) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn status(status: Option<proto::Status>) -> Status {
    match status.map(|it| (it.code(), it.message)) {
        Some((StatusCode::Ok, _)) => Status::Ok,
        Some((StatusCode::Error, description)) => Status::error(description),
        Some((StatusCode::Unset, _)) | None => Status::Unset,
    }
}

fn time(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn attributes(attributes: Vec<common::KeyValue>) -> Vec<KeyValue> {
    let attributes = attributes.into_iter();
    attributes
        .filter_map(|it| Some(KeyValue::new(it.key, value(it.value?.value?)?)))
        .collect()
}

fn value(value: any_value::Value) -> Option<Value> {
    use any_value::Value as Any;
    Some(match value {
        Any::StringValue(text) => text.into(),
        Any::BoolValue(it) => it.into(),
        Any::IntValue(number) => number.into(),
        Any::DoubleValue(number) => number.into(),
        Any::ArrayValue(list) => Value::Array(array(list)),
        // The API has none of these.
        _ => return None,
    })
}

/// Of one type, as it was when it was written: that of the first value. An empty list is one of texts.
fn array(list: common::ArrayValue) -> Array {
    let values = list.values.into_iter().filter_map(|it| value(it.value?));
    let values: Vec<Value> = values.collect();
    match values.first() {
        Some(Value::Bool(_)) => Array::Bool(of_type(values, |it| match it {
            Value::Bool(it) => Some(it),
            _ => None,
        })),
        Some(Value::I64(_)) => Array::I64(of_type(values, |it| match it {
            Value::I64(it) => Some(it),
            _ => None,
        })),
        Some(Value::F64(_)) => Array::F64(of_type(values, |it| match it {
            Value::F64(it) => Some(it),
            _ => None,
        })),
        _ => Array::String(of_type(values, |it| match it {
            Value::String(it) => Some(it),
            _ => None::<StringValue>,
        })),
    }
}

fn of_type<T>(values: Vec<Value>, read: impl Fn(Value) -> Option<T>) -> Vec<T> {
    values.into_iter().filter_map(read).collect()
}
