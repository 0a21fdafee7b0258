//! Makes each event a log record of OpenTelemetry.
//!
//! Not by `opentelemetry-appender-tracing`: it puts errors under another name than their field's and without their
//! causes, gives an event with an explicit parent the ids of another span, and names every record after its line of code.

use super::{
    correlation::Correlation,
    fields::{chain, is_of_log},
};
use crate::trace::shorter;
use opentelemetry::{
    Context, Key,
    logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity},
};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider};
use std::{error::Error, fmt, sync::Arc, time::SystemTime};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_log::NormalizeEvent;
use tracing_subscriber::{
    layer::{self, Layer},
    registry::LookupSpan,
};

/// A layer that hands events to a logger provider.
pub(crate) struct OtlpLogs {
    logger: SdkLogger,
    correlation: Arc<Correlation>,
    value_length: Option<usize>,
}

/// Fills a record with an event's fields.
struct Record {
    record: SdkLogRecord,
    value_length: Option<usize>,
}

// === impl OtlpLogs ===

impl OtlpLogs {
    /// `value_length`: characters of a text at most.
    pub(crate) fn new(
        provider: &SdkLoggerProvider,
        correlation: Arc<Correlation>,
        value_length: Option<usize>,
    ) -> Self {
        Self {
            logger: provider.logger("tracing"),
            correlation,
            value_length,
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for OtlpLogs {
    fn on_event(&self, event: &Event<'_>, _context: layer::Context<'_, S>) {
        // What exporters say while they export would be exported, and so on.
        if Context::is_current_telemetry_suppressed() {
            return;
        }
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut record = Record {
            record: self.logger.create_log_record(),
            value_length: self.value_length,
        };
        event.record(&mut record);
        let mut record = record.record;
        record.set_timestamp(SystemTime::now());
        record.set_target(metadata.target().to_owned());
        record.set_severity_number(severity(*metadata.level()));
        record.set_severity_text(metadata.level().as_str());
        if let Some(span) = self.correlation.span_context(event) {
            record.set_trace_context(span.trace_id(), span.span_id(), Some(span.trace_flags()));
        }
        self.logger.emit(record);
    }
}

impl fmt::Debug for OtlpLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpLogs").finish_non_exhaustive()
    }
}

/// By the table of the specification (logs data model, appendix B).
fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

// === impl Record ===

impl Record {
    fn put(&mut self, field: &Field, value: impl Into<AnyValue>) {
        let name = field.name();
        if name == "message" {
            self.record.set_body(value.into());
        } else if !is_of_log(field) {
            let name = name.strip_prefix("r#").unwrap_or(name);
            self.record.add_attribute(Key::from_static_str(name), value);
        }
    }
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        let shorter = self.value_length.and_then(|length| shorter(value, length));
        // The limit is one of attributes: what the event says to people is not one.
        let text = shorter.filter(|_| field.name() != "message");
        self.put(field, text.unwrap_or(value).to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_str(field, &chain(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.put(field, value),
            Err(_) => self.put(field, value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}
