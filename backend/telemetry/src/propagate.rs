//! The trace context of requests that come in.

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{Span, SpanContext, TraceContextExt},
};
use throughline_core::w3c::{Incoming, RANDOM, W3cPropagator};

/// The current context with what the request's headers say: the caller's span, and baggage.
pub(crate) fn extract(headers: &HeaderMap) -> Context {
    let current = Context::current();
    W3cPropagator::new().extract_with_context(&current, &Headers(headers))
}

/// `parent` with a span that was started in it.
///
/// A trace that begins with it has an id of which all bytes are random. The SDK does not say so, although Trace Context
/// (level 2, random-trace-id flag) asks for it: the context does from here on.
pub(crate) fn with_span(parent: &Context, span: impl Span + Send + Sync + 'static) -> Context {
    let root = (!parent.span().span_context().is_valid())
        .then(|| Incoming::of_random_root(span.span_context()));
    let context = parent.with_span(span);
    match root.flatten() {
        Some(root) => context.with_value(root),
        None => context,
    }
}

/// The span of `context` as the outside is told of it: with the random flag of its trace, which the SDK drops from spans
/// that are not sampled, and never gives by itself.
pub(crate) fn span_context(context: &Context) -> SpanContext {
    let span = context.span();
    let own = span.span_context();
    let random = context
        .get::<Incoming>()
        .filter(|incoming| incoming.trace_id() == own.trace_id())
        .map(|incoming| incoming.flags() & RANDOM);
    match random {
        None => own.clone(),
        Some(random) => SpanContext::new(
            own.trace_id(),
            own.span_id(),
            own.trace_flags() | random,
            own.is_remote(),
            own.trace_state().clone(),
        ),
    }
}

struct Headers<'a>(&'a HeaderMap);

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
