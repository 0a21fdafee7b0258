//! Events of level `error` in spans that `tracing` does not know.

use opentelemetry::{
    Context,
    trace::{Status, TraceContextExt},
};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{self, Layer};

/// A layer beside that of tracing-opentelemetry, which makes errors of the spans of `tracing` alone: this one does so with the
/// span of an exchange, or any other that is current for OpenTelemetry.
#[derive(Debug)]
pub(crate) struct ErrorEvents;

impl<S: Subscriber> Layer<S> for ErrorEvents {
    fn on_event(&self, event: &Event<'_>, _context: layer::Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR && event.is_contextual() {
            Context::map_current(|current| current.span().set_status(Status::error("")));
        }
    }
}
