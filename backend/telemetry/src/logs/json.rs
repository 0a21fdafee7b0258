//! Writes each event as one flat JSON object on one line.

use super::{
    correlation::Correlation,
    fields::{Fields, string},
};
use std::{fmt, io::Write, sync::Arc};
use time::{OffsetDateTime, format_description::StaticFormatDescription, macros};
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::{
    fmt::MakeWriter,
    layer::{self, Layer},
    registry::LookupSpan,
};

/// RFC 3339, UTC, microseconds.
const TIMESTAMP: StaticFormatDescription = macros::format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
);

/// A layer that writes `timestamp, level, message, target, trace_id, span_id, trace_flags`, the event's fields, and whose
/// line it is: `service.name` and `service.version`.
pub(crate) struct JsonLines<W> {
    writer: W,
    correlation: Arc<Correlation>,
    /// The end of every line.
    service: Vec<u8>,
}

// === impl JsonLines ===

impl<W> JsonLines<W> {
    /// `service`: members that every line ends with.
    pub(crate) fn new<'a>(
        writer: W,
        correlation: Arc<Correlation>,
        service: impl Iterator<Item = (&'a str, String)>,
    ) -> Self {
        let mut members = Vec::new();
        for (name, value) in service {
            members.push(b',');
            string(&mut members, name);
            members.push(b':');
            string(&mut members, &value);
        }
        Self {
            writer,
            correlation,
            service: members,
        }
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
        line.extend_from_slice(b",\"target\":");
        string(&mut line, metadata.target());
        if let Some(span) = self.correlation.span_context(event) {
            let (trace_id, span_id) = (span.trace_id(), span.span_id());
            let flags = span.trace_flags().to_u8();
            let _ = write!(
                line,
                ",\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\",\"trace_flags\":\"{flags:02x}\""
            );
        }
        line.extend_from_slice(&fields.rest);
        line.extend_from_slice(&self.service);
        line.extend_from_slice(b"}\n");
        line
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
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
