//! Metrics: what is exported, and how many series at most.

mod support;

use opentelemetry::{
    KeyValue,
    trace::{Span, Tracer},
};
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter,
    data::{AggregatedMetrics, Metric, MetricData},
};
use std::collections::BTreeMap;
use support::LONG;
use throughline_instrument::{Telemetry, attribute, init, metrics::Counter};

attribute! {
    /// How it ended.
    enum Outcome: "outcome" {
        Success = "success",
        Failure = "failure",
    }
}

/// `name{attribute=value,…}` and the value of each sum.
fn sums(exporter: &InMemoryMetricExporter) -> BTreeMap<String, i64> {
    let exports = exporter.get_finished_metrics().unwrap();
    let last = exports.last().expect("an export");
    let metrics = last.scope_metrics().flat_map(|scope| scope.metrics());
    metrics.flat_map(points).collect()
}

fn points(metric: &Metric) -> Vec<(String, i64)> {
    fn key<'a>(metric: &Metric, attributes: impl Iterator<Item = &'a KeyValue>) -> String {
        let mut pairs: Vec<_> = attributes
            .map(|it| format!("{}={}", it.key, it.value))
            .collect();
        pairs.sort();
        format!("{}{{{}}}", metric.name(), pairs.join(","))
    }
    match metric.data() {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => sum
            .data_points()
            .map(|it| {
                (
                    key(metric, it.attributes()),
                    i64::try_from(it.value()).unwrap(),
                )
            })
            .collect(),
        AggregatedMetrics::I64(MetricData::Sum(sum)) => sum
            .data_points()
            .map(|it| (key(metric, it.attributes()), it.value()))
            .collect(),
        _ => Vec::new(),
    }
}

fn with_metrics() -> (Telemetry, InMemoryMetricExporter) {
    let exporter = InMemoryMetricExporter::default();
    let telemetry = init("test")
        .export_metrics_to(exporter.clone())
        .log_to(std::io::sink)
        .build()
        .unwrap();
    (telemetry, exporter)
}

#[tokio::test]
async fn a_counter_has_the_attributes_that_it_declares() {
    let _alone = support::alone();
    let (telemetry, exporter) = with_metrics();
    let meter = telemetry.meter("shop");
    let sign_ins: Counter<(Outcome,)> = meter.counter("shop.sign_ins", "{sign_in}", "Sign-ins.");
    sign_ins.add(2, (Outcome::Success,));
    sign_ins.add(1, (Outcome::Failure,));
    telemetry.flush(LONG).await.unwrap();
    let sums = sums(&exporter);
    assert_eq!(sums["shop.sign_ins{outcome=success}"], 2);
    assert_eq!(sums["shop.sign_ins{outcome=failure}"], 1);
    telemetry.shutdown(LONG).await;
}

#[tokio::test]
async fn beyond_the_limit_values_are_added_up_as_overflow() {
    let _alone = support::alone();
    let (telemetry, exporter) = with_metrics();
    let users = 150;
    // The API of OpenTelemetry takes whatever it is given.
    let counter = telemetry
        .meter("careless")
        .api()
        .u64_counter("requests")
        .build();
    for user in 0..users {
        counter.add(1, &[KeyValue::new("user.id", user)]);
    }
    telemetry.flush(LONG).await.unwrap();
    let sums = sums(&exporter);
    let requests = sums.iter().filter(|(name, _)| name.starts_with("requests"));
    assert_eq!(requests.clone().count(), 101);
    assert_eq!(requests.map(|(_, value)| value).sum::<i64>(), users);
    assert_eq!(sums["requests{otel.metric.overflow=true}"], 50);
    telemetry.shutdown(LONG).await;
}

#[tokio::test]
async fn the_crates_own_instruments_have_room_for_every_route() {
    let _alone = support::alone();
    let (telemetry, exporter) = with_metrics();
    let meter = telemetry.meter("throughline.axum");
    let counter = meter.api().u64_counter("requests").build();
    for route in 0..150 {
        counter.add(1, &[KeyValue::new("http.route", route)]);
    }
    telemetry.flush(LONG).await.unwrap();
    let sums = sums(&exporter);
    assert!(!sums.contains_key("requests{otel.metric.overflow=true}"));
    telemetry.shutdown(LONG).await;
}

#[tokio::test]
async fn the_ledger_of_spans_is_a_metric() {
    let _alone = support::alone();
    let exporter = InMemoryMetricExporter::default();
    let telemetry = init("test")
        .export_to(opentelemetry_sdk::trace::InMemorySpanExporter::default())
        .export_metrics_to(exporter.clone())
        .log_to(std::io::sink)
        .build()
        .unwrap();
    let tracer = telemetry.tracer("test");
    for _ in 0..3 {
        tracer.start("work").end();
    }
    // Metrics are collected while spans are exported: the second time tells of the first.
    telemetry.flush(LONG).await.unwrap();
    telemetry.flush(LONG).await.unwrap();
    let sums = sums(&exporter);
    let value = |name: &str| {
        let mut found = sums.iter().filter(|(key, _)| key.starts_with(name));
        found.next().map(|(_, value)| *value)
    };
    assert_eq!(value("otel.sdk.processor.span.processed"), Some(3));
    assert_eq!(value("otel.sdk.exporter.span.exported"), Some(3));
    assert_eq!(value("otel.sdk.exporter.span.inflight"), Some(0));
    assert_eq!(value("otel.sdk.processor.span.queue.size"), Some(0));
    assert_eq!(value("otel.sdk.processor.span.queue.capacity"), Some(2048));
    telemetry.shutdown(LONG).await;
}

#[tokio::test]
async fn the_runtime_and_the_process_are_observed() {
    let _alone = support::alone();
    let (telemetry, exporter) = with_metrics();
    telemetry.flush(LONG).await.unwrap();
    let sums = sums(&exporter);
    assert_eq!(sums["tokio.runtime.workers{}"], 1);
    assert!(sums.contains_key("tokio.runtime.tasks.alive{}"));
    assert!(sums["process.memory.usage{}"] > 1_000_000);
    assert!(sums["process.thread.count{}"] > 1);
    assert!(sums["process.unix.file_descriptor.count{}"] > 2);
    telemetry.shutdown(LONG).await;
}
