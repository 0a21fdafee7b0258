//! What came in and has no place in a [`SpanContext`](opentelemetry::trace::SpanContext) of ours.

use opentelemetry::trace::SpanContext;
use opentelemetry::{TraceFlags, TraceId};

use super::{RANDOM, TraceParent};

/// The caller's trace context as it came in, kept in the [`Context`](opentelemetry::Context) by extraction.
///
/// Level 2 asks to pass the random flag on unchanged, but `opentelemetry_sdk` gives default flags to a span that its
/// sampler drops. And the API's `TraceState` still has the key grammar of level 1, so that a valid `tracestate` may have
/// no place in it. Injection takes both from here while the trace is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    parent: TraceParent,
    /// A valid `tracestate` that the API's type refuses.
    state: Option<String>,
}

impl Incoming {
    pub(super) fn new(parent: TraceParent, state: Option<String>) -> Self {
        Self { parent, state }
    }

    /// For a trace that begins with `span`, by an SDK that gives it a random id and does not say so: as if it had come in
    /// with the random flag. `None` if the span is not valid.
    pub fn of_random_root(span: &SpanContext) -> Option<Self> {
        let parent = TraceParent::of(span)?;
        Some(Self::new(
            parent.with_flags(span.trace_flags() | RANDOM),
            None,
        ))
    }

    /// The trace that the caller is in.
    pub fn trace_id(&self) -> TraceId {
        self.parent.trace_id()
    }

    /// The flags that the caller sent: sampled, random.
    pub fn flags(&self) -> TraceFlags {
        self.parent.flags()
    }

    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}
