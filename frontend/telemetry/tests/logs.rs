//! Log records: by the logs API, and from `tracing`.
#![cfg(all(target_arch = "wasm32", feature = "tracing"))]

mod support;

use std::fmt;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId, Tracer};
use opentelemetry::{Context, InstrumentationScope, global};
use support::*;
use throughline_browser::{Signal, ledger_of, logger_provider, tracing_layer};
use tracing_subscriber::layer::SubscriberExt;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The record with this body.
async fn written(body: &str) -> Log {
    log(|it| it.body().as_deref() == Some(body)).await
}

/// Runs `f` in a span; its trace and its own id.
fn in_a_span(f: impl FnOnce()) -> (String, String) {
    let cx = Context::current_with_span(global::tracer("test").start("work"));
    let _attached = cx.clone().attach();
    f();
    let span = cx.span().span_context().clone();
    (span.trace_id().to_string(), span.span_id().to_string())
}

#[wasm_bindgen_test]
async fn a_record_of_the_logs_api_says_in_which_span_it_was_written() {
    set_up();
    let logger = logger_provider().logger("checkout");
    let (trace, span) = in_a_span(|| {
        let mut record = logger.create_log_record();
        record.set_severity_number(Severity::Warn);
        record.set_severity_text("WARN");
        record.set_body("the cart is empty".into());
        record.set_event_name("cart.empty");
        record.add_attribute("cart", 7);
        record.add_attributes([("ok", AnyValue::Boolean(false)), ("cart", AnyValue::Int(8))]);
        logger.emit(record);
    });
    let log = written("the cart is empty").await;
    assert_eq!((log.trace(), log.span(), log.flags & 1), (trace, span, 1));
    assert_eq!((log.severity, log.severity_text.as_str()), (13, "WARN"));
    assert_eq!(
        (log.scope.as_str(), log.event_name.as_str()),
        ("checkout", "cart.empty")
    );
    assert_eq!((log.int("cart"), log.bool("ok")), (Some(8), Some(false)));
    assert_eq!(log.at, log.observed_at);
    assert!(
        (js_sys::Date::now() * 1e6 - log.at as f64).abs() < 60e9,
        "{}",
        log.at
    );
}

#[wasm_bindgen_test]
async fn a_record_has_the_time_of_its_spans_clock_whatever_is_done_to_the_clock_meanwhile() {
    set_up();
    let logger = logger_provider().logger("checkout");
    let write = |body: &'static str| {
        let mut record = logger.create_log_record();
        record.set_body(body.into());
        logger.emit(record);
    };
    in_a_span(|| {
        write("before");
        move_wall_clock(10.0);
        write("after");
    });
    let before = written("before").await.at;
    let after = written("after").await.at;
    assert!((before..before + 60_000_000_000).contains(&after));
    // A trace of another task takes the clock's word.
    in_a_span(|| write("of another trace"));
    let of_another = written("of another trace").await.at;
    assert!(of_another - before > 500_000_000_000);
    move_wall_clock(-10.0);
}

#[wasm_bindgen_test]
async fn what_a_record_says_of_its_span_time_and_target_counts() {
    set_up();
    let scope = InstrumentationScope::builder("appender")
        .with_version("1")
        .build();
    let logger = logger_provider().logger_with_scope(scope);
    let mut record = logger.create_log_record();
    record.set_body("from elsewhere".into());
    record.set_target("someone");
    record.set_trace_context(TraceId::from(1), SpanId::from(2), None);
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    record.set_timestamp(at);
    in_a_span(|| logger.emit(record));
    let log = written("from elsewhere").await;
    assert_eq!(log.trace(), format!("{:032x}", 1));
    assert_eq!(log.span(), format!("{:016x}", 2));
    assert_eq!(log.flags, 0);
    assert_eq!(log.at, 1_000_000_000_000_000_000);
    assert!(log.observed_at > log.at);
    assert_eq!(log.scope, "someone");
}

