//! What came in and has no place in a [`SpanContext`](opentelemetry::trace::SpanContext) of ours.

use opentelemetry::trace::SpanContext;
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

    /// For a span of an SDK that does not keep the random flag: as if it had come in with these flags. `None` if the span is
    /// not valid.
    pub fn with_flags(span: &SpanContext, flags: TraceFlags) -> Option<Self> {
        let parent = TraceParent::of(span)?.with_flags(flags);
        Some(Self::new(parent, None))
    }

    /// The trace that the caller is in.
    pub fn trace_id(&self) -> TraceId {
        self.parent.trace_id()
    }

    /// The flags that the caller sent: sampled, random.
    pub fn flags(&self) -> TraceFlags {
        self.parent.flags()
    }

    /// Whether a valid `tracestate` came in that is no state for a span of the API.
    pub fn has_state(&self) -> bool {
        self.state.is_some()
    }

    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}
