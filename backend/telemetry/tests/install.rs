//! The set-up as an application does it. It is global: one test in this process.

use axum::{Router, extract::State, http::Method, routing::get};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use sqlx::{Sqlite, SqlitePool};
use std::time::Duration;
use throughline_instrument::{
    InstallError, init, reqwest,
    sqlx::{TracedPool, trace},
    task,
};
use tower::ServiceExt;
use tracing::Instrument;

const LONG: Duration = Duration::from_secs(30);

async fn handler(State(db): State<TracedPool<Sqlite>>) -> String {
    let one: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&db).await.unwrap();
    let two = task::spawn_blocking(|| tracing::info_span!("count").in_scope(|| 2));
    format!("{one} {}", two.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_sets_everything_up_for_the_process() {
    // Another package of the build may have asked for a reqwest that wants to be told whose cryptography it is to use.
    let _told_before = rustls::crypto::ring::default_provider().install_default();
    let exporter = InMemorySpanExporter::default();
    let telemetry = init("test")
        .version("1.2.3")
        .from_env()
        .from_vars(|name| {
            (name == "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS").then(|| "GET,PURGE".to_owned())
        })
        .export_to(exporter.clone())
        .install()
        .unwrap();
    let again = init("test").install();
    assert!(matches!(again, Err(InstallError::SubscriberIsSet)));

    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let router = Router::new()
        .route("/", get(handler))
        .with_state(trace(pool));
    let app = telemetry.trace(router);
    // The whole exchange runs as a task of its own, as in a server.
    let exchange = tokio::spawn(async move {
        let request = axum::extract::Request::<axum::body::Body>::default();
        let response = app.oneshot(request).await.unwrap();
        axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap()
    });
    // The names of `tracing` are no obstacle to ours.
    let exchange = exchange.instrument(tracing::Span::none());
    assert_eq!(exchange.await.unwrap(), "1 2");
    let purge = Method::from_bytes(b"PURGE").unwrap();
    let nobody = reqwest::client()
        .unwrap()
        .request(purge, "http://127.0.0.1:1/");
    nobody.send().await.unwrap_err();

    telemetry.flush(LONG).await.unwrap();
    let mut spans = exporter.get_finished_spans().unwrap();
    spans.sort_by_key(|span| span.start_time);
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["GET /", "SELECT", "count", "PURGE"]);
    let server = spans[0].span_context.span_id();
    assert!(spans[1..3].iter().all(|span| span.parent_span_id == server));
    telemetry.shutdown(LONG).await;
}
