//! The three signals on the wire.

use crate::{
    receiver::{balanced, make_spans, telemetry},
    support::{LONG, Server, alone},
};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest,
    metrics::v1::ExportMetricsServiceRequest,
    trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
};
use prost::Message;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use throughline_instrument::{init, metrics::Counter};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};
use tonic::{Request, Response, Status, codec::CompressionEncoding};
use tracing::{dispatcher, info, info_span, warn};

type Received = (HeaderMap, Bytes);

/// A receiver that answers `status` at each signal's path.
async fn receiver(status: StatusCode) -> (Server, UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel();
    let receive = post(move |headers: HeaderMap, body: Bytes| async move {
        let _ = sender.send((headers, body));
        status
    });
    let router = Router::new()
        .route("/v1/logs", receive.clone())
        .route("/v1/metrics", receive.clone())
        .route("/v1/traces", receive);
    (Server::start(router).await, received)
}

/// The smallest receiver of gRPC.
struct Traces(UnboundedSender<(String, ExportTraceServiceRequest)>);

#[tonic::async_trait]
impl TraceService for Traces {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let key = request.metadata().get("api-key");
        let key = key.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let _ = self.0.send((key.to_owned(), request.into_inner()));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// On one thread, which is where the SDK's own processors wait for themselves for ever.
#[tokio::test]
async fn spans_go_by_grpc_with_headers_and_compression() {
    let _alone = alone();
    let (sender, mut received) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service =
        TraceServiceServer::new(Traces(sender)).accept_compressed(CompressionEncoding::Gzip);
    let routes = tonic::service::Routes::new(service).into_axum_router();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });

    let telemetry = telemetry(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2"),
    ]);
    make_spans(&telemetry, 2);
    let ledgers = telemetry.shutdown(LONG).await;
    assert_eq!(ledgers[0].exported, 2, "{ledgers:?}");
    let (key, request) = received.recv().await.unwrap();
    assert_eq!(key, "hunter2");
    assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 2);
    server.abort();
}

#[tokio::test]
async fn bodies_are_compressed_and_headers_sent_over_http() {
    let _alone = alone();
    let (server, mut received) = receiver(StatusCode::OK).await;
    let telemetry = telemetry(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.url("")),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ]);
    make_spans(&telemetry, 1);
    let ledgers = telemetry.shutdown(LONG).await;
    assert_eq!(ledgers[0].exported, 1);
    let (headers, body) = received.recv().await.unwrap();
    assert_eq!(headers["api-key"], "hunter2");
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(&body[..2], [0x1f, 0x8b]);
    server.stop().await;
}

#[tokio::test]
async fn the_events_of_the_log_are_exported_with_the_ids_of_their_span() {
    let _alone = alone();
    let (server, mut received) = receiver(StatusCode::OK).await;
    let telemetry = telemetry(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.url("")),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5"),
    ]);
    dispatcher::with_default(&telemetry.subscriber(), || {
        info_span!("work").in_scope(|| info!(user.role = "administrator", "signed in at last"));
        warn!(target: "hyper_util::client", "this one is about the export");
    });
    telemetry.flush(LONG).await.unwrap();
    let (_, body) = received.recv().await.unwrap();
    let request = ExportLogsServiceRequest::decode(body).unwrap();
    let records = &request.resource_logs[0].scope_logs[0].log_records;
    assert_eq!(records.len(), 1, "{records:?}");
    let record = &records[0];
    assert_eq!((record.trace_id.len(), record.span_id.len()), (16, 8));
    assert_eq!(record.severity_text, "INFO");
    let text = format!("{record:?}");
    assert!(text.contains("signed in at last"), "{text}");
    assert!(text.contains("\"admin\""), "{text}");
    telemetry.shutdown(LONG).await;
    assert_eq!(telemetry.log_ledgers()[0].exported, 1);
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_sent_with_the_temporality_that_is_asked_for() {
    let _alone = alone();
    let (server, mut received) = receiver(StatusCode::OK).await;
    let telemetry = telemetry(&[
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            &server.url("/v1/metrics"),
        ),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
    ]);
    let counter: Counter<()> = telemetry
        .meter("test")
        .counter("work", "{job}", "Jobs done.");
    counter.add(2, ());
    telemetry.flush(LONG).await.unwrap();
    let (_, body) = received.recv().await.unwrap();
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let mut metrics = request.resource_metrics[0]
        .scope_metrics
        .iter()
        .flat_map(|it| &it.metrics);
    let work = metrics.find(|it| it.name == "work").unwrap();
    let text = format!("{work:?}");
    assert!(text.contains("aggregation_temporality: Delta"), "{text}");
    telemetry.shutdown(LONG).await;
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_sent_again_if_the_receiver_was_down() {
    let _alone = alone();
    let requests = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&requests);
    let receive = post(async move || match count.fetch_add(1, Ordering::Relaxed) {
        0 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    });
    let server = Server::start(Router::new().route("/v1/metrics", receive)).await;
    let endpoint = server.url("/v1/metrics");
    let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &endpoint)]);
    telemetry.flush(LONG).await.unwrap();
    assert_eq!(requests.load(Ordering::Relaxed), 2);
    telemetry.shutdown(LONG).await;
    server.stop().await;
}

#[tokio::test]
async fn what_an_outage_makes_the_log_say_is_not_exported() {
    let _alone = alone();
    let (server, _received) = receiver(StatusCode::SERVICE_UNAVAILABLE).await;
    let telemetry = telemetry(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.url("")),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("RUST_LOG", "trace"),
        ("OTEL_LOG_LEVEL", "trace"),
    ]);
    dispatcher::with_default(&telemetry.subscriber(), || {
        info!("one");
        make_spans(&telemetry, 1);
    });
    let _late = telemetry.flush(Duration::from_millis(300)).await;
    telemetry.shutdown(Duration::from_millis(300)).await;
    let ledgers = telemetry.log_ledgers();
    assert_eq!(ledgers[0].created, 1, "{ledgers:?}");
    balanced(&ledgers);
    server.stop().await;
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_told_by_the_set_up() {
    let _alone = alone();
    for protocol in ["http/protobuf", "grpc"] {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
        ];
        let var = |name: &str| {
            let pair = variables.iter().find(|(key, _)| *key == name)?;
            Some(pair.1.to_owned())
        };
        let error = init("test").from_vars(var).build().unwrap_err().to_string();
        assert!(error.contains("/nowhere/ca.pem"), "{error}");
    }
}
