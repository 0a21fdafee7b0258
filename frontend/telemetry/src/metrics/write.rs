//! Data points as OTLP has them (opentelemetry/proto/metrics/v1/metrics.proto).

use std::mem;
use std::sync::Arc;

use super::description::{Data, Description, Number};
use super::stream::{Distribution, Point};
use crate::export::Item;
use crate::otlp::Message;

/// Bytes of data points in one `Metric` message. What has more travels in several, so that each fits into a request.
const MAX_POINTS_BYTES: usize = 16 * 1024;

/// `AggregationTemporality`.
const DELTA: u64 = 1;
const CUMULATIVE: u64 = 2;

/// A `Metric` message under way.
pub(super) struct Metric<'a> {
    of: &'a Description,
    start: u64,
    now: u64,
    points: Message,
    points_bytes: usize,
}

/// The field of a data point that holds its attributes.
pub(super) fn attributes_field(data: Data) -> u32 {
    match data {
        Data::Gauge | Data::Sum => 7,
        Data::Histogram => 9,
    }
}

// === impl Metric ===

impl<'a> Metric<'a> {
    pub(super) fn new(of: &'a Description, start: u64, now: u64) -> Self {
        Self {
            of,
            start,
            now,
            points: Message::default(),
            points_bytes: 0,
        }
    }

    /// Adds a data point, with this value.
    pub(super) fn push(&mut self, point: &Point, value: Number, items: &mut Vec<Item>) {
        let mut message = Message::default();
        if self.of.kind.data != Data::Gauge {
            message.fixed64(2, self.start);
        }
        message.fixed64(3, self.now);
        message.fields(point.attributes.fields());
        match &point.distribution {
            Some(it) => {
                let boundaries = self.of.boundaries.as_deref().unwrap_or_default();
                distribution(&mut message, it, value.to_f64(), boundaries);
            }
            None => number(&mut message, value),
        }
        let bytes = message.into_bytes();
        self.points_bytes += bytes.len();
        self.points.bytes(1, &bytes);
        if self.points_bytes >= MAX_POINTS_BYTES {
            self.finish(items);
        }
    }

    /// Hands over what was added.
    pub(super) fn finish(&mut self, items: &mut Vec<Item>) {
        if mem::take(&mut self.points_bytes) == 0 {
            return;
        }
        let mut data = mem::take(&mut self.points);
        let kind = self.of.kind;
        let temporality = if kind.is_cumulative() {
            CUMULATIVE
        } else {
            DELTA
        };
        let field = match kind.data {
            Data::Gauge => 5,
            Data::Sum => {
                data.uint(2, temporality);
                data.uint(3, kind.is_monotonic.into());
                7
            }
            Data::Histogram => {
                data.uint(2, temporality);
                9
            }
        };
        let mut metric = Message::default();
        metric.text(1, &self.of.name);
        metric.text(2, &self.of.description);
        metric.text(3, &self.of.unit);
        metric.message(field, &data);
        items.push(Item {
            scope: Arc::clone(&self.of.scope),
            bytes: metric.into_bytes(),
        });
    }
}

/// The value of a `NumberDataPoint`.
fn number(message: &mut Message, value: Number) {
    match value {
        Number::Double(it) => message.double(4, it),
        Number::Integer(it) => message.fixed64(6, it.cast_unsigned()),
    }
}

/// What a `HistogramDataPoint` holds.
fn distribution(message: &mut Message, it: &Distribution, sum: f64, boundaries: &[f64]) {
    let mut counts = Vec::new();
    let mut count = 0;
    for bucket in &it.counts {
        count += bucket;
        counts.extend_from_slice(&bucket.to_le_bytes());
    }
    let mut bounds = Vec::new();
    for bound in boundaries {
        bounds.extend_from_slice(&bound.to_le_bytes());
    }
    message.fixed64(4, count);
    message.double(5, sum);
    message.bytes(6, &counts);
    message.bytes(7, &bounds);
    message.double(11, it.min);
    message.double(12, it.max);
}
