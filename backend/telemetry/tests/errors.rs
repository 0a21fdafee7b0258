//! What spans and logs say of errors.

mod support;

use axum::{Router, routing::get};
use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;
use std::{error::Error, fmt, panic::catch_unwind};
use support::{Recorder, attribute};
use throughline_instrument::{
    error::{ExceptionSignal, RecordError, record, record_panics, set_exception_signal},
    sqlx::trace,
};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{info_span, instrument};

#[derive(Debug)]
struct Unreadable(std::num::ParseIntError);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable: https://a:b@example.com/?token=secret")
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn number(text: &str) -> Result<i32, Unreadable> {
    text.parse().map_err(Unreadable)
}

/// Telemetry of one test, with exceptions as span events unless the test says otherwise.
fn recorder() -> Recorder {
    let recorder = Recorder::new();
    set_exception_signal(ExceptionSignal::SpanEvents);
    recorder
}

/// The exceptions of a span: type, message, stack.
fn exceptions(span: &SpanData) -> Vec<[String; 3]> {
    let events = span.events.iter().filter(|event| event.name == "exception");
    events
        .map(|event| {
            ["type", "message", "stacktrace"].map(|name| {
                let name = format!("exception.{name}");
                let found = event.attributes.iter().find(|it| it.key.as_str() == name);
                found.unwrap().value.to_string()
            })
        })
        .collect()
}

fn description(span: &SpanData) -> &str {
    match &span.status {
        Status::Error { description } => description,
        other => panic!("{other:?}"),
    }
}

async fn only(recorder: &Recorder) -> SpanData {
    let mut spans = recorder.spans().await;
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

#[tokio::test]
async fn a_failed_result_is_told_where_it_happened() {
    let recorder = recorder();
    info_span!("work").in_scope(|| number("x").record_error().unwrap_err());
    let span = only(&recorder).await;

    let told = "unreadable: https://REDACTED:REDACTED@example.com/?token=REDACTED";
    assert_eq!(description(&span), told);
    let error_type = attribute(&span, "error.type").unwrap();
    assert_eq!(error_type, "errors::Unreadable");

    let [[exception_type, message, stack]] = &exceptions(&span)[..] else {
        panic!("{:?}", span.events)
    };
    assert_eq!(exception_type, "errors::Unreadable");
    assert_eq!(message, told);
    assert!(stack.contains("caused by: invalid digit found in string"));
    assert!(
        stack.contains("at backend/telemetry/tests/errors.rs:"),
        "{stack}"
    );
    assert!(!stack.contains("secret"), "{stack}");
}

#[tokio::test]
async fn a_span_that_an_error_passes_through_is_an_error_without_the_exception() {
    #[instrument]
    fn load() -> Result<i32, Unreadable> {
        number("x").record_error_as("unreadable")
    }
    #[instrument]
    fn start() -> Result<i32, Unreadable> {
        load().mark_failed()
    }
    let recorder = recorder();
    start().unwrap_err();
    let spans = recorder.spans().await;
    assert_eq!(exceptions(&spans[0]).len(), 0);
    assert_eq!(exceptions(&spans[1]).len(), 1);
    assert_eq!(description(&spans[0]), description(&spans[1]));
    let types = [0, 1].map(|at| attribute(&spans[at], "error.type").unwrap());
    assert_eq!(types, ["errors::Unreadable", "unreadable"]);
}

#[tokio::test]
async fn success_and_code_outside_of_spans_say_nothing() {
    let recorder = recorder();
    number("x").record_error().unwrap_err();
    info_span!("work").in_scope(|| number("1").record_error().mark_failed().unwrap());
    let span = only(&recorder).await;
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.events.len(), 0);
}

#[tokio::test]
async fn an_error_without_a_type_can_be_told_too() {
    let recorder = recorder();
    let error: Box<dyn Error> = "boxed".into();
    info_span!("work").in_scope(|| record(&*error, "import_failed"));
    let span = only(&recorder).await;
    assert_eq!(description(&span), "boxed");
    let error_type = attribute(&span, "error.type");
    assert_eq!(error_type.as_deref(), Some("import_failed"));
}

