//! Metrics: what is measured, by which attributes, in which buckets.

use crate::support::{Recorder, Server, attribute};
use axum::{
    Extension, Router,
    body::Body,
    error_handling::HandleErrorLayer,
    extract::Path,
    http::StatusCode,
    routing::{any, get, post},
};
use expect_test::expect;
use futures_util::{StreamExt, stream};
use opentelemetry::{KeyValue, metrics::MeterProvider as _};
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, InMemoryMetricExporterBuilder, Instrument, PeriodicReader,
    SdkMeterProvider, Stream, Temporality,
    data::{AggregatedMetrics, Metric, MetricData},
};
use reqwest::{Client, Method};
use std::{convert::Infallible, future::pending, io, sync::Arc, time::Duration};
use throughline_instrument::{ErrorType, error::RecordError};
use tokio::sync::Notify;
use tower::{BoxError, ServiceBuilder, timeout::TimeoutLayer};
use tower_http::timeout::ResponseBodyTimeoutLayer;

/// Metrics of one test.
pub(crate) struct Meters {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        Self { provider, exporter }
    }

    /// That keep no more than `limit` sets of attributes apart.
    pub(crate) fn limited(temporality: Temporality, limit: usize) -> Self {
        let exporter = InMemoryMetricExporterBuilder::new()
            .with_temporality(temporality)
            .build();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let limited = move |_: &Instrument| {
            let stream = Stream::builder().with_cardinality_limit(limit);
            stream.build().ok()
        };
        let provider = SdkMeterProvider::builder();
        let provider = provider.with_reader(reader).with_view(limited).build();
        Self { provider, exporter }
    }

    pub(crate) fn meter(&self) -> opentelemetry::metrics::Meter {
        self.provider.meter("test")
    }

    /// `name unit attributes value` of every series; of a histogram the count, and the sum where it is of bytes.
    pub(crate) fn text(&self) -> String {
        let mut lines = self.with_metrics(|metric| {
            let series = series(metric);
            let name = format!("{} {}", metric.name(), metric.unit());
            let lines = series.into_iter().map(|series| format!("{name}{series}\n"));
            lines.collect::<Vec<_>>()
        });
        lines.sort();
        lines.concat()
    }

    /// How many exchanges are open, and how many were measured.
    pub(crate) fn active_and_measured(&self) -> (i64, u64) {
        let (mut active, mut measured) = (0, 0);
        self.with_metrics(|metric| {
            match metric.data() {
                AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                    active += sum.data_points().map(|point| point.value()).sum::<i64>();
                }
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    measured += histogram.data_points().map(|it| it.count()).sum::<u64>();
                }
                _ => {}
            }
            Vec::<()>::new()
        });
        (active, measured)
    }

    fn with_metrics<T>(&self, read: impl FnMut(&Metric) -> Vec<T>) -> Vec<T> {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let exported = self.exporter.get_finished_metrics().unwrap();
        let scopes = exported.iter().flat_map(|it| it.scope_metrics());
        scopes.flat_map(|it| it.metrics()).flat_map(read).collect()
    }
}

