//! What the exchanges are together: how long they take, how many are open, how large their bodies are.
//!
//! Names, units and buckets are those of the semantic conventions for HTTP metrics. Every attribute has a bounded set of
//! values: methods and schemes are normalised, routes are those of the router, and what a client says of itself or of the
//! server stays out.

use super::{end::Outcome, message::SIZE_BOUNDS};
use opentelemetry::{
    KeyValue, StringValue,
    metrics::{Histogram, Meter, UpDownCounter},
};
use std::{sync::Arc, time::Instant};
use throughline_core::names::{self, http};

/// The attributes of `http.server.active_requests`: the method and the scheme, the first two of every exchange.
const ACTIVE_ATTRIBUTES: usize = 2;

/// Whether the sizes of bodies are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodySizes {
    #[default]
    Unmeasured,
    Measured,
}

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
    sizes: Option<Sizes>,
}

#[derive(Debug)]
struct Sizes {
    request: Histogram<u64>,
    response: Histogram<u64>,
}

/// What is known of an exchange when it starts, with few values each.
#[derive(Debug)]
pub(crate) struct Labels {
    pub(crate) method: StringValue,
    pub(crate) scheme: &'static str,
    pub(crate) route: Option<Arc<str>>,
    pub(crate) protocol_version: Option<&'static str>,
}

/// An exchange that counts as active until it is dropped.
#[derive(Debug)]
pub(crate) struct Active {
    metrics: Arc<Metrics>,
    started: Instant,
    attributes: Vec<KeyValue>,
}

// === impl Metrics ===

impl Metrics {
    pub(crate) fn new(meter: &Meter, sizes: BodySizes) -> Self {
        let size = |name, description| {
            meter
                .u64_histogram(name)
                .with_unit("By")
                .with_description(description)
                .with_boundaries(SIZE_BOUNDS.to_vec())
                .build()
        };
        Self {
            duration: meter
                .f64_histogram(http::SERVER_REQUEST_DURATION)
                .with_unit("s")
                .with_description("Duration of HTTP server requests.")
                .with_boundaries(http::DURATION_BOUNDS.to_vec())
                .build(),
            active: meter
                .i64_up_down_counter(http::SERVER_ACTIVE_REQUESTS)
                .with_unit("{request}")
                .with_description("Number of active HTTP server requests.")
                .build(),
            sizes: (sizes == BodySizes::Measured).then(|| Sizes {
                request: size(
                    http::SERVER_REQUEST_BODY_SIZE,
                    "Size of HTTP server request bodies.",
                ),
                response: size(
                    http::SERVER_RESPONSE_BODY_SIZE,
                    "Size of HTTP server response bodies.",
                ),
            }),
        }
    }

    /// Counts an exchange as active.
    pub(crate) fn start(self: &Arc<Self>, labels: Labels) -> Active {
        // Six at most: these four, the status and the error.
        let mut attributes = Vec::with_capacity(6);
        attributes.push(KeyValue::new(http::REQUEST_METHOD, labels.method));
        attributes.push(KeyValue::new(names::url::SCHEME, labels.scheme));
        let active = Active {
            metrics: Arc::clone(self),
            started: Instant::now(),
            attributes,
        };
        self.active.add(1, active.counted_by());
        active.with(labels.route, labels.protocol_version)
    }
}

// === impl Active ===

impl Active {
    fn with(mut self, route: Option<Arc<str>>, version: Option<&'static str>) -> Self {
        let route = route.map(|route| KeyValue::new(http::ROUTE, route));
        let version =
            version.map(|version| KeyValue::new(names::network::PROTOCOL_VERSION, version));
        self.attributes.extend(route.into_iter().chain(version));
        self
    }

    fn counted_by(&self) -> &[KeyValue] {
        self.attributes.get(..ACTIVE_ATTRIBUTES).unwrap_or_default()
    }

    /// Records how the exchange ended, once. It is active until it is dropped.
    pub(crate) fn record(&mut self, outcome: &Outcome) {
        if let Some(status) = outcome.status {
            let code = i64::from(status.as_u16());
            self.attributes
                .push(KeyValue::new(http::RESPONSE_STATUS_CODE, code));
        }
        if let Some(error) = &outcome.error_type {
            self.attributes
                .push(KeyValue::new(names::error::TYPE, error.clone()));
        }
        let (metrics, attributes) = (&self.metrics, &self.attributes);
        let seconds = self.started.elapsed().as_secs_f64();
        metrics.duration.record(seconds, attributes);
        if let Some(sizes) = &metrics.sizes {
            sizes.request.record(outcome.request_bytes, attributes);
            sizes.response.record(outcome.response_bytes, attributes);
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.metrics.active.add(-1, self.counted_by());
    }
}
