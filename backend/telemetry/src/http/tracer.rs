//! How an exchange's span starts: the caller's context, the name, and the attributes that a sampler may look at.

use super::{
    address,
    clip::clip,
    route::{self, ExcludedPaths},
    span::Exchange,
};
use crate::propagate;
use axum::extract::Request;
use http::{Version, header::USER_AGENT};
use opentelemetry::{
    KeyValue,
    global::BoxedTracer,
    trace::{SpanKind, TraceContextExt, Tracer},
};
use std::fmt;
use throughline_core::{names, redact};

/// What starts exchanges: a tracer, and what is not traced.
pub(crate) struct ExchangeTracer {
    pub(crate) tracer: BoxedTracer,
    pub(crate) excluded: ExcludedPaths,
}

// === impl ExchangeTracer ===

impl ExchangeTracer {
    /// Starts the span of `request`, a child of the caller's; none if its path is excluded.
    pub(crate) fn start(&self, request: &Request) -> Option<Exchange> {
        if self.excluded.contain(request.uri().path()) {
            return None;
        }
        let parent = propagate::extract(request.headers());
        let method = names::http::method(request.method().as_str());
        let route = route::route(request);
        let span = self
            .tracer
            .span_builder(route::span_name(method, route))
            .with_kind(SpanKind::Server)
            .with_attributes(attributes(request, method, route));
        let span = self.tracer.build_with_context(span, &parent);
        Some(Exchange::new(
            parent.with_span(span),
            request.method().clone(),
        ))
    }
}

impl fmt::Debug for ExchangeTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeTracer")
            .field("excluded", &self.excluded)
            .finish_non_exhaustive()
    }
}

fn attributes(request: &Request, method: &'static str, route: Option<&str>) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(16);
    attributes.push(KeyValue::new(names::http::REQUEST_METHOD, method));
    if method == names::http::OTHER_METHOD {
        let original = clip(request.method().as_str());
        attributes.push(KeyValue::new(
            names::http::REQUEST_METHOD_ORIGINAL,
            original,
        ));
    }
    if let Some(route) = route {
        attributes.push(KeyValue::new(names::http::ROUTE, route.to_owned()));
    }
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or("http").to_owned();
    attributes.push(KeyValue::new(names::url::SCHEME, scheme));
    attributes.push(KeyValue::new(names::url::PATH, clip(uri.path())));
    if let Some(query) = uri.query() {
        let query = clip(&redact::query(query));
        attributes.push(KeyValue::new(names::url::QUERY, query));
    }
    address::record(request, &mut attributes);
    if let Some(version) = protocol_version(request.version()) {
        attributes.push(KeyValue::new(names::network::PROTOCOL_VERSION, version));
    }
    if let Some(agent) = request.headers().get(USER_AGENT) {
        let agent = clip(&String::from_utf8_lossy(agent.as_bytes()));
        attributes.push(KeyValue::new(names::network::USER_AGENT_ORIGINAL, agent));
    }
    attributes
}

fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}
