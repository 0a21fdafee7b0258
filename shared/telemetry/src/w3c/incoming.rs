//! What came in and has no place in a [`SpanContext`](opentelemetry::trace::SpanContext) of ours.

use opentelemetry::{TraceFlags, TraceId};

use super::TraceParent;

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
