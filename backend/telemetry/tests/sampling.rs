//! What is recorded, and the shape in which it is exported.

mod support;

use opentelemetry::{
    KeyValue,
    trace::{Span, SpanBuilder, SpanKind, Tracer},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use support::{LONG, alone, attribute};
use throughline_instrument::{Builder, SpanMatch, init};

/// The spans that are exported of those that are made.
async fn exported(
    change: impl FnOnce(Builder) -> Builder,
    spans: impl IntoIterator<Item = SpanBuilder>,
) -> Vec<SpanData> {
    let _alone = alone();
    let exporter = InMemorySpanExporter::default();
    let builder = init("test")
        .export_to(exporter.clone())
        .log_to(std::io::sink);
    let telemetry = change(builder).build().unwrap();
    let tracer = telemetry.tracer("test");
    for span in spans {
        tracer.build(span).end();
    }
    telemetry.flush(LONG).await.unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    telemetry.shutdown(LONG).await;
    spans
}

fn names(spans: &[SpanData]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_ref()).collect()
}

fn variable(name: &'static str, value: &'static str) -> impl Fn(&str) -> Option<String> {
    move |asked| (asked == name).then(|| value.to_owned())
}

#[tokio::test]
async fn spans_are_dropped_by_name_route_and_kind() {
    let spans = [
        SpanBuilder::from_name("GET /orders"),
        SpanBuilder::from_name("GET /ping"),
        SpanBuilder::from_name("GET").with_attributes([KeyValue::new("http.route", "/metrics")]),
        SpanBuilder::from_name("send").with_kind(SpanKind::Producer),
    ];
    let drop = |builder: Builder| {
        builder
            .drop_spans(SpanMatch::Name("*/ping".to_owned()))
            .drop_spans(SpanMatch::Route("/met*".to_owned()))
            .drop_spans(SpanMatch::Kind(SpanKind::Producer))
    };
    assert_eq!(names(&exported(drop, spans).await), ["GET /orders"]);
}

#[tokio::test]
async fn attributes_are_redacted_and_removed_everywhere_in_a_span() {
    let attributes = || {
        [
            KeyValue::new("user.email", "alice@example.com"),
            KeyValue::new("noise", 1),
            KeyValue::new("kept", "yes"),
        ]
    };
    let event = opentelemetry::trace::Event::new(
        "happened",
        std::time::SystemTime::now(),
        attributes().to_vec(),
        0,
    );
    let span = SpanBuilder::from_name("work")
        .with_attributes(attributes())
        .with_events(vec![event]);
    let change = |builder: Builder| {
        builder
            .redact_attribute("user.email")
            .remove_attribute("noise")
    };
    let spans = exported(change, [span]).await;
    assert_eq!(
        attribute(&spans[0], "user.email").as_deref(),
        Some("REDACTED")
    );
    assert_eq!(attribute(&spans[0], "noise"), None);
    assert_eq!(attribute(&spans[0], "kept").as_deref(), Some("yes"));
    let text = format!("{:?}", spans[0]);
    assert!(!text.contains("alice"), "{text}");
}

#[tokio::test]
async fn values_are_as_long_as_the_variable_allows() {
    let span = SpanBuilder::from_name("work").with_attributes([KeyValue::new("text", "äöüabc")]);
    let limited =
        |builder: Builder| builder.from_vars(variable("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4"));
    let spans = exported(limited, [span]).await;
    assert_eq!(attribute(&spans[0], "text").as_deref(), Some("äöüa"));
}

#[tokio::test]
async fn a_ratio_of_nothing_records_nothing_and_the_variable_wins() {
    let span = || [SpanBuilder::from_name("work")];
    let none = exported(|builder| builder.sample_ratio(0.0), span()).await;
    assert_eq!(none.len(), 0);
    let told = |builder: Builder| {
        builder
            .sample_ratio(0.0)
            .from_vars(variable("OTEL_TRACES_SAMPLER", "always_on"))
    };
    assert_eq!(exported(told, span()).await.len(), 1);
}

#[tokio::test]
async fn so_many_traces_a_second_are_exported() {
    let spans = (0..100).map(|_| SpanBuilder::from_name("work"));
    let limited = exported(|builder| builder.sample_per_second(0.001), spans).await;
    assert_eq!(limited.len(), 1);
}
