//! `OTEL_SDK_DISABLED`, set up for the whole process: one test in it.

mod support;

use opentelemetry::{
    Context,
    context::FutureExt,
    global,
    trace::{Span, TraceContextExt, Tracer},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use sqlx::SqlitePool;
use support::alone;
use throughline_instrument::{init, sqlx::trace};

#[tokio::test]
async fn with_the_sdk_disabled_queries_leave_everything_alone() {
    let _alone = alone();
    let exporter = InMemorySpanExporter::default();
    let others = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    global::set_tracer_provider(others);
    let telemetry = init("test")
        .from_vars(|name| (name == "OTEL_SDK_DISABLED").then(|| "true".to_owned()))
        .install()
        .unwrap();
    assert!(!telemetry.tracer("test").start("nothing").is_recording());

    let db = trace(SqlitePool::connect("sqlite::memory:").await.unwrap());
    let parent = global::tracer("others").start("parent");
    let context = Context::new().with_span(parent);
    let query = sqlx::query("SELECT 1").execute(&db);
    query.with_context(context.clone()).await.unwrap();
    assert!(context.span().is_recording());
    context.span().end();
    let spans = exporter.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["parent"]);
}
