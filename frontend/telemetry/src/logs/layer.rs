//! Events of `tracing` as log records.

use std::cell::Cell;
use std::fmt;

use throughline_core::names;
use throughline_core::otlp::{self, Any, Message, cut};
use tracing_core::field::{Field, Visit};
use tracing_core::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::{Record, Text};
use crate::{consent, limits};

/// Writes every event of `tracing` as a log record. See [`tracing_layer`].
#[derive(Clone, Copy, Debug)]
pub struct TracingLayer(());

/// What becomes of one event: its fields are attributes, `message` is the body.
struct Fields {
    record: Record,
    /// Who wrote it, if it came by way of the `log` crate.
    target: Option<String>,
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// A layer that writes the events of `tracing` as log records, in the trace and span that are current in OpenTelemetry
/// when they happen.
///
/// An event's target is the name of the instrumentation scope, its `message` the body, its other fields are attributes.
/// It is an event of OpenTelemetry too if it was given a name. What an event causes while it is written is not written.
///
/// ```no_run
/// use tracing_subscriber::prelude::*;
///
/// throughline_browser::init("my-frontend").install();
/// tracing_subscriber::registry().with(throughline_browser::tracing_layer()).init();
/// ```
pub fn tracing_layer() -> TracingLayer {
    TracingLayer(())
}

// === impl TracingLayer ===

impl<S: Subscriber> Layer<S> for TracingLayer {
    fn on_event(&self, event: &Event<'_>, _cx: Context<'_, S>) {
        // `Debug` of a field may log in turn.
        if consent::is_given() && !WRITING.replace(true) {
            write(event);
            WRITING.set(false);
        }
    }
}

fn write(event: &Event<'_>) {
    let metadata = event.metadata();
    let level = *metadata.level();
    let mut fields = Fields {
        record: Record::new("", severity(level)),
        target: None,
    };
    fields.record.severity_text = level.as_str();
    // Without a name of its own, an event is named `event src/main.rs:7`.
    if !metadata.name().starts_with("event ") {
        fields.record.event_name = metadata.name();
    }
    event.record(&mut fields);
    let target = fields.target.as_deref().unwrap_or(metadata.target());
    let scope = otlp::named_scope(target, "");
    fields.record.send(scope.into());
}

fn severity(level: Level) -> u8 {
    match level {
        Level::TRACE => 1,
        Level::DEBUG => 5,
        Level::INFO => super::severity::INFO,
        Level::WARN => super::severity::WARN,
        Level::ERROR => super::severity::ERROR,
    }
}

// === impl Fields ===

impl Fields {
    fn set(&mut self, field: &Field, value: &Any<'_>) {
        self.record.set(field.name(), value);
    }

    #[inline(never)]
    fn set_text(&mut self, field: &Field, text: &str) {
        match field.name() {
            "message" => {
                let mut body = Message::default();
                body.any(&Any::Text(text), limits::get().attributes.value_bytes);
                self.record.body = Some(body);
            }
            // What `tracing-log` says of a record of the `log` crate.
            "log.target" => {
                self.target = Some(cut(text, limits::get().attributes.value_bytes).to_owned());
            }
            "log.file" | "log.module_path" => {}
            _ => self.set(field, &Any::Text(text)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set_text(field, &Text::of(format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set_text(field, value);
    }

    fn record_error(&mut self, _field: &Field, value: &(dyn std::error::Error + 'static)) {
        let message = Text::of(format_args!("{value}"));
        self.record
            .set(names::exception::MESSAGE, &Any::Text(&message));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, &Any::Bool(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, &Any::Double(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, &Any::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(_) if field.name() == "log.line" => {}
            Ok(value) => self.set(field, &Any::Int(value)),
            Err(_) => self.record_debug(field, &value),
        }
    }
}
