//! `OTEL_*_EXPORTER=console`: lines for people on the standard error, for debugging.

use opentelemetry::KeyValue;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    metrics::{
        Temporality,
        data::{AggregatedMetrics, MetricData, ResourceMetrics},
        exporter::PushMetricExporter,
    },
    trace::{SpanData, SpanExporter},
};
use std::{
    fmt::{Display, Write as _},
    io::{self, Write as _},
    time::Duration,
};

/// Writes each span on a line.
#[derive(Debug)]
pub(crate) struct ConsoleSpans;

/// Writes each point of a metric on a line.
#[derive(Debug)]
pub(crate) struct ConsoleMetrics;

impl SpanExporter for ConsoleSpans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        write(&batch.iter().map(span_line).collect::<String>())
    }
}

impl PushMetricExporter for ConsoleMetrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut text = String::new();
        for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
            let (name, unit) = (metric.name(), metric.unit());
            match metric.data() {
                AggregatedMetrics::F64(data) => points(&mut text, name, unit, data),
                AggregatedMetrics::U64(data) => points(&mut text, name, unit, data),
                AggregatedMetrics::I64(data) => points(&mut text, name, unit, data),
            }
        }
        write(&text)
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn span_line(span: &SpanData) -> String {
    let took = span.end_time.duration_since(span.start_time);
    let mut line = format!(
        "span {} {:?} {:?} {:?} trace_id={} span_id={} parent_span_id={}",
        span.name,
        span.span_kind,
        took.unwrap_or_default(),
        span.status,
        span.span_context.trace_id(),
        span.span_context.span_id(),
        span.parent_span_id,
    );
    attributes(&mut line, span.attributes.iter());
    line.push('\n');
    line
}

fn points<T: Display + Copy>(text: &mut String, name: &str, unit: &str, data: &MetricData<T>) {
    let mut line = |value: &dyn Display, point: &mut dyn Iterator<Item = &KeyValue>| {
        let _ = write!(text, "metric {name} {value} {unit}");
        attributes(text, point);
        text.push('\n');
    };
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .for_each(|it| line(&it.value(), &mut it.attributes())),
        MetricData::Sum(sum) => sum
            .data_points()
            .for_each(|it| line(&it.value(), &mut it.attributes())),
        MetricData::Histogram(histogram) => histogram.data_points().for_each(|it| {
            let value = format!("count={} sum={}", it.count(), it.sum());
            line(&value, &mut it.attributes());
        }),
        MetricData::ExponentialHistogram(histogram) => histogram.data_points().for_each(|it| {
            let value = format!("count={} sum={}", it.count(), it.sum());
            line(&value, &mut it.attributes());
        }),
    }
}

fn attributes<'a>(line: &mut String, attributes: impl Iterator<Item = &'a KeyValue>) {
    for attribute in attributes {
        let _ = write!(line, " {}={}", attribute.key, attribute.value);
    }
}

fn write(text: &str) -> OTelSdkResult {
    let written = io::stderr().write_all(text.as_bytes());
    written.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
}
