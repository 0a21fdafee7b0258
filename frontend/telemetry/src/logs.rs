//! Log records and events: correlated with the span in which they are written.

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue, Value};
use throughline_core::limits::MAX_NAME_BYTES;

use crate::export::{self, Item, Signal};
use crate::otlp::{self, Attributes, Message, cut};
use crate::{clock, common, consent, limits};

/// The severity numbers of the specification that we write ourselves.
pub(crate) mod severity {
    pub(crate) const INFO: u8 = 9;
    pub(crate) const WARN: u8 = 13;
    pub(crate) const ERROR: u8 = 17;
    pub(crate) const FATAL: u8 = 21;
}

/// One log record. With an event name it is an event.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) event_name: &'static str,
    /// 1 to 24; 0 for none.
    pub(crate) severity: u8,
    pub(crate) severity_text: &'static str,
    /// An encoded `AnyValue`.
    pub(crate) body: Option<Message>,
    pub(crate) attributes: Vec<KeyValue>,
    /// When it happened, in nanoseconds since 1970, if that is not now.
    pub(crate) at: Option<u64>,
    /// The span in which it happened, if that is not the current one.
    pub(crate) span: Option<SpanContext>,
}

/// Writes an event of one of our own instrumentations.
pub(crate) fn event(scope: &'static str, record: Record) {
    let scope = otlp::named_scope(scope, env!("CARGO_PKG_VERSION"));
    emit(&scope.into_bytes(), record);
}

/// Writes a record; `scope` is encoded.
pub(crate) fn emit(scope: &[u8], record: Record) {
    if !consent::is_given() {
        return;
    }
    let bytes = write(record).into_bytes();
    let scope = scope.into();
    export::record(Signal::Logs, Item { scope, bytes });
}

/// The `LogRecord` message.
fn write(record: Record) -> Message {
    let limits = limits::get();
    let now = clock::anchor().now();
    let mut message = Message::default();
    message.fixed64(1, record.at.unwrap_or(now));
    message.uint(2, record.severity.into());
    message.text(3, record.severity_text);
    if let Some(body) = &record.body {
        message.message(5, body);
    }
    let mut attributes = Attributes::default();
    common::set(&mut attributes, limits.attributes);
    for attribute in record.attributes {
        attributes.set(attribute, limits.attributes);
    }
    attributes.write(&mut message, 6, 0);
    let span = record.span;
    let span = span.unwrap_or_else(|| Context::map_current(|cx| cx.span().span_context().clone()));
    if span.is_valid() {
        message.fixed32(8, span.trace_flags().to_u8().into());
        message.bytes(9, &span.trace_id().to_bytes());
        message.bytes(10, &span.span_id().to_bytes());
    }
    message.fixed64(11, now);
    message.text(12, cut(record.event_name, MAX_NAME_BYTES));
    message
}

/// A text as the body of a record.
pub(crate) fn body(text: String) -> Option<Message> {
    Some(otlp::value(&Value::from(text)))
}
