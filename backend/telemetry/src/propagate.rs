//! The trace context of requests that come in, and of those that go out.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{Span, SpanContext, TraceContextExt},
};
use throughline_core::w3c::{self, Incoming, RANDOM, W3cPropagator};

/// Whether a server is told the application's own values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baggage {
    Sent,
    Withheld,
}

/// The current context with what the request's headers say: the caller's span, and baggage.
pub(crate) fn extract(headers: &HeaderMap) -> Context {
    let current = Context::current();
    W3cPropagator::new().extract_with_context(&current, &Headers(headers))
}

/// Names the span of `context` in the headers of a request that goes out. Without a span, they stay as they are, but for
/// the baggage.
///
/// A `baggage` header that the application wrote itself is left to it.
pub(crate) fn inject(context: &Context, headers: &mut HeaderMap, baggage: Baggage) {
    let parent = w3c::traceparent(&span_context(context));
    if !parent.is_empty() {
        // Somebody else's state would be told as this span's.
        headers.remove(w3c::TRACESTATE);
    }
    let propagator = W3cPropagator::new();
    let propagator = if baggage == Baggage::Withheld || headers.contains_key(w3c::BAGGAGE) {
        propagator.without_baggage()
    } else {
        propagator
    };
    propagator.inject_context(context, &mut Outgoing(headers));
    if !parent.is_empty() {
        Outgoing(headers).set(w3c::TRACEPARENT, parent);
    }
}

/// `parent` with a span that was started in it.
///
/// A trace that begins with it has an id of which all bytes are random. The SDK does not say so, although Trace Context
/// (level 2, random-trace-id flag) asks for it: the context does from here on, to every client that asks the propagator.
pub(crate) fn with_span(parent: &Context, span: impl Span + Send + Sync + 'static) -> Context {
    let root = (!parent.span().span_context().is_valid())
        .then(|| Incoming::of_random_root(span.span_context()));
    let context = parent.with_span(span);
    match root.flatten() {
        Some(root) => context.with_value(root),
        None => context,
    }
}

/// The span of `context` as the outside is told of it: with the random flag, which the SDK does not keep.
///
/// A trace that came in keeps the flag that it came with. One that began here has it: the SDK's ids are random (level 2,
/// "random trace id flag").
pub(crate) fn span_context(context: &Context) -> SpanContext {
    let span = context.span();
    let own = span.span_context();
    let came_in = context
        .get::<Incoming>()
        .filter(|incoming| incoming.trace_id() == own.trace_id());
    let random = match came_in {
        Some(incoming) => incoming.flags() & RANDOM,
        None if own.is_valid() && !own.is_remote() => RANDOM,
        None => return own.clone(),
    };
    SpanContext::new(
        own.trace_id(),
        own.span_id(),
        own.trace_flags() | random,
        own.is_remote(),
        own.trace_state().clone(),
    )
}

struct Headers<'a>(&'a HeaderMap);

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values = self.0.get_all(key).iter();
        // What is not text stays in the list as an empty value: two `traceparent`s are two, readable or not.
        let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or("")).collect();
        (!values.is_empty()).then_some(values)
    }
}
