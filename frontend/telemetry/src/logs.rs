//! Log records and events: correlated with the span in which they are written.

mod any_value;
mod api;
#[cfg(feature = "tracing")]
mod layer;
#[cfg(any(feature = "tracing", feature = "errors"))]
mod text;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use throughline_core::limits::MAX_NAME_BYTES;
use throughline_core::otlp::{self, Any, Attributes, Message, cut};

pub use self::api::{LogRecord, Logger, LoggerProvider, logger_provider};
#[cfg(feature = "tracing")]
pub use self::layer::{TracingLayer, tracing_layer};
#[cfg(any(feature = "tracing", feature = "errors"))]
pub(crate) use self::text::Text;
use crate::export::{self, Item, Scope, Signal};
use crate::{clock, common, consent, limits};

/// The severity numbers of the specification that we write ourselves.
#[allow(dead_code, reason = "each is written by some feature, none by all")]
pub(crate) mod severity {
    pub(crate) const INFO: u8 = 9;
    pub(crate) const WARN: u8 = 13;
    pub(crate) const ERROR: u8 = 17;
    pub(crate) const FATAL: u8 = 21;
}

/// One log record under way. With an event name it is an event.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) event_name: &'static str,
    /// 1 to 24; 0 for none.
    pub(crate) severity: u8,
    pub(crate) severity_text: &'static str,
    /// An encoded `AnyValue`.
    pub(crate) body: Option<Message>,
    attributes: Attributes,
    /// When it happened, in nanoseconds since 1970, if that is not now.
    pub(crate) at: Option<u64>,
    /// When we heard of it, if that is not now.
    observed_at: Option<u64>,
    /// The span in which it happened, if that is not the current one.
    pub(crate) span: Option<SpanContext>,
}

// === impl Record ===

#[allow(dead_code, reason = "each is for some feature, none for all")]
impl Record {
    /// With what every record says.
    #[inline(never)]
    pub(crate) fn new(event_name: &'static str, severity: u8) -> Self {
        let mut attributes = Attributes::of_field(6, export::USUAL_BYTES);
        common::set(&mut attributes, limits::get().attributes);
        Self {
            event_name,
            severity,
            severity_text: "",
            body: None,
            attributes,
            at: None,
            observed_at: None,
            span: None,
        }
    }

    #[inline(never)]
    pub(crate) fn set(&mut self, key: &str, value: &Any<'_>) {
        self.attributes.set(key, value, limits::get().attributes);
    }

    /// Writes an event of one of our own instrumentations.
    pub(crate) fn send_as(self, scope: &str) {
        let scope = otlp::named_scope(scope, env!("CARGO_PKG_VERSION"));
        self.send(scope.into());
    }

    /// Writes the record; `scope` is encoded.
    #[inline(never)]
    pub(crate) fn send(self, scope: Scope) {
        if consent::is_given() && !Context::is_current_telemetry_suppressed() {
            let message = self.write();
            let item = Item { scope, message };
            export::record(Signal::Logs, item, clock::monotonic_nanos());
        }
    }

    /// The `LogRecord` message. Its times are those of the clock of its trace.
    fn write(mut self) -> Message {
        let span = self.span.take();
        let span =
            span.unwrap_or_else(|| Context::map_current(|cx| cx.span().span_context().clone()));
        let anchor = match span.is_valid() {
            true => clock::anchor_of(span.trace_id(), clock::monotonic_nanos()),
            false => clock::anchor(),
        };
        let observed_at = self.observed_at.unwrap_or_else(|| anchor.now());
        self.attributes.write_dropped(0);
        let mut message = self.attributes.message;
        message.fixed64(1, self.at.unwrap_or(observed_at));
        message.uint(2, self.severity.into());
        message.text(3, self.severity_text);
        if let Some(body) = &self.body {
            message.message(5, body);
        }
        write_span(&mut message, &span);
        message.fixed64(11, observed_at);
        message.text(12, cut(self.event_name, MAX_NAME_BYTES));
        message
    }
}

#[allow(dead_code, reason = "for some features")]
impl Record {
    /// Sets a text, unless it is empty.
    #[inline(never)]
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.set(key, &Any::Text(text));
        }
    }
}

fn write_span(message: &mut Message, span: &SpanContext) {
    if span.is_valid() {
        message.fixed32(8, span.trace_flags().to_u8().into());
        message.trace_id(9, span.trace_id());
        message.span_id(10, span.span_id());
    }
}
