//! Log records and events: correlated with the span in which they are written.

mod any_value;
mod api;
#[cfg(feature = "tracing")]
mod layer;
#[cfg(any(feature = "tracing", feature = "errors"))]
mod text;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use throughline_core::limits::MAX_NAME_BYTES;

pub use self::api::{LogRecord, Logger, LoggerProvider, logger_provider};
#[cfg(feature = "tracing")]
pub use self::layer::{TracingLayer, tracing_layer};
#[cfg(any(feature = "tracing", feature = "errors"))]
pub(crate) use self::text::Text;
use crate::export::{self, Item, Signal};
use crate::otlp::{self, Attributes, Message, Scope, cut};
use crate::{clock, common, consent, limits};

/// The severity numbers of the specification that we write ourselves.
#[allow(dead_code, reason = "each is written by some feature, none by all")]
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
#[allow(dead_code, reason = "by the features that write events")]
pub(crate) fn event(scope: &'static str, record: Record) {
    let scope = otlp::named_scope(scope, env!("CARGO_PKG_VERSION"));
    emit(scope.into_bytes().into(), record);
}

/// Writes a record; `scope` is encoded.
#[allow(dead_code, reason = "by the features that write records")]
pub(crate) fn emit(scope: Scope, record: Record) {
    let mut attributes = common_attributes();
    attributes.set_all(&record.attributes, limits::get().attributes);
    send(scope, &record, attributes, clock::anchor().now());
}

/// What every record says.
fn common_attributes() -> Attributes {
    let mut attributes = Attributes::of_field(6);
    common::set(&mut attributes, limits::get().attributes);
    attributes
}

fn send(scope: Scope, record: &Record, attributes: Attributes, observed_at: u64) {
    if consent::is_given() && !Context::is_current_telemetry_suppressed() {
        let bytes = write(record, attributes, observed_at).into_bytes();
        export::record(Signal::Logs, Item { scope, bytes }, clock::monotonic());
    }
}

/// The `LogRecord` message.
fn write(record: &Record, mut attributes: Attributes, observed_at: u64) -> Message {
    attributes.write_dropped(0);
    let mut message = attributes.message;
    message.fixed64(1, record.at.unwrap_or(observed_at));
    message.uint(2, record.severity.into());
    message.text(3, record.severity_text);
    if let Some(body) = &record.body {
        message.message(5, body);
    }
    match &record.span {
        Some(span) => write_span(&mut message, span),
        None => Context::map_current(|cx| write_span(&mut message, cx.span().span_context())),
    }
    message.fixed64(11, observed_at);
    message.text(12, cut(record.event_name, MAX_NAME_BYTES));
    message
}

fn write_span(message: &mut Message, span: &SpanContext) {
    if span.is_valid() {
        message.fixed32(8, span.trace_flags().to_u8().into());
        message.trace_id(9, span.trace_id());
        message.span_id(10, span.span_id());
    }
}
