//! What is measured of requests that go out.

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};
use std::time::Duration;

/// The buckets of durations, in seconds, that the semantic conventions name.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The buckets of sizes, in bytes: powers of four from 64 B to 16 MiB. The conventions name none.
const BYTES: [f64; 10] = [
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

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
                .with_boundaries(BYTES.to_vec())
                .build()
        };
        Self {
            duration: meter
                .f64_histogram("http.client.request.duration")
                .with_unit("s")
                .with_description("Duration of HTTP client requests.")
                .with_boundaries(SECONDS.to_vec())
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
