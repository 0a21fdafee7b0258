//! The others' telemetry, set up as leanly as theirs can be: spans by `tracing` at level INFO, without a source location,
//! thread or idle time (which tracing-opentelemetry adds by default), OTLP over HTTP in the SDK's batches, W3C propagation.

use anyhow::Result;
use axum::Router;
use axum_tracing_opentelemetry::middleware::{OtelAxumLayer, OtelInResponseLayer};
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource, metrics::SdkMeterProvider, propagation::TraceContextPropagator,
    trace::SdkTracerProvider,
};
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Sets up OpenTelemetry for the process.
pub(crate) fn install(sink: &str) -> Result<SdkTracerProvider> {
    let resource = Resource::builder().with_service_name("bench").build();
    let spans = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{sink}/v1/traces"))
        .build()?;
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(spans)
        .with_resource(resource.clone())
        .build();
    let metrics = MetricExporter::builder()
        .with_http()
        .with_endpoint(format!("{sink}/v1/metrics"))
        .build()?;
    let metrics = SdkMeterProvider::builder()
        .with_periodic_exporter(metrics)
        .with_resource(resource)
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(traces.tracer("bench"))
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(layer).try_init()?;
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(traces.clone());
    global::set_meter_provider(metrics);
    Ok(traces)
}

/// Spans, and the trace's id in the response. It has no metrics by OpenTelemetry.
pub(crate) fn axum_tracing_opentelemetry(app: Router) -> Router {
    app.layer(OtelInResponseLayer)
        .layer(OtelAxumLayer::default().try_extract_client_ip(true))
}

/// Spans that see how bodies end, and metrics.
pub(crate) fn tower_otel(app: Router) -> Router {
    let meter = global::meter("bench");
    app.layer(tower_otel::metrics::HttpLayer::server(&meter))
        .layer(tower_otel::trace::HttpLayer::server(Level::INFO).trace_body())
}
