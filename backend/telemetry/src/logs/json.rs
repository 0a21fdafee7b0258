//! Writes each event as one flat JSON object on one line.

use super::fields::{Fields, string};
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};
use std::{fmt, io::Write, sync::OnceLock};
use time::{OffsetDateTime, format_description::StaticFormatDescription, macros};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher::WeakDispatch};
use tracing_log::NormalizeEvent;
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::{
    fmt::MakeWriter,
    layer::{self, Layer},
    registry::LookupSpan,
};

/// RFC 3339, UTC, microseconds.
const TIMESTAMP: StaticFormatDescription = macros::format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
);

/// A layer that writes `timestamp, level, message, logger, trace_id, span_id, trace_flags` and the event's fields.
///
/// The ids are those of the span that is current for OpenTelemetry: tracing-opentelemetry makes every `tracing` span
/// current there when it is entered, so it is always the innermost one of both worlds. They are looked up at each event
/// and not kept in span fields, where they would be stale in child spans.
pub(crate) struct JsonLines<W> {
    writer: W,
    dispatch: OnceLock<WeakDispatch>,
}

// === impl JsonLines ===

impl<W> JsonLines<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            writer,
            dispatch: OnceLock::new(),
        }
    }

    /// The span that `event` belongs to, if any.
    fn span_context(&self, event: &Event<'_>) -> Option<SpanContext> {
        let context = match event.parent() {
            Some(parent) => {
                let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade)?;
                get_otel_context(parent, &dispatch)?
            }
            None if event.is_contextual() => Context::current(),
            None => return None,
        };
        let span_context = context.span().span_context().clone();
        span_context.is_valid().then_some(span_context)
    }

    fn line(&self, event: &Event<'_>, metadata: &Metadata<'_>) -> Vec<u8> {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = Vec::with_capacity(256);
        line.extend_from_slice(b"{\"timestamp\":\"");
        // Writing to memory cannot fail, and a time of today can be written.
        let _ = OffsetDateTime::now_utc().format_into(&mut line, &TIMESTAMP);
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(metadata.level().as_str().as_bytes());
        line.extend_from_slice(b"\",\"message\":");
        string(&mut line, &fields.message);
        line.extend_from_slice(b",\"logger\":");
        string(&mut line, metadata.target());
        if let Some(span) = self.span_context(event) {
            let (trace_id, span_id) = (span.trace_id(), span.span_id());
            let flags = span.trace_flags().to_u8();
            let _ = write!(
                line,
                ",\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\",\"trace_flags\":\"{flags:02x}\""
            );
        }
        line.extend_from_slice(&fields.rest);
        line.extend_from_slice(b"}\n");
        line
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, _context: layer::Context<'_, S>) {
        // Events of the `log` crate carry their true target in fields.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let line = self.line(event, metadata);
        // One write a line, so that lines of several threads do not mix. A log that cannot be written has no place to
        // say so.
        let _ = self.writer.make_writer_for(metadata).write_all(&line);
    }
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}
