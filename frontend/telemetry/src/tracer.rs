//! The tracer provider and its tracers, behind the `opentelemetry` API.

use opentelemetry::trace::{
    self, SpanBuilder, SpanContext, TraceContextExt, TraceFlags, TraceState,
};
use opentelemetry::{Context, InstrumentationScope};
use prost::Message;
use prost::bytes::Bytes;
use throughline_core::{limits, w3c};

use crate::clock;
use crate::export::otlp;
use crate::ids;
use crate::interaction::roots;
use crate::span::{self, Recording, Span};

/// What `opentelemetry::global` gives out tracers from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TracerProvider;

/// Starts spans under one instrumentation scope.
#[derive(Clone, Debug)]
pub(crate) struct Tracer {
    /// An encoded [`otlp::Scope`].
    scope: Bytes,
}

// === impl TracerProvider ===

impl trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer {
            scope: otlp::Scope::from(&scope).encode_to_vec().into(),
        }
    }
}

// === impl Tracer ===

impl Tracer {
    /// A tracer for one of our own instrumentations.
    pub(crate) fn of(scope: &'static str) -> Self {
        let scope = otlp::Scope {
            name: scope.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..otlp::Scope::default()
        };
        Self {
            scope: scope.encode_to_vec().into(),
        }
    }
}

impl trace::Tracer for Tracer {
    type Span = Span;

    // The API calls this while it borrows its stack of contexts: nothing in here may attach or detach one.
    fn build_with_context(&self, builder: SpanBuilder, parent_cx: &Context) -> Span {
        let span = parent_cx.span();
        let parent = Some(span.span_context()).filter(|parent| parent.is_valid());
        if parent_cx.is_telemetry_suppressed() {
            return Span::silent(parent.cloned().unwrap_or(SpanContext::NONE));
        }
        let context = new_context(parent);
        // Parent-based: what was not sampled before us stays so.
        if !context.is_sampled() {
            return Span::silent(context);
        }

        let (trace_id, span_id) = (context.trace_id(), context.span_id());
        let anchor = match parent {
            Some(_) => roots::anchor_of(trace_id).unwrap_or_else(clock::anchor),
            None => clock::anchor(),
        };
        let now = anchor.unix_nanos(clock::monotonic());
        if parent.is_some() {
            roots::child_started(trace_id, now);
        } else {
            roots::started(trace_id, span_id, anchor);
        }

        let start = builder
            .start_time
            .map_or(now, |time| clock::given(time, anchor));
        let (attributes, dropped_attributes_count) = otlp::attributes(
            builder.attributes.unwrap_or_default(),
            limits::MAX_ATTRIBUTES,
        );
        let mut message = otlp::Span {
            trace_id: trace_id.to_bytes().to_vec(),
            span_id: span_id.to_bytes().to_vec(),
            trace_state: context.trace_state().header(),
            parent_span_id: parent
                .map(|it| it.span_id().to_bytes().to_vec())
                .unwrap_or_default(),
            name: otlp::cut(&builder.name, limits::MAX_NAME_BYTES).to_owned(),
            kind: span::kind(builder.span_kind.as_ref()),
            start_time_unix_nano: start,
            attributes,
            dropped_attributes_count,
            flags: span::flags(&context, parent.is_some_and(SpanContext::is_remote)),
            ..otlp::Span::default()
        };
        for event in builder.events.unwrap_or_default() {
            let at = clock::given(event.timestamp, anchor);
            message.push_event(
                at,
                &event.name,
                event.attributes,
                event.dropped_attributes_count,
            );
        }
        for link in builder.links.unwrap_or_default() {
            message.push_link(link);
        }
        Span::recording(
            context,
            Recording {
                message,
                scope: self.scope.clone(),
                anchor,
            },
        )
    }
}

/// A span's own context: in its parent's trace, or in a new one, which is sampled and random in all its bits.
fn new_context(parent: Option<&SpanContext>) -> SpanContext {
    let (trace_id, flags, state) = match parent {
        Some(parent) => (
            parent.trace_id(),
            parent.trace_flags(),
            parent.trace_state().clone(),
        ),
        None => (
            ids::trace_id(),
            TraceFlags::SAMPLED | w3c::RANDOM,
            TraceState::default(),
        ),
    };
    SpanContext::new(trace_id, ids::span_id(), flags, false, state)
}
