//! Exceptions as log records: panics of the module, what the page's scripts throw and nobody catches, and what the
//! application hands to [`record_error`].
//!
//! They are log records, not events of spans, as the semantic conventions have it; each carries the span that was
//! current when it happened.

mod panic;
mod seen;
mod thrown;

use std::error::Error;
use std::fmt::Write as _;
use std::panic::Location;

use throughline_core::names::{self, code, exception, throughline};
use throughline_core::otlp::Any;
use throughline_core::redact;
use web_sys::{Event, Window};

use crate::consent;
use crate::logs::{Record, Text, severity};
use crate::page::{self, property};

/// Exceptions that one page tells of, unless set by `Builder::max_errors`. What is thrown in a loop must not fill the
/// queue of all the others.
pub(crate) const MAX_ERRORS: usize = 100;
/// Errors that [`record_error`] follows from one to its source: a chain may be a circle.
const MAX_SOURCES: usize = 16;

/// What is told of an exception; empty texts are not.
#[derive(Debug, Default)]
struct Exception {
    class: String,
    message: String,
    stacktrace: String,
    is_cross_origin: bool,
}

/// Listens to the page, and hooks into panics.
pub(crate) fn install(window: &Window, max_errors: usize) {
    seen::set_max(max_errors);
    panic::install();
    page::listen(window, "error", on_error);
    page::listen(window, "unhandledrejection", |event| {
        record_uncaught(&thrown::read(&property(event, "reason")));
    });
}

/// Records an error that the application has dealt with, as an `exception` log of severity `ERROR`, in the current span.
///
/// `exception.message` is what the error says, `exception.stacktrace` the chain of its sources, 16 at most. Before the
/// client is installed, and beyond [`Builder::max_errors`](crate::Builder::max_errors), nothing is recorded.
///
/// ```no_run
/// # fn save() -> Result<(), std::io::Error> { Ok(()) }
/// if let Err(error) = save() {
///     throughline_browser::record_error(&error);
/// }
/// ```
pub fn record_error(error: &dyn Error) {
    let mut stacktrace = Text::default();
    let mut next = error.source();
    for _ in 0..MAX_SOURCES {
        let Some(source) = next else { break };
        let _ = writeln!(stacktrace, "Caused by: {source}");
        next = source.source();
    }
    let exception = Exception {
        message: Text::of(format_args!("{error}")),
        stacktrace: stacktrace.0,
        ..Exception::default()
    };
    record(&exception, severity::ERROR, None);
}

/// An `ErrorEvent`: something was thrown, and nobody caught it.
fn on_error(event: &Event) {
    let message = property(event, "message");
    // An image that does not load has an `error` event too, which is no exception and has no message.
    if !message.is_string() {
        return;
    }
    let thrown = property(event, "error");
    let mut exception = if thrown.is_null() || thrown.is_undefined() {
        Exception {
            message: thrown::text(&message),
            ..Exception::default()
        }
    } else {
        thrown::read(&thrown)
    };
    // What a script of another origin throws is hidden from the page, but for scripts with `crossorigin` (HTML, 8.1.4.7).
    exception.is_cross_origin = exception.message == "Script error." && exception.class.is_empty();
    record_uncaught(&exception);
}

fn record_uncaught(exception: &Exception) {
    // A panic ends in a trap, which is thrown through the page: one failure, told of already.
    if !(panic::was_just_told() && exception.class == "RuntimeError") {
        record(exception, severity::ERROR, None);
    }
}

/// `at` is where it panicked, if that is what it is.
#[inline(never)]
fn record(exception: &Exception, severity: u8, at: Option<&Location<'_>>) {
    if !consent::is_given() {
        return;
    }
    let Some(occurrences) = seen::count(exception, severity) else {
        return;
    };
    let mut record = Record::new(exception::EVENT, severity);
    record.set_text(exception::TYPE, &exception.class);
    record.set_text(exception::MESSAGE, &redacted(&exception.message));
    record.set_text(exception::STACKTRACE, &redacted(&exception.stacktrace));
    if let Some(at) = at {
        record.set(code::FILE_PATH, &Any::Text(at.file()));
        record.set(code::LINE_NUMBER, &Any::Int(at.line().into()));
        record.set(code::COLUMN_NUMBER, &Any::Int(at.column().into()));
    }
    if exception.is_cross_origin {
        record.set(throughline::EXCEPTION_CROSS_ORIGIN, &Any::Bool(true));
    }
    if occurrences > 1 {
        let occurrences = Any::Int(occurrences.into());
        record.set(throughline::EXCEPTION_OCCURRENCES, &occurrences);
    }
    record.send_as(names::scope::ERRORS);
}

/// Without the secrets of the addresses that are in it: those of the page and of its scripts are in every stack.
#[inline(never)]
fn redacted(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut start = 0;
    for (at, byte) in text.bytes().chain([b'\n']).enumerate() {
        if byte == b'\n' {
            if start > 0 {
                redacted.push('\n');
            }
            redacted.push_str(&redact::url(text.get(start..at).unwrap_or_default()));
            start = at + 1;
        }
    }
    redacted
}
