//! The trace context of requests that come in.

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, TraceContextExt},
};
use throughline_core::w3c::{Incoming, RANDOM, W3cPropagator};

/// The current context with what the request's headers say: the caller's span, and baggage.
pub(crate) fn extract(headers: &HeaderMap) -> Context {
    let current = Context::current();
    W3cPropagator::new().extract_with_context(&current, &Headers(headers))
}

/// The span of `context` as the outside is told of it: with the random flag of the trace that it continues, which
/// the SDK drops from spans that are not sampled.
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
