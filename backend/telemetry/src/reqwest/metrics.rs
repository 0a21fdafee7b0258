//! What is measured of requests that go out.

use crate::http::message::SIZE_BOUNDS;
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};
use std::time::Duration;
use throughline_core::names::http::DURATION_BOUNDS;

/// The instruments. Cloning shares them.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    duration: Histogram<f64>,
    request_body: Histogram<u64>,
    response_body: Histogram<u64>,
}

// === impl Metrics ===

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
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
                .f64_histogram("http.client.request.duration")
                .with_unit("s")
                .with_description("Duration of HTTP client requests.")
                .with_boundaries(DURATION_BOUNDS.to_vec())
                .build(),
            request_body: size(
                "http.client.request.body.size",
                "Size of HTTP client request bodies.",
            ),
            response_body: size(
                "http.client.response.body.size",
                "Size of HTTP client response bodies.",
            ),
        }
    }

    /// From the first byte to the head of the response, or to the failure.
    pub(super) fn took(&self, duration: Duration, attributes: &[KeyValue]) {
        self.duration.record(duration.as_secs_f64(), attributes);
    }

    /// The sizes of the bodies in bytes, where they are known.
    pub(super) fn sizes(
        &self,
        request: Option<u64>,
        response: Option<u64>,
        attributes: &[KeyValue],
    ) {
        if let Some(bytes) = request {
            self.request_body.record(bytes, attributes);
        }
        if let Some(bytes) = response {
            self.response_body.record(bytes, attributes);
        }
    }
}
