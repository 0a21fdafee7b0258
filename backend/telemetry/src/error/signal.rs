//! How exceptions are told: as span events, as log records, or both.

use std::sync::atomic::{AtomicU8, Ordering};

/// How exceptions are told. By default as the semantic conventions have it until their next major version: as span
/// events. `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` chooses another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum ExceptionSignal {
    /// An event `exception` on the span that it happened in.
    #[default]
    SpanEvents = 0,
    /// A log record of level `error`, with the ids of that span: `logs`.
    Logs = 1,
    /// Both, for the time of the change: `logs/dup`.
    LogsAndSpanEvents = 2,
}

/// One for the process: an exception is told in the middle of any code.
static SIGNAL: AtomicU8 = AtomicU8::new(ExceptionSignal::SpanEvents as u8);

/// Chooses for the whole process. [`install`](crate::Builder::install) does it by the environment.
pub fn set_exception_signal(signal: ExceptionSignal) {
    SIGNAL.store(signal as u8, Ordering::Relaxed);
}

pub(super) fn exception_signal() -> ExceptionSignal {
    match SIGNAL.load(Ordering::Relaxed) {
        1 => ExceptionSignal::Logs,
        2 => ExceptionSignal::LogsAndSpanEvents,
        _ => ExceptionSignal::SpanEvents,
    }
}

// === impl ExceptionSignal ===

impl ExceptionSignal {
    /// Reads the value of `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`, a list. `logs/dup` wins over `logs`; what is not known
    /// is passed over.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let has = |name| list.split(',').any(|it| it.trim() == name);
        if has("logs/dup") {
            Self::LogsAndSpanEvents
        } else if has("logs") {
            Self::Logs
        } else {
            Self::SpanEvents
        }
    }

    pub(super) fn is_logged(self) -> bool {
        self != Self::SpanEvents
    }

    pub(super) fn is_on_span(self) -> bool {
        self != Self::Logs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_a_list() {
        assert_eq!(ExceptionSignal::parse("logs"), ExceptionSignal::Logs);
        let both = ExceptionSignal::LogsAndSpanEvents;
        assert_eq!(ExceptionSignal::parse("other, logs/dup,logs"), both);
        assert_eq!(ExceptionSignal::parse("LOGS"), ExceptionSignal::SpanEvents);
    }
}
