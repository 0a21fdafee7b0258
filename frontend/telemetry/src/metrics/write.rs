//! Data points as OTLP has them (opentelemetry/proto/metrics/v1/metrics.proto).

use std::sync::Arc;

use throughline_core::otlp::Message;

use super::description::{Description, Kind};
use super::stream::Point;
use crate::export::Item;

/// `AggregationTemporality`.
const DELTA: u64 = 1;
const CUMULATIVE: u64 = 2;

/// The field of a data point that holds its attributes.
pub(super) fn attributes_field(kind: Kind) -> u32 {
    if kind.is_histogram() { 9 } else { 7 }
}

/// Adds a data point, with this value, of measurements between two times.
pub(super) fn point(
    points: &mut Message,
    of: &Description,
    point: &Point,
    value: f64,
    [start, now]: [u64; 2],
) {
    let begun = points.begin(1);
    if !of.kind.is_gauge() {
        points.fixed64(2, start);
    }
    points.fixed64(3, now);
    points.append(point.attributes.as_bytes());
    if let Some(boundaries) = &of.boundaries {
        points.fixed64(4, point.counts.iter().sum());
        points.double(5, value);
        points.packed(6, point.counts.iter().copied());
        points.packed(7, boundaries.iter().map(|it| it.to_bits()));
        points.double(11, point.min);
        points.double(12, point.max);
    } else if of.kind.is_integer() {
        points.fixed64(6, integer(value));
    } else {
        points.double(4, value);
    }
    points.end(begun);
}

/// A `Metric` message of these points.
pub(super) fn metric(of: &Description, mut data: Message) -> Item {
    let kind = of.kind;
    if !kind.is_gauge() {
        let is_cumulative = kind.is_cumulative();
        data.uint(2, if is_cumulative { CUMULATIVE } else { DELTA });
    }
    let field = if kind.is_gauge() {
        5
    } else if kind.is_histogram() {
        9
    } else {
        data.uint(3, kind.is_monotonic().into());
        7
    };
    let mut metric = Message::default();
    metric.text(1, &of.name);
    metric.text(2, &of.description);
    metric.text(3, &of.unit);
    metric.message(field, &data);
    Item {
        scope: Arc::clone(&of.scope),
        message: metric,
    }
}

/// What is larger than an integer can be is the largest that there is.
#[expect(clippy::cast_possible_truncation, reason = "it saturates")]
fn integer(value: f64) -> u64 {
    (value as i64).cast_unsigned()
}
