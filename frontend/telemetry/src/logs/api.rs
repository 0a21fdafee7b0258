//! The logs API of `opentelemetry`. It has no global provider: libraries that bridge to it are given ours.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::logs::{self, AnyValue, Severity};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, InstrumentationScope, Key};
use throughline_core::otlp::{self, Any};

use super::{Record, any_value};
use crate::export::Scope;
use crate::{clock, consent, limits};

/// Gives out the [`Logger`]s of this page. See [`logger_provider`].
#[derive(Clone, Copy, Debug)]
pub struct LoggerProvider(());

/// Writes log records under one instrumentation scope.
#[derive(Clone, Debug)]
pub struct Logger {
    scope: Scope,
}

/// A log record under way. It is complete when it is given to [`Logger`]'s `emit`.
///
/// It holds as many attributes, and as long texts, as [`Limits`](crate::Limits) say. Lists and maps may be 8 deep; what
/// is deeper is left empty.
#[derive(Debug)]
pub struct LogRecord {
    record: Record,
    target: Option<Cow<'static, str>>,
}

/// The page's provider of the OpenTelemetry logs API, for appenders of other logging crates.
///
/// The API has no global one. Records carry the trace and span that are current when they are emitted.
///
/// ```no_run
/// use opentelemetry::logs::{LogRecord, Logger, LoggerProvider, Severity};
///
/// let logger = throughline_browser::logger_provider().logger("checkout");
/// let mut record = logger.create_log_record();
/// record.set_severity_number(Severity::Warn);
/// record.set_body("the cart is empty".into());
/// logger.emit(record);
/// ```
pub fn logger_provider() -> LoggerProvider {
    LoggerProvider(())
}

// === impl LoggerProvider ===

impl logs::LoggerProvider for LoggerProvider {
    type Logger = Logger;

    fn logger_with_scope(&self, scope: InstrumentationScope) -> Logger {
        Logger {
            scope: otlp::scope(&scope, limits::get().attributes.value_bytes).into(),
        }
    }
}

// === impl Logger ===

impl logs::Logger for Logger {
    type LogRecord = LogRecord;

    fn create_log_record(&self) -> LogRecord {
        LogRecord {
            record: Record::new("", 0),
            target: None,
        }
    }

    fn emit(&self, record: LogRecord) {
        // The scope of an appender says nothing of who wrote the record: its target does.
        let scope = match &record.target {
            Some(target) => otlp::named_scope(target, "").into(),
            None => Arc::clone(&self.scope),
        };
        record.record.send(scope);
    }

    fn event_enabled(&self, _level: Severity, _target: &str, _name: Option<&str>) -> bool {
        consent::is_given() && !Context::is_current_telemetry_suppressed()
    }
}

// === impl Record ===

impl Record {
    /// In one place for all types of keys and values.
    #[inline(never)]
    fn set_any(&mut self, key: &Key, value: &AnyValue) {
        let value = any_value::encode(value);
        self.set(key.as_str(), &Any::Encoded(&value));
    }
}

// === impl LogRecord ===

impl logs::LogRecord for LogRecord {
    fn set_event_name(&mut self, name: &'static str) {
        self.record.event_name = name;
    }

    fn set_target<T: Into<Cow<'static, str>>>(&mut self, target: T) {
        self.target = Some(target.into());
    }

    fn set_timestamp(&mut self, timestamp: SystemTime) {
        self.record.at = Some(clock::at(Some(timestamp), clock::anchor().now()));
    }

    fn set_observed_timestamp(&mut self, timestamp: SystemTime) {
        self.record.observed_at = Some(clock::at(Some(timestamp), clock::anchor().now()));
    }

    fn set_severity_text(&mut self, text: &'static str) {
        self.record.severity_text = text;
    }

    fn set_severity_number(&mut self, number: Severity) {
        self.record.severity = number as u8;
    }

    fn set_body(&mut self, body: AnyValue) {
        self.record.body = Some(any_value::encode(&body));
    }

    fn add_attributes<I, K, V>(&mut self, attributes: I)
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Key>,
        V: Into<AnyValue>,
    {
        for (key, value) in attributes {
            self.add_attribute(key, value);
        }
    }

    fn add_attribute<K: Into<Key>, V: Into<AnyValue>>(&mut self, key: K, value: V) {
        self.record.set_any(&key.into(), &value.into());
    }

    fn set_trace_context(
        &mut self,
        trace_id: TraceId,
        span_id: SpanId,
        trace_flags: Option<TraceFlags>,
    ) {
        let flags = trace_flags.unwrap_or_default();
        let span = SpanContext::new(trace_id, span_id, flags, false, TraceState::NONE);
        self.record.span = Some(span);
    }
}
