//! The middleware that makes the spans.

use super::{call::Call, hosts::Hosts, metrics::Metrics, redirect, template::UrlTemplate};
use crate::{
    late::LateTracer,
    propagate::{self, Baggage},
};
use ::reqwest::{Request, Response};
use ::reqwest_middleware::{Middleware, Next, Result};
use http::Extensions;
use opentelemetry::{
    Context,
    context::FutureExt,
    global::{self, BoxedTracer},
    metrics::Meter,
};
use std::{fmt, sync::OnceLock};
use throughline_core::{names::scope, w3c};

/// A CLIENT span, and the headers that tell of it, for each request that passes.
///
/// [`builder`](super::builder) puts it in its place. In a stack of one's own it comes last, next to the network; the
/// redirects that reqwest follows by itself are then part of the span, and carry its headers to wherever they lead.
pub struct Tracing {
    tracer: LateTracer,
    /// Those of the global meter, once there is a tracer.
    metrics: OnceLock<Metrics>,
    without_context: Hosts,
    with_baggage: Hosts,
}

/// How many requests went out so far for one call of the application.
#[derive(Clone, Copy, Debug, Default)]
struct Sent(u32);

// === impl Tracing ===

impl Tracing {
    /// With the global tracer and meter, and the trace's context for every host.
    pub fn new() -> Self {
        Self {
            tracer: LateTracer::global(scope::REQWEST),
            metrics: OnceLock::new(),
            without_context: Hosts::default(),
            with_baggage: Hosts::default(),
        }
    }

    /// See [`Builder::no_context_to`](super::Builder::no_context_to).
    #[must_use]
    pub fn no_context_to(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.without_context = Hosts::new(hosts);
        self
    }

    /// See [`Builder::baggage_to`](super::Builder::baggage_to).
    #[must_use]
    pub fn baggage_to(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_baggage = Hosts::new(hosts);
        self
    }

    /// The tracer of the spans, in place of the global one.
    #[must_use]
    pub fn with_tracer(mut self, tracer: BoxedTracer) -> Self {
        self.tracer = LateTracer::given(scope::REQWEST, tracer);
        self
    }

    /// The meter of the metrics, in place of the global one.
    #[must_use]
    pub fn with_meter(mut self, meter: &Meter) -> Self {
        self.metrics = OnceLock::from(Metrics::new(meter));
        self
    }

    fn start(&self, request: &Request, extensions: &mut Extensions) -> Call {
        let Sent(before) = extensions.get().copied().unwrap_or_default();
        extensions.insert(Sent(before.saturating_add(1)));
        let template = extensions.get::<UrlTemplate>().map(|template| template.0);
        Call::start(&self.tracer, self.metrics(), request, template, before)
    }

    fn metrics(&self) -> Metrics {
        let global = || Metrics::new(&global::meter(scope::REQWEST));
        match self.metrics.get() {
            Some(metrics) => metrics.clone(),
            None if self.tracer.is_there() => self.metrics.get_or_init(global).clone(),
            None => global(),
        }
    }

    fn inject(&self, context: &Context, request: &mut Request) {
        let host = request.url().host_str().unwrap_or_default();
        if self.without_context.contain(host) {
            // A proxy may have handed on those that it was told.
            for name in [w3c::TRACEPARENT, w3c::TRACESTATE, w3c::BAGGAGE] {
                request.headers_mut().remove(name);
            }
            return;
        }
        let baggage = if self.with_baggage.contain(host) {
            Baggage::Sent
        } else {
            Baggage::Withheld
        };
        propagate::inject(context, request.headers_mut(), baggage);
    }
}

impl Default for Tracing {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing")
            .field("without_context", &self.without_context)
            .field("with_baggage", &self.with_baggage)
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Middleware for Tracing {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        // An exporter at work: its requests are not traced.
        if Context::map_current(Context::is_telemetry_suppressed) {
            return next.run(request, extensions).await;
        }
        // Declared before the request's future, so that it ends after it if both are dropped.
        let call = self.start(&request, extensions);
        self.inject(call.context(), &mut request);
        let context = call.context().clone();
        let result = next.run(request, extensions).with_context(context).await;
        match &result {
            Ok(response) if redirect::is_one_too_many(response, extensions) => {
                call.answered(response, Some("too_many_redirects"));
            }
            Ok(response) => call.answered(response, None),
            Err(error) => call.failed(error),
        }
        result
    }
}