#[tokio::test]
async fn a_panic_is_told_on_the_span_in_which_it_began() {
    let recorder = recorder();
    record_panics();
    let _outer = info_span!("outer").entered();
    let caught = catch_unwind(|| info_span!("inner").in_scope(|| panic!("out of {}", "range")));
    caught.unwrap_err();
    drop(_outer);
    let spans = recorder.spans().await;
    assert_eq!(spans[0].status, Status::Unset);
    assert_eq!(description(&spans[1]), "out of range");
    let error_type = attribute(&spans[1], "error.type");
    assert_eq!(error_type.as_deref(), Some("panic"));
    let [[exception_type, message, stack]] = &exceptions(&spans[1])[..] else {
        panic!("{:?}", spans[1].events)
    };
    assert_eq!(exception_type, "panic");
    assert_eq!(message, "out of range");
    assert!(stack.contains("errors.rs:"), "{stack}");
}

#[tokio::test]
async fn a_handler_that_panics_tells_once() {
    let recorder = recorder();
    record_panics();
    #[instrument]
    async fn work() -> &'static str {
        panic!("boom")
    }
    let router = Router::new()
        .route("/", get(work))
        .layer(CatchPanicLayer::new());
    let server = recorder.serve(router).await;
    let answer = reqwest::get(server.url("/")).await.unwrap();
    assert_eq!(answer.status(), 500);
    server.stop().await;
    let spans = recorder.spans().await;
    let count: Vec<usize> = spans.iter().map(|it| exceptions(it).len()).collect();
    assert_eq!(count, [0, 1]);
    assert_eq!(description(&spans[1]), "boom");
}

#[tokio::test]
async fn a_database_error_is_told_without_the_values_in_it() {
    let recorder = recorder();
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let db = trace(pool).with_tracer(recorder.telemetry.tracer("test"));
    let query = sqlx::query("SELECT * FROM users WHERE name = 'it''s secret' \"");
    query.fetch_all(&db).await.unwrap_err();
    let span = only(&recorder).await;
    let [[exception_type, message, stack]] = &exceptions(&span)[..] else {
        panic!("{:?}", span.events)
    };
    assert_eq!(exception_type, "sqlx::Error");
    assert!(message.starts_with("unrecognized token: ?"), "{message}");
    assert!(stack.starts_with("sqlx::Error: unrecognized token"));
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("1"));
}

#[tokio::test]
async fn what_a_user_searches_for_is_not_told_by_a_search_that_fails() {
    let recorder = recorder();
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let db = trace(pool).with_tracer(recorder.telemetry.tracer("test"));
    let mut connection = db.acquire().await.unwrap();
    sqlx::raw_sql("CREATE VIRTUAL TABLE t USING fts5(a)")
        .execute(connection.untraced())
        .await
        .unwrap();
    for search in ["secret:word", "secret-word", "\"secret", "*secret"] {
        let query = sqlx::query("SELECT a FROM t WHERE t MATCH $1").bind(search);
        query.fetch_all(&mut *connection).await.unwrap_err();
    }
    let spans = recorder.spans().await;
    assert_eq!(spans.len(), 4);
    let text = format!("{spans:?}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn exceptions_can_be_log_records_or_both() {
    let recorder = recorder();
    let mut events = Vec::new();
    for signal in [
        ExceptionSignal::Logs,
        ExceptionSignal::LogsAndSpanEvents,
        ExceptionSignal::SpanEvents,
    ] {
        set_exception_signal(signal);
        info_span!("work").in_scope(|| number("x").record_error().unwrap_err());
        let span = recorder.spans().await.pop().unwrap();
        assert!(description(&span).contains("unreadable"));
        events.push((span.events.len(), recorder.log().len()));
    }
    assert_eq!(events, [(0, 1), (1, 2), (1, 2)]);

    let line: Value = serde_json::from_str(&recorder.log()[0]).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["exception.type"], "errors::Unreadable");
    let stack = line["exception.stacktrace"].as_str().unwrap();
    assert!(stack.contains("caused by: "), "{stack}");
    let first = &recorder.spans().await[0].span_context;
    assert_eq!(line["span_id"], first.span_id().to_string());
}

#[tokio::test]
async fn an_event_of_level_error_makes_the_exchange_an_error() {
    let recorder = recorder();
    let router = Router::new()
        .route("/", get(|| async { tracing::error!("it failed") }))
        .route("/fine", get(|| async { tracing::warn!("almost") }));
    let server = recorder.serve(router).await;
    for path in ["/", "/fine"] {
        reqwest::get(server.url(path)).await.unwrap();
    }
    server.stop().await;
    assert_eq!(
        recorder.tree(&["error.type"]).await,
        "GET / SERVER error\nGET /fine SERVER\n"
    );
}
