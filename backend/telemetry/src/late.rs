//! The global tracer, for what may be made and used before telemetry is installed.

use crate::trace::{AnyTracer, Start, TracerProvider};
use opentelemetry::{
    Context, SpanId,
    global::{self, BoxedTracer},
    trace::{SpanKind, TraceContextExt, TracerProvider as _},
};
use std::sync::OnceLock;

/// A tracer that was given, or that of the provider that was installed, or the global one. These are looked up for every
/// span until one of them does something: what is made of them earlier stays without effect for ever.
#[derive(Debug)]
pub(crate) struct LateTracer {
    scope: &'static str,
    tracer: OnceLock<AnyTracer>,
}

/// The provider that was installed, beside the same one behind OpenTelemetry's API. None if telemetry is disabled.
static INSTALLED: OnceLock<Option<TracerProvider>> = OnceLock::new();

/// Makes this provider the one of all late tracers; none has them do nothing.
pub(crate) fn install(provider: Option<&TracerProvider>) {
    let _only_once = INSTALLED.set(provider.cloned());
}

// === impl LateTracer ===

impl LateTracer {
    /// The global tracer of an instrumentation scope.
    pub(crate) fn global(scope: &'static str) -> Self {
        let tracer = OnceLock::new();
        Self { scope, tracer }
    }

    pub(crate) fn given(scope: &'static str, tracer: BoxedTracer) -> Self {
        let tracer = OnceLock::from(AnyTracer::Other(tracer));
        Self { scope, tracer }
    }

    /// Whether telemetry is installed, as far as the spans until now could tell.
    pub(crate) fn is_there(&self) -> bool {
        self.tracer.get().is_some()
    }

    /// `parent` with a new span in it.
    pub(crate) fn start(
        &self,
        name: &str,
        kind: SpanKind,
        parent: &Context,
        write: impl FnOnce(&mut dyn Start),
    ) -> Context {
        if let Some(tracer) = self.tracer.get() {
            return tracer.start(name, kind, parent, write);
        }
        if let Some(installed) = INSTALLED.get() {
            let ours = |it: &TracerProvider| AnyTracer::Ours(it.tracer(self.scope));
            let tracer = || installed.as_ref().map_or(AnyTracer::None, ours);
            let tracer = self.tracer.get_or_init(tracer);
            return tracer.start(name, kind, parent, write);
        }
        let tracer = AnyTracer::Other(global::tracer(self.scope));
        let context = tracer.start(name, kind, parent, write);
        // The tracer that does nothing hands on its parent's context.
        let id = context.span().span_context().span_id();
        if id != SpanId::INVALID && id != parent.span().span_context().span_id() {
            // Another thread may have been first.
            let _ = self.tracer.set(tracer);
        }
        context
    }
}
