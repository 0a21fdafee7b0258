//! W3C Trace Context (levels 1 and 2) and W3C Baggage, strictly.
//!
//! `opentelemetry_sdk`'s propagator passes 28 of the 41 cases of the W3C's own harness; this one is written to pass all.

mod baggage;
mod incoming;
mod list;
#[cfg(test)]
mod tests;
mod trace_parent;
mod trace_state;

use std::fmt;
use std::sync::LazyLock;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, TraceFlags};

pub use self::incoming::Incoming;
pub use self::trace_parent::TraceParent;

/// The header that names the caller's span.
pub const TRACEPARENT: &str = "traceparent";
/// The header that carries what tracing systems add to it.
pub const TRACESTATE: &str = "tracestate";
/// The header that carries the application's own values.
pub const BAGGAGE: &str = "baggage";

/// Bit 2 of the trace flags, level 2: the right 7 bytes of the trace id are random.
pub const RANDOM: TraceFlags = TraceFlags::new(0x02);

static FIELDS: LazyLock<[String; 3]> =
    LazyLock::new(|| [TRACEPARENT.into(), TRACESTATE.into(), BAGGAGE.into()]);

/// Reads and writes `traceparent`, `tracestate` and `baggage`.
#[derive(Clone)]
pub struct W3cPropagator {
    baggage: Baggage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Baggage {
    Propagated,
    Ignored,
}

/// The value of [`TRACEPARENT`] for a span. Empty if the span is not valid: then there is no header to send.
///
/// With [`tracestate`] and [`baggage`], for those who write headers themselves: the propagator links its reading half too.
pub fn traceparent(span: &SpanContext) -> String {
    TraceParent::of(span).map_or_else(String::new, |parent| parent.header())
}

/// The value of [`TRACESTATE`] for a span. Empty if there is nothing to send.
pub fn tracestate(span: &SpanContext) -> String {
    trace_state::write(span.trace_state())
}

/// The same with what came in, in the same trace, and has no place in a span's state.
pub fn tracestate_in(cx: &Context) -> String {
    let span = cx.span();
    let state = tracestate(span.span_context());
    let incoming = cx.get::<Incoming>();
    let incoming = incoming.filter(|it| it.trace_id() == span.span_context().trace_id());
    match incoming.and_then(Incoming::state) {
        Some(kept) => trace_state::with_kept(&state, kept),
        None => state,
    }
}

/// A caller's span, and what came with it and has no place there; from the header that came beside it, all of its name
/// combined. An invalid one counts as empty.
///
/// With [`with_baggage`], for those who read headers themselves.
pub fn caller(parent: TraceParent, tracestate: &str) -> (SpanContext, Incoming) {
    let members = trace_state::members(tracestate).unwrap_or_default();
    let state = trace_state::to_api(&members);
    let kept = state.is_none().then(|| trace_state::join(&members));
    let span = parent.remote(state.unwrap_or_default());
    (span, Incoming::new(parent, kept))
}

/// `cx` with what a [`BAGGAGE`] header says, all of its name combined. One that says nothing leaves `cx` as it is.
#[must_use]
pub fn with_baggage(cx: Context, header: &str) -> Context {
    match baggage::read(header) {
        Some(baggage) => BaggageExt::with_baggage(&cx, baggage),
        None => cx,
    }
}

/// The value of [`BAGGAGE`] for a context. Empty if there is nothing to send.
pub fn baggage(cx: &Context) -> String {
    baggage_beside(cx, 0)
}

/// The same, if a header of so many bytes is sent already: both together keep to the limit.
pub fn baggage_beside(cx: &Context, given_bytes: usize) -> String {
    baggage::write(cx, given_bytes)
}

// === impl W3cPropagator ===

impl W3cPropagator {
    /// A propagator of all three headers.
    pub fn new() -> Self {
        Self {
            baggage: Baggage::Propagated,
        }
    }

    /// Neither reads nor writes `baggage`: for requests of clients, or to servers, that are not trusted with it.
    #[must_use]
    pub fn without_baggage(self) -> Self {
        Self {
            baggage: Baggage::Ignored,
        }
    }
}

impl Default for W3cPropagator {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for W3cPropagator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("W3cPropagator")
    }
}

impl TextMapPropagator for W3cPropagator {
    /// Writes the current span of `cx`. No span, no header; no state, no `tracestate`.
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let span = cx.span();
        let span_context = span.span_context();
        if let Some(parent) = TraceParent::of(span_context) {
            let incoming = cx
                .get::<Incoming>()
                .filter(|incoming| incoming.trace_id() == parent.trace_id());
            let random = incoming.map_or(TraceFlags::default(), |it| it.flags() & RANDOM);
            let parent = parent.with_flags(parent.flags() | random);
            injector.set(TRACEPARENT, parent.header());
            set_unless_empty(injector, TRACESTATE, tracestate_in(cx));
        }
        if self.baggage == Baggage::Propagated {
            set_unless_empty(injector, BAGGAGE, baggage(cx));
        }
    }

    /// `cx` with what the headers say. What is missing or invalid leaves `cx` as it is.
    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let mut cx = cx.clone();
        if let Some(parent) = trace_parent(extractor) {
            let (span, incoming) = caller(parent, &joined(extractor, TRACESTATE));
            cx = cx.with_remote_span_context(span).with_value(incoming);
        }
        if self.baggage == Baggage::Propagated {
            cx = with_baggage(cx, &joined(extractor, BAGGAGE));
        }
        cx
    }

    fn fields(&self) -> FieldIter<'_> {
        let [parent_and_state @ .., _] = FIELDS.as_slice() else {
            return FieldIter::new(&[]);
        };
        match self.baggage {
            Baggage::Propagated => FieldIter::new(FIELDS.as_slice()),
            Baggage::Ignored => FieldIter::new(parent_and_state),
        }
    }
}

fn set_unless_empty(injector: &mut dyn Injector, name: &str, value: String) {
    if !value.is_empty() {
        injector.set(name, value);
    }
}

/// The one `traceparent`. Two are as good as none: nobody can say which of them is right.
fn trace_parent(extractor: &dyn Extractor) -> Option<TraceParent> {
    match extractor.get_all(TRACEPARENT)?.as_slice() {
        [only] => TraceParent::parse(only),
        _ => None,
    }
}

/// All headers of a name, combined in their order (RFC 9110, 5.3).
#[inline(never)]
fn joined(extractor: &dyn Extractor, name: &str) -> String {
    let mut header = String::new();
    for value in extractor.get_all(name).unwrap_or_default() {
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(value);
    }
    header
}
