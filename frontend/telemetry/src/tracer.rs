//! The tracer provider and its tracers, behind the `opentelemetry` API.

use std::sync::Arc;

use opentelemetry::trace::{
    self, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags,
};
use opentelemetry::{Context, InstrumentationScope};
use throughline_core::w3c;

use crate::interaction::roots;
use crate::otlp::{self, Attributes};
use crate::sampler;
use crate::span::{self, Parts, Recording, Span};
use crate::{clock, consent, ids, limits};

/// What `opentelemetry::global` gives out tracers from.
#[derive(Clone, Copy)]
pub(crate) struct TracerProvider;

/// Starts spans under one instrumentation scope.
#[derive(Clone)]
pub(crate) struct Tracer {
    /// An encoded scope.
    scope: Arc<[u8]>,
}

// === impl TracerProvider ===

impl trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer {
            scope: otlp::scope(&scope).into(),
        }
    }
}

// === impl Tracer ===

impl Tracer {
    /// A tracer for one of our own instrumentations.
    pub(crate) fn of(scope: &'static str) -> Self {
        let scope = otlp::named_scope(scope, env!("CARGO_PKG_VERSION"));
        Self {
            scope: scope.into_bytes().into(),
        }
    }
}

impl trace::Tracer for Tracer {
    type Span = Span;

    // The API calls this while it borrows its stack of contexts: nothing in here may attach or detach one.
    fn build_with_context(&self, builder: SpanBuilder, parent_cx: &Context) -> Span {
        let span = parent_cx.span();
        let parent = Some(span.span_context()).filter(|parent| parent.is_valid());
        if parent_cx.is_telemetry_suppressed() || !consent::is_given() {
            return Span::silent(parent.cloned().unwrap_or(SpanContext::NONE));
        }
        let context = new_context(parent);
        if !context.is_sampled() {
            return Span::silent(context);
        }

        let (trace_id, span_id) = (context.trace_id(), context.span_id());
        let open = parent.and_then(|_| roots::anchor_of(trace_id));
        let anchor = open.unwrap_or_else(|| clock::anchor_of(trace_id));
        let now = anchor.now();
        if parent.is_some() {
            roots::child_started(trace_id, now);
        } else {
            roots::started(trace_id, span_id, anchor);
        }
        let max = limits::get().attributes;
        let mut attributes = Attributes::default();
        crate::common::set(&mut attributes, max);
        #[cfg(feature = "clock-offset")]
        if parent.is_none() {
            clock::offset::set(&mut attributes, max);
        }
        for attribute in builder.attributes.unwrap_or_default() {
            attributes.set(attribute, max);
        }
        let start = builder.start_time;
        let mut recording = Recording {
            name: builder.name,
            kind: builder.span_kind.unwrap_or(SpanKind::Internal),
            parent: parent.map(SpanContext::span_id),
            flags: span::flags(&context, parent.is_some_and(SpanContext::is_remote)),
            start: start.map_or(now, |_| clock::at(start, anchor)),
            attributes,
            events: Parts::default(),
            links: Parts::default(),
            status: Status::Unset,
            scope: Arc::clone(&self.scope),
            anchor,
        };
        for it in builder.events.unwrap_or_default() {
            let at = Some(it.timestamp);
            recording.push_event(&it.name, at, it.attributes, it.dropped_attributes_count);
        }
        for it in builder.links.unwrap_or_default() {
            recording.push_link(&it.span_context, it.attributes, it.dropped_attributes_count);
        }
        Span::recording(context, recording)
    }
}

/// A span's own context: in its parent's trace, sampled as that is, or in a new one, whose bits are all random.
fn new_context(parent: Option<&SpanContext>) -> SpanContext {
    let trace_id = parent.map_or_else(ids::trace_id, SpanContext::trace_id);
    let (is_sampled, state) = sampler::decide(trace_id, parent);
    let random = match parent {
        Some(parent) => parent.trace_flags() & w3c::RANDOM,
        None => w3c::RANDOM,
    };
    let sampled = if is_sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    SpanContext::new(trace_id, ids::span_id(), random | sampled, false, state)
}
