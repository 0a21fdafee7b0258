//! One exception, and how it is written.

use super::signal::exception_signal;
use crate::http::clip;
use opentelemetry::{Context, KeyValue, trace::TraceContextExt};
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    borrow::Cow,
    error::Error,
    fmt::Write,
    panic::Location,
};
use throughline_core::{names::exception as names, redact};

/// The target of the log records. The layer that makes spans of `tracing` passes over it: the span knows already.
pub(crate) const TARGET: &str = "throughline::exception";

/// The longest `exception.stacktrace`, in bytes.
const MAX_STACKTRACE_BYTES: usize = 16 * 1024;

/// The longest chain of causes that is told: one may be a circle.
const MAX_CAUSES: usize = 16;

/// An exception: its type, its message, and as much of a stack as there is.
#[derive(Debug)]
pub(crate) struct Exception {
    error_type: Cow<'static, str>,
    message: String,
    stack: String,
}

// === impl Exception ===

impl Exception {
    pub(crate) fn new(error_type: impl Into<Cow<'static, str>>, message: impl AsRef<str>) -> Self {
        let error_type = error_type.into();
        let message = redact::url(message.as_ref());
        let message = clip(&message);
        Self {
            stack: format!("{error_type}: {message}"),
            error_type,
            message: message.to_owned(),
        }
    }

    /// Rust's errors have no stack, but causes.
    pub(crate) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        let causes =
            std::iter::successors(error.source(), |it: &&(dyn Error + 'static)| (*it).source());
        for cause in causes.take(MAX_CAUSES) {
            let cause = cause.to_string();
            self.line("caused by: ", &clip(&redact::url(&cause)));
        }
        self
    }

    /// The place in the program.
    pub(crate) fn at(mut self, location: &Location<'_>) -> Self {
        self.line("at ", location);
        self
    }

    /// Writes it on the span of `context`, as a log record, or both. With `RUST_BACKTRACE=1`, its stack is told too.
    pub(crate) fn write(mut self, context: &Context) {
        // A trace of the stack takes milliseconds: only if the operator asked for it.
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            self.line("", &backtrace);
        }
        let end = self.stack.floor_char_boundary(MAX_STACKTRACE_BYTES);
        self.stack.truncate(end);
        let signal = exception_signal();
        if signal.is_logged() {
            self.log();
        }
        if signal.is_on_span() {
            self.add_to(context);
        }
    }

    fn log(&self) {
        // Names in quotes: `type` is a keyword.
        tracing::event!(
            target: TARGET,
            tracing::Level::ERROR,
            {
                "exception.type" = &*self.error_type,
                "exception.message" = self.message,
                "exception.stacktrace" = self.stack
            },
            "exception"
        );
    }

    fn add_to(self, context: &Context) {
        let attributes = vec![
            KeyValue::new(names::TYPE, self.error_type),
            KeyValue::new(names::MESSAGE, self.message),
            KeyValue::new(names::STACKTRACE, self.stack),
        ];
        context.span().add_event(names::EVENT, attributes);
    }

    fn line(&mut self, label: &str, text: &dyn std::fmt::Display) {
        // Writing to memory cannot fail.
        let _ = write!(self.stack, "\n{label}{text}");
    }
}
