//! The tracer provider and its tracers, behind the `opentelemetry` API.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::{self, SpanBuilder, SpanContext, SpanKind, TraceContextExt, TraceFlags};
use opentelemetry::{Context, InstrumentationScope};
use throughline_core::otlp::{self, Attributes, Recording, SPAN_ATTRIBUTES};
use throughline_core::w3c;

use crate::export::{self, Scope};
use crate::interaction::roots;
use crate::sampler;
use crate::span::{Open, Span};
use crate::{clock, consent, ids, limits};

/// What `opentelemetry::global` gives out tracers from.
#[derive(Clone, Copy)]
pub(crate) struct TracerProvider;

/// Starts spans under one instrumentation scope.
#[derive(Clone)]
pub(crate) struct Tracer {
    scope: Scope,
}

// === impl TracerProvider ===

impl trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer {
            scope: otlp::scope(&scope, limits::get().attributes.value_bytes).into(),
        }
    }
}

// === impl Tracer ===

impl Tracer {
    /// A tracer for one of our own instrumentations.
    pub(crate) fn of(scope: &'static str) -> Self {
        let scope = otlp::named_scope(scope, env!("CARGO_PKG_VERSION"));
        Self {
            scope: scope.into(),
        }
    }
}

impl trace::Tracer for Tracer {
    type Span = Span;

    // The API calls this while it borrows its stack of contexts: nothing in here may attach or detach one.
    fn build_with_context(&self, mut builder: SpanBuilder, parent_cx: &Context) -> Span {
        let name = std::mem::take(&mut builder.name);
        let kind = builder.span_kind.take().unwrap_or(SpanKind::Internal);
        self.begin(name, &kind, parent_cx, None, Some(&builder))
    }
}

impl Tracer {
    /// Starts a span as our own instrumentations do, now or at `start` (nanoseconds since 1970). Without the API's
    /// builder, which is much code for what they need.
    pub(crate) fn start(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: &SpanKind,
        parent_cx: &Context,
        start: Option<u64>,
    ) -> Span {
        self.begin(name.into(), kind, parent_cx, start, None)
    }

    #[inline(never)]
    fn begin(
        &self,
        name: Cow<'static, str>,
        kind: &SpanKind,
        parent_cx: &Context,
        start: Option<u64>,
        builder: Option<&SpanBuilder>,
    ) -> Span {
        let parent = parent_cx.span();
        let parent = parent.span_context();
        if parent_cx.is_telemetry_suppressed() || !consent::is_given() {
            return Span::silent(parent.clone());
        }
        let is_root = !parent.is_valid();
        let context = new_context(parent, is_root);
        if !context.is_sampled() {
            return Span::silent(context);
        }

        let trace_id = context.trace_id();
        let now = clock::monotonic_nanos();
        let anchor = if is_root {
            clock::begin(trace_id, now)
        } else {
            roots::child_started(trace_id, now).unwrap_or_else(|| clock::anchor_of(trace_id, now))
        };
        let now = anchor.unix_nanos(now);
        if is_root {
            roots::started(trace_id, context.span_id(), anchor, now);
        }
        let mut attributes = Attributes::of_field(SPAN_ATTRIBUTES, export::USUAL_BYTES);
        let max = limits::get().attributes;
        crate::common::set(&mut attributes, max);
        #[cfg(feature = "clock-offset")]
        if is_root {
            clock::offset::set(&mut attributes, max);
        }
        let start = start.unwrap_or(now);
        let kind = otlp::kind(kind);
        let mut open = Open {
            recording: Recording::new(name, kind, &context, parent, start, attributes),
            scope: Arc::clone(&self.scope),
            anchor,
            consent: consent::epoch(),
        };
        if let Some(builder) = builder {
            open.add(builder);
        }
        Span::open(context, open)
    }
}

impl Open {
    /// What else a builder says.
    #[inline(never)]
    fn add(&mut self, builder: &SpanBuilder) {
        let limits = limits::get();
        let recording = &mut self.recording;
        if builder.start_time.is_some() {
            recording.start = clock::at(builder.start_time, recording.start);
        }
        if let Some(attributes) = &builder.attributes {
            recording.attributes.set_all(attributes, limits.attributes);
        }
        for it in builder.links.as_deref().unwrap_or_default() {
            let dropped = it.dropped_attributes_count;
            recording.push_link(&it.span_context, &it.attributes, dropped, limits);
        }
        for it in builder.events.as_deref().unwrap_or_default() {
            let at = Some(it.timestamp);
            self.push_event(&it.name, at, &it.attributes, it.dropped_attributes_count);
        }
    }
}

/// A span's own context: in its parent's trace, sampled as that is, or in a new one, whose bits are all random.
fn new_context(parent: &SpanContext, is_root: bool) -> SpanContext {
    let (trace_id, random) = if is_root {
        (ids::trace_id(), w3c::RANDOM)
    } else {
        (parent.trace_id(), parent.trace_flags() & w3c::RANDOM)
    };
    let (is_sampled, state) = sampler::decide(trace_id, parent);
    let sampled = if is_sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    SpanContext::new(trace_id, ids::span_id(), random | sampled, false, state)
}
