//! Which span an event belongs to.

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};
use std::sync::OnceLock;
use tracing::{Dispatch, Event, dispatcher::WeakDispatch};
use tracing_opentelemetry::get_otel_context;

/// Finds the span that is current for OpenTelemetry: tracing-opentelemetry makes every `tracing` span current there when
/// it is entered, so it is always the innermost one of both worlds. It is looked up at each event and not kept in span
/// fields, where it would be stale in child spans.
#[derive(Debug, Default)]
pub(crate) struct Correlation {
    dispatch: OnceLock<WeakDispatch>,
}

// === impl Correlation ===

impl Correlation {
    /// To be told of the subscriber once it is made: the layers are not, for `Vec` and `Option` keep that from them.
    pub(crate) fn register(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    /// The span that `event` belongs to, if any.
    pub(super) fn span_context(&self, event: &Event<'_>) -> Option<SpanContext> {
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
}
