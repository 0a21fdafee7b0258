use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data as Official;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint};
use prost::Message as _;
use throughline_core::otlp::{self, named_scope};

use super::description::{Description, Kind};
use super::stream::Streams;
use crate::limits;

const START: u64 = 1_800_000_000_000_000_000;
const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

fn described(name: &'static str, kind: Kind) -> Description {
    Description {
        scope: named_scope("test", "1").into(),
        name: name.into(),
        unit: "s".into(),
        description: "a test".into(),
        kind,
        boundaries: None,
    }
}

fn made(streams: &mut Streams, description: Description) -> usize {
    let (index, problem) = streams.instrument(description, START);
    assert_eq!(problem, None);
    index.unwrap()
}

/// A collection so many seconds after the start, read by the official messages.
fn collected(streams: &mut Streams, seconds: u64) -> Vec<Metric> {
    let items = streams.collect(at(seconds));
    if items.is_empty() {
        return Vec::new();
    }
    let parts: Vec<_> = items
        .iter()
        .map(|it| (it.scope.as_bytes(), it.message.as_bytes()))
        .collect();
    let request = otlp::request(&[], &parts);
    let read = ExportMetricsServiceRequest::decode(&*request).unwrap();
    let [resource] = <[_; 1]>::try_from(read.resource_metrics).unwrap();
    let [scope] = <[_; 1]>::try_from(resource.scope_metrics).unwrap();
    assert_eq!(scope.scope.unwrap().name, "test");
    scope.metrics
}

fn at(seconds: u64) -> u64 {
    START + seconds * 1_000_000_000
}

/// The points of the only metric, which is a sum of this temporality.
fn sum(metrics: &[Metric], temporality: i32, is_monotonic: bool) -> Vec<NumberDataPoint> {
    let [metric] = metrics else {
        panic!("{metrics:?}")
    };
    let Some(Official::Sum(sum)) = &metric.data else {
        panic!("{metric:?}")
    };
    assert_eq!(sum.aggregation_temporality, temporality);
    assert_eq!(sum.is_monotonic, is_monotonic);
    sum.data_points.clone()
}

fn values(points: &[NumberDataPoint]) -> Vec<i64> {
    let value = |point: &NumberDataPoint| match point.value {
        Some(Value::AsInt(it)) => it,
        other => panic!("{other:?}"),
    };
    points.iter().map(value).collect()
}

fn add(streams: &mut Streams, index: usize, value: i64, attributes: &[KeyValue]) {
    streams.record(index, value as f64, attributes);
}

#[test]
fn a_counter_says_what_was_added_since_the_last_collection() {
    let mut streams = Streams::NEW;
    let counter = made(&mut streams, described("clicks", Kind::COUNTER));
    add(&mut streams, counter, 2, &[]);
    add(&mut streams, counter, 3, &[]);
    let first = collected(&mut streams, 60);
    assert_eq!(
        (&*first[0].name, &*first[0].unit, &*first[0].description),
        ("clicks", "s", "a test")
    );
    let points = sum(&first, DELTA, true);
    assert_eq!(values(&points), [5]);
    assert_eq!(points[0].start_time_unix_nano, START);
    assert_eq!(points[0].time_unix_nano, at(60));

    assert!(collected(&mut streams, 120).is_empty(), "nothing recorded");

    add(&mut streams, counter, 1, &[]);
    let points = sum(&collected(&mut streams, 180), DELTA, true);
    assert_eq!(values(&points), [1]);
    assert_eq!(points[0].start_time_unix_nano, at(120));
}

#[test]
fn an_up_down_counter_says_how_much_there_is() {
    let mut streams = Streams::NEW;
    let open = made(&mut streams, described("open", Kind::UP_DOWN_COUNTER));
    add(&mut streams, open, 3, &[]);
    let points = sum(&collected(&mut streams, 60), CUMULATIVE, false);
    assert_eq!(values(&points), [3]);
    add(&mut streams, open, -1, &[]);
    let points = sum(&collected(&mut streams, 120), CUMULATIVE, false);
    assert_eq!(values(&points), [2]);
    assert_eq!(points[0].start_time_unix_nano, START);
}

#[test]
fn a_histogram_has_buckets_that_include_their_upper_bound() {
    let mut streams = Streams::NEW;
    let mut description = described("size", Kind::HISTOGRAM);
    description.boundaries = Some(vec![1.0, 10.0]);
    let size = made(&mut streams, description);
    for value in [1.0, 1.5, 10.0, 11.0] {
        streams.record(size, value, &[KeyValue::new("a", "b")]);
    }
    streams.record(size, 100.0, &[KeyValue::new("a", "b")]);
    let metrics = collected(&mut streams, 60);
    let Some(Official::Histogram(histogram)) = &metrics[0].data else {
        panic!("{metrics:?}")
    };
    assert_eq!(histogram.aggregation_temporality, DELTA);
    let [point] = &*histogram.data_points else {
        panic!("{histogram:?}")
    };
    assert_eq!(point.bucket_counts, [1, 2, 2]);
    assert_eq!(point.explicit_bounds, [1.0, 10.0]);
    assert_eq!((point.count, point.sum), (5, Some(123.5)));
    assert_eq!((point.min, point.max), (Some(1.0), Some(100.0)));
    assert_eq!(point.attributes[0].key, "a");
    assert_eq!(point.start_time_unix_nano, START);
    assert!(collected(&mut streams, 120).is_empty());
}

