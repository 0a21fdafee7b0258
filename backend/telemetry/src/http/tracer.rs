//! How an exchange's span starts: the caller's context, the name, and the attributes that a sampler may look at.

use super::{
    address::Ends,
    clip::clip,
    end::InExchange,
    message::protocol_version,
    metrics::{Labels, Metrics},
    route,
    running::Running,
    settings::Rules,
    span::Exchange,
};
use crate::propagate;
use axum::extract::Request;
use http::header::USER_AGENT;
use opentelemetry::{
    Context, KeyValue,
    global::BoxedTracer,
    metrics::Meter,
    trace::{SpanKind, TraceContextExt, Tracer},
};
use std::{fmt, sync::Arc};
use throughline_core::{names, redact};

/// What starts exchanges: a tracer, instruments, and what an application wants.
pub(crate) struct ExchangeTracer {
    tracer: BoxedTracer,
    metrics: Arc<Metrics>,
    pub(super) rules: Arc<Rules>,
}

// === impl ExchangeTracer ===

impl ExchangeTracer {
    pub(crate) fn new(tracer: BoxedTracer, meter: &Meter, rules: Arc<Rules>) -> Self {
        let metrics = Metrics::new(rules.meter.as_ref().unwrap_or(meter), rules.body_sizes);
        Self {
            tracer,
            metrics: Arc::new(metrics),
            rules,
        }
    }

    /// Starts the span of `request`, a child of the caller's. If its path is excluded there is none, and nothing is recorded
    /// of what runs below it.
    pub(crate) fn start(self: &Arc<Self>, request: &Request) -> Running {
        let current = Context::current();
        if current.get::<InExchange>().is_some() {
            // A router within another one that is traced.
            return Running::untraced(current);
        }
        let caller = propagate::extract(&current, request.headers());
        if self.excludes(request.uri().path()) {
            return Running::untraced(propagate::untraced(&caller));
        }
        let ends = Ends::of(request, &self.rules.proxies);
        let labels = Labels {
            method: self.rules.known_methods.told(request.method()),
            scheme: ends.scheme,
            route: route::route(request).map(Into::into),
            protocol_version: protocol_version(request.version()),
        };
        let context = InExchange::of(&self.span(&caller, request, &ends, &labels));
        self.rules.hooks.on_request(&context.span(), request);
        let active = self.metrics.start(labels);
        let method = request.method().clone();
        Running::traced(Exchange::new(context, method, Arc::clone(self), active))
    }

    fn excludes(&self, path: &str) -> bool {
        self.rules.excluded_paths.contain(path) || self.rules.excluded_urls.is_match(path)
    }

    fn span(&self, parent: &Context, request: &Request, ends: &Ends, labels: &Labels) -> Context {
        let mut attributes = attributes(request, ends, labels);
        self.rules
            .captured
            .of_request(request.headers(), &mut attributes);
        let span = self
            .tracer
            .span_builder(route::span_name(
                labels.method.as_str(),
                labels.route.as_deref(),
            ))
            .with_kind(SpanKind::Server)
            .with_attributes(attributes);
        let span = self.tracer.build_with_context(span, parent);
        propagate::with_span(parent, span)
    }
}

impl fmt::Debug for ExchangeTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeTracer")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

fn attributes(request: &Request, ends: &Ends, labels: &Labels) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(16);
    let method = labels.method.clone();
    attributes.push(KeyValue::new(names::http::REQUEST_METHOD, method));
    if labels.method.as_str() == names::http::OTHER_METHOD {
        let original = clip(request.method().as_str());
        attributes.push(KeyValue::new(
            names::http::REQUEST_METHOD_ORIGINAL,
            original,
        ));
    }
    if let Some(route) = &labels.route {
        attributes.push(KeyValue::new(names::http::ROUTE, Arc::clone(route)));
    }
    let uri = request.uri();
    attributes.push(KeyValue::new(names::url::SCHEME, ends.scheme));
    attributes.push(KeyValue::new(names::url::PATH, clip(uri.path())));
    if let Some(query) = uri.query() {
        let query = clip(&redact::query(query));
        attributes.push(KeyValue::new(names::url::QUERY, query));
    }
    ends.record(&mut attributes);
    if let Some(version) = labels.protocol_version {
        attributes.push(KeyValue::new(names::network::PROTOCOL_VERSION, version));
    }
    if let Some(agent) = request.headers().get(USER_AGENT) {
        // Nearly always text, which is seen faster than what is not is mended.
        let agent = match str::from_utf8(agent.as_bytes()) {
            Ok(agent) => clip(agent),
            Err(_) => clip(&String::from_utf8_lossy(agent.as_bytes())),
        };
        attributes.push(KeyValue::new(names::network::USER_AGENT_ORIGINAL, agent));
    }
    attributes
}