fn series(metric: &Metric) -> Vec<String> {
    match metric.data() {
        AggregatedMetrics::I64(MetricData::Sum(sum)) => sum
            .data_points()
            .map(|it| format!("{} = {}", labels(it.attributes()), it.value()))
            .collect(),
        AggregatedMetrics::F64(MetricData::Histogram(histogram)) => histogram
            .data_points()
            .map(|it| format!("{} = {}", labels(it.attributes()), it.count()))
            .collect(),
        AggregatedMetrics::U64(MetricData::Histogram(histogram)) => histogram
            .data_points()
            .map(|it| {
                let labels = labels(it.attributes());
                format!("{labels} = {} of {}", it.sum(), it.count())
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut labels: Vec<_> = attributes
        .map(|it| format!(" {}={}", it.key, it.value))
        .collect();
    labels.sort();
    labels.concat()
}

/// What the requests leave in the metrics, and in the spans: `name: error.type`.
async fn measured(router: Router, requests: &[(&str, &str)]) -> String {
    let meters = Meters::new();
    let recorder = Recorder::with(|builder| builder.http(|http| http.meter(meters.meter())));
    let server = recorder.serve(router).await;
    send(&server, requests).await;
    server.stop().await;
    meters.text()
}

async fn send(server: &Server, requests: &[(&str, &str)]) {
    for (method, path) in requests {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Client::new().request(method, server.url(path));
        if let Ok(response) = request.send().await {
            let _body = response.bytes().await;
        }
    }
}

#[tokio::test]
async fn exchanges_are_measured_by_method_route_scheme_status_and_version() {
    let router = Router::new()
        .route("/users/{id}", any(|Path(_): Path<u32>| async { "user" }))
        .route(
            "/broken",
            get(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
        );
    let requests = [
        ("GET", "/users/1?a=b"),
        ("GET", "/users/2"),
        ("BREW", "/users/3"),
        ("GET", "/users/not-a-number"),
        ("GET", "/nowhere"),
        ("POST", "/broken"),
        ("GET", "/broken"),
        ("GET", "/healthz"),
    ];
    expect![[r#"
        http.server.active_requests {request} http.request.method=GET url.scheme=http = 0
        http.server.active_requests {request} http.request.method=POST url.scheme=http = 0
        http.server.active_requests {request} http.request.method=_OTHER url.scheme=http = 0
        http.server.request.duration s error.type=500 http.request.method=GET http.response.status_code=500 http.route=/broken network.protocol.version=1.1 url.scheme=http = 1
        http.server.request.duration s http.request.method=GET http.response.status_code=200 http.route=/users/{id} network.protocol.version=1.1 url.scheme=http = 2
        http.server.request.duration s http.request.method=GET http.response.status_code=400 http.route=/users/{id} network.protocol.version=1.1 url.scheme=http = 1
        http.server.request.duration s http.request.method=GET http.response.status_code=404 network.protocol.version=1.1 url.scheme=http = 1
        http.server.request.duration s http.request.method=POST http.response.status_code=405 http.route=/broken network.protocol.version=1.1 url.scheme=http = 1
        http.server.request.duration s http.request.method=_OTHER http.response.status_code=200 http.route=/users/{id} network.protocol.version=1.1 url.scheme=http = 1
    "#]]
    .assert_eq(&measured(router, &requests).await);
}

#[tokio::test]
async fn durations_are_in_the_buckets_of_the_conventions() {
    let meters = Meters::new();
    let recorder = Recorder::with(|builder| builder.http(|http| http.meter(meters.meter())));
    let server = recorder.serve(Router::new()).await;
    send(&server, &[("GET", "/")]).await;
    server.stop().await;
    let bounds = meters.with_metrics(|metric| match metric.data() {
        AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
            let mut points = histogram.data_points();
            points.next().unwrap().bounds().collect()
        }
        _ => Vec::new(),
    });
    let conventions = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ];
    assert_eq!(bounds, conventions);
}

#[tokio::test]
async fn an_exchange_is_active_until_the_last_byte_of_its_body() {
    let meters = Meters::new();
    let recorder = Recorder::with(|builder| builder.http(|http| http.meter(meters.meter())));
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begin, wait) = (Arc::clone(&begun), Arc::clone(&go_on));
    let handler = get(move || async move {
        begin.notify_one();
        wait.notified().await;
        let rest = async move {
            wait.notified().await;
            Ok::<_, Infallible>("rest")
        };
        Body::from_stream(stream::once(async { Ok("first") }).chain(stream::once(rest)))
    });
    let server = recorder.serve(Router::new().route("/", handler)).await;
    let request = tokio::spawn(Client::new().get(server.url("/")).send());

    begun.notified().await;
    assert_eq!(meters.active_and_measured(), (1, 0), "in the handler");
    go_on.notify_one();
    let mut response = request.await.unwrap().unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "first");
    assert_eq!(meters.active_and_measured(), (1, 0), "in the body");
    go_on.notify_one();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "rest");
    server.stop().await;
    assert_eq!(meters.active_and_measured(), (0, 1));
}

#[tokio::test]
async fn every_end_has_an_error_type_of_its_own_the_same_on_span_and_metric() {
    let meters = Meters::new();
    let recorder = Recorder::with(|builder| builder.http(|http| http.meter(meters.meter())));
    let server = recorder.serve(endings()).await;
    let paths = [
        "/complete",
        "/error",
        "/broken",
        "/slow-body",
        "/panics",
        "/too-slow",
        "/named",
        "/recorded",
    ];
    send(&server, &paths.map(|path| ("GET", path))).await;
    let mut response = Client::new().get(server.url("/endless")).send().await;
    let first = response.as_mut().unwrap().chunk().await.unwrap();
    assert_eq!(first.unwrap(), "part");
    drop(response);
    server.stop().await;

    expect![[r#"
        GET /complete SERVER http.response.status_code=200
        GET /error SERVER error http.response.status_code=503 error.type=503
        GET /broken SERVER error(the response's body failed) http.response.status_code=200 error.type=response_body throughline.body.end=failed
        GET /slow-body SERVER error(the response's body took too long) http.response.status_code=200 error.type=timeout throughline.body.end=failed
        GET /panics SERVER error(the handler panicked) error.type=panic
        GET /too-slow SERVER error http.response.status_code=503 error.type=timeout
        GET /named SERVER error http.response.status_code=408 error.type=timeout
        GET /recorded SERVER error(invalid digit found in string) http.response.status_code=400 error.type=bad_number
        GET /endless SERVER http.response.status_code=200 error.type=cancelled throughline.body.end=cancelled
    "#]]
    .assert_eq(&recorder.tree(&super::spans::ENDINGS).await);
    let text = meters.text();
    for span in recorder.spans().await {
        let route = attribute(&span, "http.route").unwrap();
        let error = attribute(&span, "error.type").map(|error| format!("error.type={error} "));
        let line = text.lines().find(|line| line.contains(&route)).unwrap();
        let label = format!("duration s {}http.request", error.unwrap_or_default());
        assert!(line.contains(&label) && line.ends_with("= 1"), "{line}");
    }
    assert_eq!(meters.active_and_measured(), (0, 9));
}

/// One route for each way in which an exchange ends.
fn endings() -> Router {
    let out_of_time = |_: BoxError| async {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Extension(ErrorType("timeout")),
        )
    };
    let deadline = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(out_of_time))
        .layer(TimeoutLayer::new(Duration::from_millis(1)));
    let endless = || async {
        let first = stream::once(async { Ok::<_, Infallible>("part") });
        Body::from_stream(first.chain(stream::pending()))
    };
    let broken = || async {
        let parts = [Ok("part"), Err(io::Error::other("broken"))];
        Body::from_stream(stream::iter(parts))
    };
    let recorded = || async {
        match "x".parse::<u8>().record_error_as("bad_number") {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_REQUEST,
        }
    };
    let named = || async { (StatusCode::REQUEST_TIMEOUT, Extension(ErrorType("timeout"))) };
    Router::new()
        .route("/complete", get(|| async { "ok" }))
        .route("/named", get(named))
        .route("/recorded", get(recorded))
        .route("/error", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route("/broken", get(broken))
        .route("/slow-body", get(endless))
        .route_layer(ResponseBodyTimeoutLayer::new(Duration::from_millis(1)))
        .route(
            "/panics",
            get(|| async { panic!("on purpose") as StatusCode }),
        )
        .route("/too-slow", get(pending::<()>).layer(deadline))
        .route("/endless", get(endless))
}

#[tokio::test]
async fn bodies_are_measured_where_that_is_wanted() {
    let meters = Meters::new();
    let recorder = Recorder::with(|builder| {
        builder.http(|http| http.meter(meters.meter()).measure_body_sizes())
    });
    let router = Router::new()
        .route("/echo", post(|body: String| async { body }))
        .route("/unread", post(|| async { "four" }));
    let server = recorder.serve(router).await;
    for path in ["/echo", "/unread"] {
        let request = Client::new().post(server.url(path)).body("a request");
        request.send().await.unwrap().text().await.unwrap();
    }
    server.stop().await;
    let sizes = ["http.request.body.size", "http.response.body.size"];
    expect![[r#"
        POST /echo SERVER http.request.body.size=9 http.response.body.size=9
        POST /unread SERVER http.request.body.size=0 http.response.body.size=4
    "#]]
    .assert_eq(&recorder.tree(&sizes).await);
    let text = meters.text();
    let lines: Vec<_> = text.lines().filter(|it| it.contains("body.size")).collect();
    let labels = "http.request.method=POST http.response.status_code=200";
    let rest = "network.protocol.version=1.1 url.scheme=http";
    let line = |name, route, sum| {
        format!("http.server.{name}.body.size By {labels} http.route={route} {rest} = {sum} of 1")
    };
    assert_eq!(
        lines,
        [
            line("request", "/echo", 9),
            line("request", "/unread", 0),
            line("response", "/echo", 9),
            line("response", "/unread", 4),
        ]
    );
}