#[test]
fn a_histogram_without_boundaries_has_those_of_the_specification() {
    let mut streams = Streams::NEW;
    let index = made(&mut streams, described("time", Kind::HISTOGRAM));
    streams.record(index, 0.0, &[]);
    streams.record(index, 1e9, &[]);
    let metrics = collected(&mut streams, 60);
    let Some(Official::Histogram(histogram)) = &metrics[0].data else {
        panic!("{metrics:?}")
    };
    let point = &histogram.data_points[0];
    assert_eq!(point.explicit_bounds.len(), 15);
    assert_eq!(point.bucket_counts.len(), 16);
    assert_eq!((point.bucket_counts[0], point.bucket_counts[15]), (1, 1));
}

#[test]
fn a_gauge_says_its_last_value_once() {
    let mut streams = Streams::NEW;
    let gauge = made(&mut streams, described("level", Kind::F64_GAUGE));
    streams.record(gauge, 1.0, &[]);
    streams.record(gauge, -0.5, &[]);
    let metrics = collected(&mut streams, 60);
    let Some(Official::Gauge(it)) = &metrics[0].data else {
        panic!("{metrics:?}")
    };
    assert_eq!(it.data_points[0].value, Some(Value::AsDouble(-0.5)));
    assert!(collected(&mut streams, 120).is_empty());
}

#[test]
fn an_observed_counter_says_what_its_sum_has_grown_by() {
    let mut streams = Streams::NEW;
    let index = made(&mut streams, described("bytes", Kind::COUNTER.observable()));
    let mut observe = |seconds, value| {
        add(&mut streams, index, value, &[]);
        collected(&mut streams, seconds)
    };
    assert_eq!(values(&sum(&observe(60, 10), DELTA, true)), [10]);
    assert_eq!(values(&sum(&observe(120, 14), DELTA, true)), [4]);
    assert!(observe(180, 14).is_empty(), "not grown");
    let anew = sum(&observe(240, 3), DELTA, true);
    assert_eq!(values(&anew), [3], "begun anew");
    assert_eq!(anew[0].start_time_unix_nano, at(180));
}

#[test]
fn an_observed_up_down_counter_says_the_observed_sum() {
    let mut streams = Streams::NEW;
    let kind = Kind::UP_DOWN_COUNTER.observable();
    let index = made(&mut streams, described("open", kind));
    for (seconds, value) in [(60, 5), (120, 4)] {
        add(&mut streams, index, value, &[]);
        let points = sum(&collected(&mut streams, seconds), CUMULATIVE, false);
        assert_eq!(values(&points), [value]);
        assert_eq!(points[0].start_time_unix_nano, START);
    }
    assert!(collected(&mut streams, 180).is_empty(), "not observed");
}

#[test]
fn sets_are_the_same_in_any_order_and_the_last_value_of_a_key_counts() {
    let (a, b) = (KeyValue::new("a", 1), KeyValue::new("b", 2));
    let mut streams = Streams::NEW;
    let index = made(&mut streams, described("n", Kind::COUNTER));
    add(&mut streams, index, 1, &[a.clone(), b.clone()]);
    add(&mut streams, index, 1, &[b.clone(), a.clone()]);
    add(
        &mut streams,
        index,
        1,
        &[KeyValue::new("a", 9), b.clone(), a],
    );
    add(&mut streams, index, 1, &[b]);
    let mut points = values(&sum(&collected(&mut streams, 60), DELTA, true));
    points.sort_unstable();
    assert_eq!(points, [1, 3]);
}

