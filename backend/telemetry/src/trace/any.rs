//! What this crate's instrumentation starts its spans with.

use super::{Start, Tracer};
use crate::propagate;
use opentelemetry::{
    Context,
    global::BoxedTracer,
    trace::{Span, SpanBuilder, SpanKind, TraceContextExt, Tracer as _},
};

/// Ours, or another one behind the API.
#[derive(Debug)]
pub(crate) enum AnyTracer {
    Ours(Tracer),
    Other(BoxedTracer),
    /// Telemetry is disabled.
    None,
}

// === impl AnyTracer ===

impl AnyTracer {
    /// `parent` with a new span in it. After a shutdown there are no more spans: then a remote caller's stays.
    pub(crate) fn start(
        &self,
        name: &str,
        kind: SpanKind,
        parent: &Context,
        write: impl FnOnce(&mut dyn Start),
    ) -> Context {
        match self {
            Self::Ours(tracer) => below(parent, tracer.start(name, &kind, parent, write)),
            Self::Other(tracer) => {
                let mut attributes = Vec::new();
                write(&mut attributes);
                let span = SpanBuilder::from_name(name.to_owned())
                    .with_kind(kind)
                    .with_attributes(attributes);
                let context = below(parent, tracer.build_with_context(span, parent));
                propagate::with_random_flag(context, parent)
            }
            // Its caller's context passes through.
            Self::None => parent.with_remote_span_context(parent.span().span_context().clone()),
        }
    }
}

fn below(parent: &Context, span: impl Span + Send + Sync + 'static) -> Context {
    if !span.span_context().is_valid() && parent.span().span_context().is_remote() {
        return parent.clone();
    }
    parent.with_span(span)
}
