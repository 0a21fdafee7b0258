//! The OTLP messages of a trace export, and what goes into them.
//!
//! `opentelemetry-proto` has them too, but with the SDK and its random number generator in tow, which do not belong in
//! a page. Field numbers: opentelemetry/proto/{common,resource,trace,collector/trace}/v1. A test reads what is written
//! here with `opentelemetry-proto`.
//!
//! Spans, scopes and the resource are encoded once, when they are complete: their size is then known to the byte, a
//! retry costs nothing, and a page that is being closed has only to copy. On the wire, an embedded message is the same
//! as its bytes.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use opentelemetry::{Array, InstrumentationScope as ApiScope, KeyValue as ApiKeyValue, Value};
use prost::bytes::Bytes;
use prost::{Message, Oneof};
use throughline_core::limits;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExportTraceServiceRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResourceSpans {
    /// A [`Resource`].
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) resource: Bytes,
    #[prost(message, repeated, tag = "2")]
    pub(crate) scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ScopeSpans {
    /// A [`Scope`].
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) scope: Bytes,
    /// Each a [`Span`].
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(crate) spans: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub(crate) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Scope {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) version: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(crate) trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(crate) name: String,
    #[prost(int32, tag = "6")]
    pub(crate) kind: i32,
    #[prost(fixed64, tag = "7")]
    pub(crate) start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub(crate) end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub(crate) attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    pub(crate) dropped_attributes_count: u32,
    #[prost(message, repeated, tag = "11")]
    pub(crate) events: Vec<Event>,
    #[prost(uint32, tag = "12")]
    pub(crate) dropped_events_count: u32,
    #[prost(message, repeated, tag = "13")]
    pub(crate) links: Vec<Link>,
    #[prost(uint32, tag = "14")]
    pub(crate) dropped_links_count: u32,
    #[prost(message, optional, tag = "15")]
    pub(crate) status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub(crate) flags: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Event {
    #[prost(fixed64, tag = "1")]
    pub(crate) time_unix_nano: u64,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    pub(crate) dropped_attributes_count: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Link {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(crate) trace_state: String,
    #[prost(message, repeated, tag = "4")]
    pub(crate) attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "5")]
    pub(crate) dropped_attributes_count: u32,
    #[prost(fixed32, tag = "6")]
    pub(crate) flags: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Status {
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(int32, tag = "3")]
    pub(crate) code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5")]
    pub(crate) value: Option<Any>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Any {
    #[prost(string, tag = "1")]
    String(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    pub(crate) values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExportTraceServiceResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(crate) rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub(crate) error_message: String,
}

/// `text` within `max_bytes`, cut between two characters.
pub(crate) fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or(text)
}

/// Attributes within their number and length, later ones replacing earlier ones of the same key, with the number of
/// those that found no room.
pub(crate) fn attributes(
    attributes: impl IntoIterator<Item = ApiKeyValue>,
    max: usize,
) -> (Vec<KeyValue>, u32) {
    let (mut kept, mut dropped) = (Vec::new(), 0);
    for attribute in attributes {
        set(&mut kept, &mut dropped, max, attribute);
    }
    (kept, dropped)
}

/// Adds or replaces one attribute.
pub(crate) fn set(kept: &mut Vec<KeyValue>, dropped: &mut u32, max: usize, attribute: ApiKeyValue) {
    let attribute = KeyValue::from(attribute);
    if let Some(same) = kept.iter_mut().find(|it| it.key == attribute.key) {
        *same = attribute;
    } else if kept.len() < max {
        kept.push(attribute);
    } else {
        *dropped = dropped.saturating_add(1);
    }
}

// === conversions from the API's types ===

impl From<ApiKeyValue> for KeyValue {
    fn from(it: ApiKeyValue) -> Self {
        Self {
            key: it.key.as_str().to_owned(),
            value: Some(it.value.into()),
        }
    }
}

impl From<Value> for AnyValue {
    fn from(value: Value) -> Self {
        let value = match value {
            Value::Bool(it) => Any::Bool(it),
            Value::I64(it) => Any::Int(it),
            Value::F64(it) => Any::Double(it),
            Value::String(it) => Any::string(it.as_str()),
            Value::Array(it) => Any::Array(it.into()),
            // The API's enum may grow: what is new is at least readable.
            other => Any::string(&other.as_str()),
        };
        Self { value: Some(value) }
    }
}

impl From<Array> for ArrayValue {
    fn from(array: Array) -> Self {
        fn any<T>(items: Vec<T>, value: impl Fn(T) -> Any) -> Vec<AnyValue> {
            items
                .into_iter()
                .map(|it| AnyValue {
                    value: Some(value(it)),
                })
                .collect()
        }
        let values = match array {
            Array::Bool(it) => any(it, Any::Bool),
            Array::I64(it) => any(it, Any::Int),
            Array::F64(it) => any(it, Any::Double),
            Array::String(it) => any(it, |it| Any::string(it.as_str())),
            _ => Vec::new(),
        };
        Self { values }
    }
}

impl From<&ApiScope> for Scope {
    fn from(scope: &ApiScope) -> Self {
        Self {
            name: scope.name().to_owned(),
            version: scope.version().unwrap_or_default().to_owned(),
            attributes: scope.attributes().cloned().map(KeyValue::from).collect(),
        }
    }
}

impl Any {
    fn string(text: &str) -> Self {
        Self::String(cut(text, limits::MAX_ATTRIBUTE_VALUE_BYTES).to_owned())
    }
}
