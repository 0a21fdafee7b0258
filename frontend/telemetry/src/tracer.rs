//! The tracer provider and its tracers, behind the `opentelemetry` API.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::{
    self, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags,
};
use opentelemetry::{Context, InstrumentationScope};
use throughline_core::w3c;

use crate::clock::Anchor;
use crate::interaction::roots;
use crate::otlp::{self, Attributes, Message};
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
    fn build_with_context(&self, mut builder: SpanBuilder, parent_cx: &Context) -> Span {
        let name = std::mem::take(&mut builder.name);
        let kind = builder.span_kind.take().unwrap_or(SpanKind::Internal);
        let span = parent_cx.span();
        let start = builder.start_time;
        let mut span = self.begin(name, &kind, parent_cx, span.span_context(), &|anchor| {
            start.map(|_| clock::at(start, anchor))
        });
        if let Some(recording) = span.recorded() {
            recording.add(&builder);
        }
        span
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
        let parent = parent_cx.span();
        let parent = parent.span_context();
        self.begin(name.into(), kind, parent_cx, parent, &|_| start)
    }

    #[inline(never)]
    fn begin(
        &self,
        name: Cow<'static, str>,
        kind: &SpanKind,
        parent_cx: &Context,
        parent: &SpanContext,
        start: &dyn Fn(Anchor) -> Option<u64>,
    ) -> Span {
        let parent = Some(parent).filter(|parent| parent.is_valid());
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
        let start = start(anchor).unwrap_or(now);
        let mut head = Message::default();
        head.context(&context);
        match parent {
            Some(parent) => {
                roots::child_started(trace_id, now);
                head.bytes(4, &parent.span_id().to_bytes());
            }
            None => roots::started(trace_id, span_id, anchor),
        }
        head.uint(6, span::kind(kind));
        head.fixed64(7, start);
        let is_remote = parent.is_some_and(SpanContext::is_remote);
        head.fixed32(16, span::flags(&context, is_remote));
        let mut attributes = Attributes::default();
        let max = limits::get().attributes;
        crate::common::set(&mut attributes, max);
        #[cfg(feature = "clock-offset")]
        if parent.is_none() {
            clock::offset::set(&mut attributes, max);
        }
        let recording = Recording {
            head,
            name,
            start,
            attributes,
            events: Parts::default(),
            links: Parts::default(),
            status: Status::Unset,
            scope: Arc::clone(&self.scope),
            anchor,
            consent: consent::epoch(),
        };
        Span::recording(context, recording)
    }
}

impl Recording {
    /// What else a builder says.
    #[inline(never)]
    fn add(&mut self, builder: &SpanBuilder) {
        if let Some(attributes) = &builder.attributes {
            self.attributes
                .set_all(attributes, limits::get().attributes);
        }
        for it in builder.events.iter().flatten() {
            let at = Some(it.timestamp);
            self.push_event(&it.name, at, &it.attributes, it.dropped_attributes_count);
        }
        for it in builder.links.iter().flatten() {
            self.push_link(
                &it.span_context,
                &it.attributes,
                it.dropped_attributes_count,
            );
        }
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