#[wasm_bindgen_test]
async fn attributes_beyond_the_limit_are_counted() {
    set_up();
    let logger = logger_provider().logger("test");
    let mut record = logger.create_log_record();
    record.set_body("many".into());
    record.add_attributes((0..200).map(|it| (it.to_string(), it)));
    logger.emit(record);
    let log = written("many").await;
    assert_eq!(log.attributes.len(), 128);
    // Beside those that all records have, such as the session.
    let attributes = log.attributes.iter();
    let kept = attributes
        .filter(|it| it.key.parse::<u32>().is_ok())
        .count();
    assert_eq!(kept + log.dropped_attributes as usize, 200);
    let ledger = ledger_of(Signal::Logs);
    assert!(ledger.balances() && ledger.exported > 0, "{ledger:?}");
}

#[wasm_bindgen_test]
async fn nothing_is_written_without_consent() {
    set_up();
    let logger = logger_provider().logger("test");
    let write = |body: &'static str| {
        let mut record = logger.create_log_record();
        record.set_body(body.into());
        logger.emit(record);
    };
    throughline_browser::disable();
    assert!(!logger.event_enabled(Severity::Error, "", None));
    write("without consent");
    throughline_browser::enable();
    assert!(logger.event_enabled(Severity::Error, "", None));
    write("with consent");
    written("with consent").await;
    let withheld = |it: &Log| it.body().as_deref() == Some("without consent");
    assert!(!logs().iter().any(withheld));
}

/// Runs `f` with our layer.
fn traced(f: impl FnOnce()) {
    let subscriber = tracing_subscriber::registry().with(tracing_layer());
    tracing::subscriber::with_default(subscriber, f);
}

#[wasm_bindgen_test]
async fn an_event_of_tracing_is_a_log_record_of_the_current_span() {
    set_up();
    let error = std::io::Error::other("no space");
    let (trace, span) = in_a_span(|| {
        traced(|| {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(target: "disk", free = 3_u64, name = "a", list = ?[1, 2], error, "{}% full", 99);
        });
    });
    let log = written("99% full").await;
    assert_eq!((log.trace(), log.span()), (trace, span));
    assert_eq!((log.severity, log.severity_text.as_str()), (13, "WARN"));
    assert_eq!((log.scope.as_str(), log.event_name.as_str()), ("disk", ""));
    assert_eq!(log.int("free"), Some(3));
    assert_eq!(log.text("name").as_deref(), Some("a"));
    assert_eq!(log.text("list").as_deref(), Some("[1, 2]"));
    assert_eq!(log.text("exception.message").as_deref(), Some("no space"));
}

#[wasm_bindgen_test]
async fn what_comes_by_way_of_the_log_crate_keeps_its_target() {
    set_up();
    traced(|| {
        tracing::info!(
            log.target = "library",
            log.file = "x.rs",
            log.line = 7_u64,
            log.module_path = "x",
            "from log"
        );
    });
    let log = written("from log").await;
    assert_eq!((log.scope.as_str(), log.severity), ("library", 9));
    assert!(
        log.attributes.iter().all(|it| !it.key.starts_with("log.")),
        "{log:?}"
    );
}

#[wasm_bindgen_test]
async fn an_event_with_a_name_is_an_event() {
    set_up();
    traced(|| tracing::info!(name: "cart.emptied", "an event"));
    assert_eq!(written("an event").await.event_name, "cart.emptied");
}

#[wasm_bindgen_test]
async fn a_value_that_logs_when_it_is_written_and_never_ends_is_written_once_and_cut() {
    struct Endless;
    impl fmt::Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                tracing::info!("an event within an event");
                f.write_str("again and ")?;
            }
        }
    }
    set_up();
    traced(|| tracing::info!(value = ?Endless, "endless"));
    let log = written("endless").await;
    assert_eq!(log.text("value").map(|it| it.len()), Some(4096));
    let within = |it: &Log| it.body().as_deref() == Some("an event within an event");
    assert!(!logs().iter().any(within));
}
