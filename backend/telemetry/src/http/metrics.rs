//! What the exchanges are together: how long they take, how many are open, how large their bodies are.
//!
//! Names, units and buckets are those of the semantic conventions for HTTP metrics. Every attribute has a bounded set of
//! values: methods and schemes are normalised, routes are those of the router, and what a client says of itself or of the
//! server stays out.

mod series;

pub(crate) use self::series::{Active, Series};
use super::{end::Outcome, message::SIZE_BOUNDS};
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter, UpDownCounter},
};
use std::sync::atomic::{AtomicUsize, Ordering};
use throughline_core::names::http;

/// Series of durations that are bound. A bound one is never given up, and is lost among the overflow if it was beyond the
/// limit when it was bound: so these are fewer than the SDK keeps apart (2000), and the rest is as it is without binding.
const MAX_BOUND: usize = 1000;

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
    bound: AtomicUsize,
}

#[derive(Debug)]
struct Sizes {
    request: Histogram<u64>,
    response: Histogram<u64>,
}

/// The histograms, for one set of attributes.
#[derive(Debug)]
struct Bound {
    duration: BoundHistogram<f64>,
    /// Of the request's body, and the response's.
    sizes: Option<[BoundHistogram<u64>; 2]>,
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
            bound: AtomicUsize::new(0),
        }
    }

    fn record(&self, seconds: f64, outcome: &Outcome, attributes: &[KeyValue]) {
        self.duration.record(seconds, attributes);
        if let Some(sizes) = &self.sizes {
            sizes.request.record(outcome.request_bytes, attributes);
            sizes.response.record(outcome.response_bytes, attributes);
        }
    }

    /// None if enough are.
    fn bind(&self, attributes: &[KeyValue]) -> Option<Bound> {
        let is_room = self.bound.load(Ordering::Relaxed) < MAX_BOUND;
        is_room.then(|| Bound {
            duration: self.duration.bind(attributes),
            sizes: self
                .sizes
                .as_ref()
                .map(|sizes| [&sizes.request, &sizes.response].map(|size| size.bind(attributes))),
        })
    }
}

// === impl Bound ===

impl Bound {
    fn record(&self, seconds: f64, outcome: &Outcome) {
        self.duration.record(seconds);
        if let Some([request, response]) = &self.sizes {
            request.record(outcome.request_bytes);
            response.record(outcome.response_bytes);
        }
    }
}