#[test]
fn what_is_over_the_limit_is_recorded_together() {
    let limit = limits::metric_points();
    for kind in [
        Kind::COUNTER,
        Kind::UP_DOWN_COUNTER,
        Kind::COUNTER.observable(),
    ] {
        let mut streams = Streams::NEW;
        let index = made(&mut streams, described("n", kind));
        let total = i64::try_from(limit).unwrap() * 5;
        for n in 0..total {
            add(&mut streams, index, 1, &[KeyValue::new("n", n)]);
        }
        let metrics = collected(&mut streams, 60);
        let points: Vec<_> = metrics
            .into_iter()
            .flat_map(|it| match it.data {
                Some(Official::Sum(sum)) => sum.data_points,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(points.len(), limit);
        assert_eq!(values(&points).into_iter().sum::<i64>(), total);
        let overflow = points
            .iter()
            .find(|it| it.attributes[0].key == "otel.metric.overflow");
        assert_eq!(
            values(&[overflow.unwrap().clone()]),
            [total - i64::try_from(limit).unwrap() + 1]
        );
    }
}

#[test]
fn a_metric_of_many_points_travels_in_parts_that_fit_into_requests() {
    let mut streams = Streams::NEW;
    let index = made(&mut streams, described("n", Kind::COUNTER));
    let points = 150;
    for n in 0..points {
        let text = KeyValue::new("text", "x".repeat(1000));
        add(&mut streams, index, 1, &[KeyValue::new("n", n), text]);
    }
    let sizes: Vec<_> = streams
        .collect(at(60))
        .iter()
        .map(|it| it.message.len())
        .collect();
    assert!(sizes.len() > 8, "{sizes:?}");
    assert!(sizes.iter().all(|it| *it < 18 * 1024), "{sizes:?}");
}

#[test]
fn what_cannot_be_a_value_is_ignored() {
    let mut streams = Streams::NEW;
    let counter = made(&mut streams, described("c", Kind::F64_COUNTER));
    let histogram = made(&mut streams, described("h", Kind::HISTOGRAM));
    let gauge = made(&mut streams, described("g", Kind::F64_GAUGE));
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for index in [counter, histogram, gauge] {
            streams.record(index, value, &[]);
        }
    }
    for index in [counter, histogram] {
        streams.record(index, -1.0, &[]);
    }
    assert!(collected(&mut streams, 60).is_empty());
    let largest = made(&mut streams, described("l", Kind::COUNTER));
    streams.record(largest, u64::MAX as f64, &[]);
    streams.record(largest, 1.0, &[]);
    let points = sum(&collected(&mut streams, 120), DELTA, true);
    assert_eq!(values(&points), [i64::MAX]);
}

#[test]
fn one_description_is_one_instrument() {
    let mut streams = Streams::NEW;
    let one = made(&mut streams, described("requests", Kind::COUNTER));
    assert_eq!(
        made(&mut streams, described("Requests", Kind::COUNTER)),
        one
    );
    let (other, problem) = streams.instrument(described("requests", Kind::GAUGE), START);
    assert_ne!(other.unwrap(), one);
    assert!(problem.unwrap().contains("another kind"));
    assert_eq!(
        streams.instrument(described("requests", Kind::GAUGE), START),
        (other, None),
        "told once"
    );
}

#[test]
fn a_name_begins_with_a_letter_and_has_no_spaces() {
    let mut streams = Streams::NEW;
    for name in ["", "1st", "_x", "a b", "ä", "a\0"] {
        let (index, problem) = streams.instrument(described(name, Kind::COUNTER), START);
        assert!(index.is_none() && problem.is_some(), "{name}");
    }
    let mut long = described("", Kind::COUNTER);
    long.name = "a".repeat(256).into();
    assert_eq!(streams.instrument(long, START).0, None);
    let mut longest = described("", Kind::COUNTER);
    longest.name = "a".repeat(255).into();
    made(&mut streams, longest);
    made(&mut streams, described("http.server/a-b_c1", Kind::COUNTER));

    let mut unit = described("a", Kind::COUNTER);
    unit.unit = "x".repeat(64).into();
    assert_eq!(streams.instrument(unit, START).0, None);
    for boundaries in [vec![1.0, 1.0], vec![2.0, 1.0], vec![0.0, f64::NAN]] {
        let mut histogram = described("a", Kind::HISTOGRAM);
        histogram.boundaries = Some(boundaries);
        assert_eq!(streams.instrument(histogram, START).0, None);
    }
}

#[test]
fn there_are_no_more_instruments_than_a_page_may_have() {
    let mut streams = Streams::NEW;
    let mut made = 0;
    for n in 0..1000 {
        let mut description = described("", Kind::COUNTER);
        description.name = format!("n{n}").into();
        made += usize::from(streams.instrument(description, START).0.is_some());
    }
    assert_eq!(made, 256);
}

#[test]
fn what_is_forgotten_is_not_sent_and_an_observed_sum_is_not_counted_twice() {
    let mut streams = Streams::NEW;
    let open = made(&mut streams, described("open", Kind::UP_DOWN_COUNTER));
    let bytes = made(&mut streams, described("b", Kind::COUNTER.observable()));
    add(&mut streams, open, 7, &[]);
    add(&mut streams, bytes, 10, &[]);
    collected(&mut streams, 60);
    add(&mut streams, open, 1, &[]);
    streams.forget(at(90));
    assert!(collected(&mut streams, 120).is_empty());
    add(&mut streams, open, 1, &[]);
    let points = sum(&collected(&mut streams, 180), CUMULATIVE, false);
    assert_eq!(values(&points), [1]);
    assert_eq!(points[0].start_time_unix_nano, at(90));
    add(&mut streams, bytes, 12, &[]);
    assert_eq!(
        values(&sum(&collected(&mut streams, 240), DELTA, true)),
        [2]
    );
}

#[test]
fn a_clock_that_was_set_back_makes_no_negative_interval() {
    let mut streams = Streams::NEW;
    let counter = made(&mut streams, described("c", Kind::COUNTER));
    add(&mut streams, counter, 1, &[]);
    let items = streams.collect(START - 1);
    let metric = Metric::decode(items[0].message.as_bytes()).unwrap();
    let points = sum(&[metric], DELTA, true);
    assert_eq!(points[0].start_time_unix_nano, points[0].time_unix_nano);
}
