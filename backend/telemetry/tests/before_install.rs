//! What is made and used before the set-up. That is global: one test in this process.

mod support;

use axum::{Router, routing::get};
use opentelemetry_sdk::{
    metrics::{
        InMemoryMetricExporter,
        data::{AggregatedMetrics, MetricData},
    },
    trace::InMemorySpanExporter,
};
use sqlx::SqlitePool;
use support::{LONG, Server, alone};
use throughline_instrument::{init, reqwest, sqlx::trace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_and_a_client_that_were_used_before_the_set_up_are_traced_after_it() {
    let _alone = alone();
    let db = trace(SqlitePool::connect("sqlite::memory:").await.unwrap());
    let server = Server::start(Router::new().route("/", get(|| async {}))).await;
    let http = reqwest::builder(::reqwest::Client::builder().no_proxy());
    let http = http.build().unwrap();
    let use_both = async || {
        sqlx::query("SELECT 1").execute(&db).await.unwrap();
        http.get(server.url("/")).send().await.unwrap();
    };
    use_both().await;

    let exporter = InMemorySpanExporter::default();
    let metrics = InMemoryMetricExporter::default();
    let telemetry = init("test")
        .export_to(exporter.clone())
        .export_metrics_to(metrics.clone())
        .install()
        .unwrap();
    use_both().await;
    use_both().await;
    telemetry.flush(LONG).await.unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["SELECT", "GET", "SELECT", "GET"]);
    for name in [
        "db.client.operation.duration",
        "db.client.connection.wait_time",
        "http.client.request.duration",
    ] {
        assert_eq!(measurements(&metrics, name), 2, "{name}");
    }
}

/// How many there are in a histogram, in the last export.
fn measurements(exporter: &InMemoryMetricExporter, name: &str) -> u64 {
    let exports = exporter.get_finished_metrics().unwrap();
    let scopes = exports.last().unwrap().scope_metrics();
    let metrics = scopes.flat_map(|scope| scope.metrics());
    let of_name = metrics.filter(|metric| metric.name() == name);
    let counts = of_name.map(|metric| match metric.data() {
        AggregatedMetrics::F64(MetricData::Histogram(histogram)) => histogram
            .data_points()
            .map(|point| point.count())
            .sum::<u64>(),
        other => panic!("an unexpected metric: {other:?}"),
    });
    counts.sum()
}
