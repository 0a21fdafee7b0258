//! The global tracer, for what may be made and used before telemetry is installed.

use opentelemetry::{
    Context, SpanId,
    global::{self, BoxedSpan, BoxedTracer},
    trace::{Span, SpanBuilder, TraceContextExt, Tracer},
};
use std::sync::OnceLock;

/// A tracer that was given, or the global one. That is looked up for every span until there is one that does something:
/// what is made of it earlier stays without effect for ever.
#[derive(Debug)]
pub(crate) struct LateTracer {
    scope: &'static str,
    tracer: OnceLock<BoxedTracer>,
}

// === impl LateTracer ===

impl LateTracer {
    /// The global tracer of an instrumentation scope.
    pub(crate) fn global(scope: &'static str) -> Self {
        let tracer = OnceLock::new();
        Self { scope, tracer }
    }

    pub(crate) fn given(scope: &'static str, tracer: BoxedTracer) -> Self {
        let tracer = OnceLock::from(tracer);
        Self { scope, tracer }
    }

    /// Whether telemetry is installed, as far as the spans until now could tell.
    pub(crate) fn is_there(&self) -> bool {
        self.tracer.get().is_some()
    }

    pub(crate) fn start(&self, span: SpanBuilder, parent: &Context) -> BoxedSpan {
        if let Some(tracer) = self.tracer.get() {
            return tracer.build_with_context(span, parent);
        }
        let tracer = global::tracer(self.scope);
        let span = tracer.build_with_context(span, parent);
        // The tracer that does nothing hands on its parent's context.
        let id = span.span_context().span_id();
        if id != SpanId::INVALID && id != parent.span().span_context().span_id() {
            // Another thread may have been first.
            let _ = self.tracer.set(tracer);
        }
        span
    }
}
