//! The spans of this process, and those of the official OTLP exporter.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanEvents, SpanExporter, SpanLinks},
};

use crate::support::Server;

fn data(name: &'static str) -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(7),
            SpanId::from(8),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: name.into(),
        start_time: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
        end_time: SystemTime::UNIX_EPOCH + Duration::from_secs(2),
        attributes: vec![KeyValue::new("http.response.status_code", 200)],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("tests").build(),
    }
}

fn resource() -> Resource {
    Resource::builder_empty().with_service_name("rust").build()
}

async fn assert_stored(server: &Server, name: &str) {
    let list = server.json("/telemetry/api/traces?service=rust").await;
    assert_eq!(list["traces"][0]["root_name"], name);
    let trace = server
        .json("/telemetry/api/traces/00000000000000000000000000000007")
        .await;
    let scope = &trace["resourceSpans"][0]["scopeSpans"][0];
    assert_eq!(scope["scope"]["name"], "tests");
    assert_eq!(scope["spans"][0]["kind"], 2);
    assert_eq!(
        scope["spans"][0]["attributes"][0]["value"]["intValue"],
        "200"
    );
}

#[tokio::test]
async fn the_spans_of_this_process_need_no_network() {
    let server = Server::start().await;
    let mut exporter = server.collector.exporter();
    exporter.set_resource(&resource());
    exporter.export(vec![data("in process")]).await.unwrap();
    assert_stored(&server, "in process").await;

    server.collector.close().await;
    assert!(exporter.export(vec![data("too late")]).await.is_err());
}

#[tokio::test]
async fn the_official_exporter_is_understood() {
    let server = Server::start().await;
    let mut exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", server.base))
        .build()
        .unwrap();
    exporter.set_resource(&resource());
    exporter.export(vec![data("over HTTP")]).await.unwrap();
    assert_stored(&server, "over HTTP").await;
}
