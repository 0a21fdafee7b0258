//! Starts spans: for the `opentelemetry` API, and for this crate's own instrumentation without its detours.

use super::{Scope, Start, ids, provider::Shared, span::Span, start::Written};
use opentelemetry::{
    Context, KeyValue,
    trace::{self, Link, SpanBuilder, SpanContext, SpanKind, TraceContextExt, TraceFlags},
};
use opentelemetry_sdk::trace::SamplingDecision;
use std::{borrow::Cow, mem, sync::Arc};
use throughline_core::{
    otlp::{self, Recording},
    w3c,
};

/// Starts spans under one instrumentation scope.
#[derive(Clone, Debug)]
pub(crate) struct Tracer {
    scope: Arc<Scope>,
    shared: Arc<Shared>,
}

/// What is known of a span before anything is recorded.
struct Decided {
    own: SpanContext,
    parent: SpanContext,
    /// What the sampler wants told.
    sampled_by: Vec<KeyValue>,
    decision: SamplingDecision,
}

// === impl Tracer ===

impl Tracer {
    pub(super) fn new(scope: Arc<Scope>, shared: Arc<Shared>) -> Self {
        Self { scope, shared }
    }

    /// Starts a span as this crate's instrumentation does: attributes are not written where nobody records them.
    pub(crate) fn start(
        &self,
        name: &str,
        kind: &SpanKind,
        parent: &Context,
        write: impl FnOnce(&mut dyn Start),
    ) -> Span {
        if self.shared.settings.sampler_reads_attributes {
            let mut seen = Vec::new();
            write(&mut seen);
            let decided = self.decide(name, kind, parent, &seen, &[]);
            self.begin(
                decided,
                || name.to_owned().into(),
                kind,
                |start| start.add_all(&seen),
                &[],
            )
        } else {
            let decided = self.decide(name, kind, parent, &[], &[]);
            self.begin(decided, || name.to_owned().into(), kind, write, &[])
        }
    }

    fn decide(
        &self,
        name: &str,
        kind: &SpanKind,
        parent_cx: &Context,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> Decided {
        if parent_cx.is_telemetry_suppressed() || self.shared.is_shut_down() {
            return Decided::nothing();
        }
        let parent = match parent_cx.span().span_context() {
            valid if valid.is_valid() => valid.clone(),
            _ => SpanContext::NONE,
        };
        // The bits of a trace that begins here are all random (Trace Context, level 2, random-trace-id flag).
        let (trace_id, random) = if parent.is_valid() {
            (parent.trace_id(), parent.trace_flags() & w3c::RANDOM)
        } else {
            (ids::trace_id(), w3c::RANDOM)
        };
        let sampler = &self.shared.settings.sampler;
        let parent_cx = Some(parent_cx);
        let result = sampler.should_sample(parent_cx, trace_id, name, kind, attributes, links);
        let sampled = match result.decision {
            SamplingDecision::RecordAndSample => TraceFlags::SAMPLED,
            SamplingDecision::RecordOnly | SamplingDecision::Drop => TraceFlags::default(),
        };
        let (flags, state) = (random | sampled, result.trace_state);
        Decided {
            own: SpanContext::new(trace_id, ids::span_id(), flags, false, state),
            parent,
            sampled_by: result.attributes,
            decision: result.decision,
        }
    }

    fn begin(
        &self,
        decided: Decided,
        name: impl FnOnce() -> Cow<'static, str>,
        kind: &SpanKind,
        write: impl FnOnce(&mut dyn Start),
        attributes: &[KeyValue],
    ) -> Span {
        let Decided { own, parent, .. } = decided;
        if decided.decision == SamplingDecision::Drop {
            return Span::silent(own);
        }
        let (kind, start) = (otlp::kind(kind), super::span::now());
        let mut written = Written::new(&self.shared.settings);
        write(&mut written);
        let recording = Recording::new(name(), kind, &own, &parent, start, written.attributes);
        let (scope, shared) = (&self.scope, &self.shared);
        let mut span = Span::recording(own, recording, written.is_dropped, scope, shared);
        span.set_all(attributes);
        span.set_all(&decided.sampled_by);
        span
    }
}

impl trace::Tracer for Tracer {
    type Span = Span;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Span {
        let name = mem::take(&mut builder.name);
        let kind = builder.span_kind.take().unwrap_or(SpanKind::Internal);
        let attributes = builder.attributes.take().unwrap_or_default();
        let links = builder.links.take().unwrap_or_default();
        let decided = self.decide(&name, &kind, parent, &attributes, &links);
        let mut span = self.begin(decided, || name, &kind, |_| {}, &attributes);
        if let Some(start) = builder.start_time {
            span.start_at(start);
        }
        for event in builder.events.unwrap_or_default() {
            span.push_event(event);
        }
        for link in links {
            span.push_link(link);
        }
        span
    }
}

// === impl Decided ===

impl Decided {
    /// No span at all.
    fn nothing() -> Self {
        Self {
            own: SpanContext::NONE,
            parent: SpanContext::NONE,
            sampled_by: Vec::new(),
            decision: SamplingDecision::Drop,
        }
    }
}
