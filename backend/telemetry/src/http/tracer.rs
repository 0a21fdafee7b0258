//! How an exchange's span starts: the caller's context, the name, and the attributes that a sampler may look at.

use super::{
    address::Ends,
    clip::clip,
    described::{Described, Descriptions, Labels},
    end::InExchange,
    message::protocol_version,
    metrics::{Active, Metrics},
    route,
    running::Running,
    settings::Rules,
    span::Exchange,
};
use crate::{
    propagate,
    trace::{AnyTracer, Start},
};
use axum::extract::Request;
use http::header::USER_AGENT;
use opentelemetry::{
    Context,
    metrics::Meter,
    trace::{SpanKind, TraceContextExt},
};
use std::{fmt, sync::Arc};
use throughline_core::{names, redact};

/// What starts exchanges: a tracer, instruments, and what an application wants.
pub(crate) struct ExchangeTracer {
    tracer: AnyTracer,
    descriptions: Descriptions,
    rules: Arc<Rules>,
}

// === impl ExchangeTracer ===

impl ExchangeTracer {
    pub(crate) fn new(tracer: AnyTracer, meter: &Meter, rules: Arc<Rules>) -> Self {
        let metrics = Metrics::new(rules.meter.as_ref().unwrap_or(meter), rules.body_sizes);
        Self {
            tracer,
            descriptions: Descriptions::new(metrics),
            rules,
        }
    }

    /// Starts the span of `request`, a child of the caller's. If its path is excluded there is none, and nothing is recorded
    /// of what runs below it.
    pub(crate) fn start(&self, request: &Request) -> Running {
        let current = Context::current();
        if current.get::<InExchange>().is_some() {
            // A router within another one that is traced.
            return Running::untraced(current);
        }
        let caller = propagate::extract(&current, request.headers());
        if matches!(self.tracer, AnyTracer::None) {
            return Running::untraced(caller);
        }
        if self.excludes(request.uri().path()) {
            return Running::untraced(propagate::untraced(&caller));
        }
        let ends = Ends::of(request, &self.rules.proxies);
        let described = self.descriptions.describe(&Labels {
            method: self.rules.known_methods.told(request.method()),
            scheme: ends.scheme,
            route: route::route(request),
            protocol_version: protocol_version(request.version()),
        });
        let context = InExchange::of(&self.span(&caller, request, &ends, &described));
        self.rules.hooks.on_request(&context.span(), request);
        let active = Active::new(described);
        let method = request.method().clone();
        Running::traced(Exchange::new(
            context,
            method,
            Arc::clone(&self.rules),
            active,
        ))
    }

    fn excludes(&self, path: &str) -> bool {
        let rules = &self.rules;
        // A set without patterns is searched too.
        let is_excluded_url =
            || !rules.excluded_urls.is_empty() && rules.excluded_urls.is_match(path);
        rules.excluded_paths.contain(path) || is_excluded_url()
    }

    fn span(
        &self,
        parent: &Context,
        request: &Request,
        ends: &Ends<'_>,
        described: &Described,
    ) -> Context {
        let (name, captured) = (&described.span_name, &self.rules.captured);
        self.tracer.start(name, SpanKind::Server, parent, |span| {
            span.repeat(&described.attributes);
            describe(span, request, ends, described);
            let mut headers = Vec::new();
            captured.of_request(request.headers(), &mut headers);
            span.add_all(&headers);
        })
    }
}

impl fmt::Debug for ExchangeTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeTracer")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// What is said of this exchange, and not of all of its route.
fn describe(span: &mut dyn Start, request: &Request, ends: &Ends<'_>, described: &Described) {
    if described.method.as_str() == names::http::OTHER_METHOD {
        let original = clip(request.method().as_str());
        span.text(names::http::REQUEST_METHOD_ORIGINAL, original);
    }
    let uri = request.uri();
    span.text(names::url::PATH, clip(uri.path()));
    if let Some(query) = uri.query() {
        span.text(names::url::QUERY, clip(&redact::query(query)));
    }
    ends.record(|key, value| span.add(key, value));
    if let Some(agent) = request.headers().get(USER_AGENT) {
        // Nearly always text, which is seen faster than what is not is mended.
        let agent = match str::from_utf8(agent.as_bytes()) {
            Ok(agent) => agent.into(),
            Err(_) => String::from_utf8_lossy(agent.as_bytes()),
        };
        span.text(names::network::USER_AGENT_ORIGINAL, clip(&agent));
    }
}
