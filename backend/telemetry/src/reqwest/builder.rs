//! What a traced client does, and in which order.

use super::{defaults, redirect::FollowRedirects, tracing::Tracing};
use ::reqwest::{ClientBuilder, redirect};
use ::reqwest_middleware::{ClientWithMiddleware, Middleware};
use opentelemetry::{global::BoxedTracer, metrics::Meter};
use std::{fmt, sync::Arc};

/// Makes a traced client. See [`builder`].
#[must_use = "there is no client before `build`"]
pub struct Builder {
    client: ClientBuilder,
    around: Vec<Arc<dyn Middleware>>,
    max_redirects: usize,
    tracing: Tracing,
}

/// Starts a traced client of what reqwest is to do: timeouts, TLS, proxies, default headers.
///
/// Its redirect policy is not used. No redirect is followed unless [`max_redirects`](Builder::max_redirects) says so: a
/// client may have been forbidden to go where an answer sends it. Those are followed here, so that each hop has its span
/// and is told of the trace as its own target may be. The client's timeout counts for each hop; the timeout of a single
/// request counts for all of them.
///
/// ```
/// # fn run() -> Result<(), reqwest::Error> {
/// let http = throughline_instrument::reqwest::builder(
///     reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)),
/// )
/// .no_context_to(["hooks.example.com"])
/// .baggage_to(["*.internal"])
/// .build()?;
/// # Ok(())
/// # }
/// ```
pub fn builder(client: ClientBuilder) -> Builder {
    Builder {
        client,
        around: Vec::new(),
        max_redirects: 0,
        tracing: Tracing::new(),
    }
}

// === impl Builder ===

impl Builder {
    /// Hosts that are not told of the trace: neither `traceparent` nor `tracestate`, and no baggage. Their requests have
    /// spans all the same.
    ///
    /// A host is listed as `api.example.com`, `*.example.com` (every name below it) or an IP address.
    pub fn no_context_to(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tracing = self.tracing.no_context_to(hosts);
        self
    }

    /// Hosts that are sent the baggage, listed as in [`no_context_to`](Self::no_context_to). No host is by default: ids
    /// are random numbers, baggage may be anything.
    pub fn baggage_to(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tracing = self.tracing.baggage_to(hosts);
        self
    }

    /// How many redirects are followed; with one more, the request fails. With 0, the default, a redirect is an answer like
    /// any other.
    ///
    /// Another origin is told neither credentials (`Authorization`, cookies) nor headers that are marked as sensitive. Those
    /// of the client's default headers are sent to it without a value, because reqwest cannot leave them out.
    pub fn max_redirects(mut self, count: usize) -> Self {
        self.max_redirects = count;
        self
    }

    /// Adds a middleware around the redirects and the spans: what it sends again is a span of its own.
    pub fn with(mut self, middleware: impl Middleware) -> Self {
        self.around.push(Arc::new(middleware));
        self
    }

    /// The tracer of the spans, in place of the global one.
    pub fn tracer(mut self, tracer: BoxedTracer) -> Self {
        self.tracing = self.tracing.with_tracer(tracer);
        self
    }

    /// The meter of the metrics, in place of the global one.
    pub fn meter(mut self, meter: &Meter) -> Self {
        self.tracing = self.tracing.with_meter(meter);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Those of reqwest: no TLS backend that works, or certificates that cannot be read.
    pub fn build(self) -> Result<ClientWithMiddleware, ::reqwest::Error> {
        let client = self.client.redirect(redirect::Policy::none()).build()?;
        let withheld = defaults::of_the_origin(&client);
        let mut builder = ::reqwest_middleware::ClientBuilder::new(client);
        for middleware in self.around {
            builder = builder.with_arc(middleware);
        }
        if self.max_redirects > 0 {
            builder = builder.with(FollowRedirects::new(self.max_redirects, withheld));
        }
        Ok(builder.with(self.tracing).build())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("max_redirects", &self.max_redirects)
            .field("tracing", &self.tracing)
            .finish_non_exhaustive()
    }
}
