//! The log's lines.

mod support;

use proptest::prelude::*;
use serde_json::Value;
use support::Recorder;
use tracing::{Level, dispatcher, error, info, info_span, warn};
use tracing_log::{AsTrace, log};

fn last(recorder: &Recorder) -> Value {
    let log = recorder.log();
    serde_json::from_str(log.last().expect("a line")).expect("JSON")
}

fn keys(line: &str) -> Vec<String> {
    let pieces = line.split('"').skip(1).step_by(2);
    let names = pieces.filter(|piece| line.contains(&format!("\"{piece}\":")));
    names.map(str::to_owned).collect()
}

#[test]
fn a_line_is_one_flat_object_in_the_order_that_people_read() {
    let recorder = Recorder::new();
    let span = info_span!("work");
    span.in_scope(|| info!(user.id = 7, ratio = 0.5, ok = true, "signed in"));
    let line = &recorder.log()[0];
    assert_eq!(
        keys(line),
        [
            "timestamp",
            "level",
            "message",
            "target",
            "trace_id",
            "span_id",
            "trace_flags",
            "user.id",
            "ratio",
            "ok",
            "service.name"
        ]
    );
    let value = last(&recorder);
    assert_eq!(value["level"], "INFO");
    assert_eq!(value["message"], "signed in");
    assert_eq!(value["target"], "logs");
    assert_eq!(value["user.id"], 7);
    assert_eq!(value["ratio"], 0.5);
    assert_eq!(value["ok"], true);
    let timestamp = value["timestamp"].as_str().unwrap();
    assert_eq!(timestamp.len(), "2026-01-02T03:04:05.678901Z".len());
    assert!(timestamp.ends_with('Z'));
}

#[test]
fn outside_of_a_span_there_are_no_ids() {
    let recorder = Recorder::new();
    info!("alone");
    let span = info_span!("work");
    span.in_scope(|| info!(parent: None, "alone too"));
    for line in recorder.log() {
        assert_eq!(
            keys(&line),
            ["timestamp", "level", "message", "target", "service.name"]
        );
    }
}

#[test]
fn an_event_with_a_parent_of_its_own_has_that_ones_ids() {
    let recorder = Recorder::new();
    let (one, other) = (info_span!("one"), info_span!("other"));
    one.in_scope(|| info!("first"));
    other.in_scope(|| info!(parent: &one, "second"));
    let ids: Vec<Value> = recorder
        .log()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["span_id"].clone())
        .collect();
    assert!(ids[0].is_string());
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_field_cannot_pass_for_what_the_line_says_itself() {
    let recorder = Recorder::new();
    info!(level = "fake", trace_id = "fake", timestamp = 1, "real");
    let value = last(&recorder);
    assert_eq!(value["level"], "INFO");
    assert_eq!(value["field.level"], "fake");
    assert_eq!(value["field.trace_id"], "fake");
    assert_eq!(value["field.timestamp"], 1);
    assert!(value.get("trace_id").is_none());
}

#[test]
fn an_error_is_told_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("no sign-in")]
    struct Outer(#[source] std::fmt::Error);

    let recorder = Recorder::new();
    let failure = Outer(std::fmt::Error);
    error!(error = &failure as &dyn std::error::Error, "failed");
    let text = last(&recorder)["error"].as_str().unwrap().to_owned();
    assert!(text.starts_with("no sign-in: "), "{text}");
}

#[test]
fn exporters_are_heard_only_when_something_is_wrong() {
    let recorder = Recorder::with(|builder| {
        builder.from_vars(|name| (name == "RUST_LOG").then(|| "trace".to_owned()))
    });
    info!(target: "hyper_util::client", "connected");
    info!(target: "opentelemetry_sdk", "exported");
    info!(target: "h2::frame", "sent");
    warn!(target: "opentelemetry-otlp", "not exported");
    tracing::trace!("our own");
    let said: Vec<Value> = recorder
        .log()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].clone())
        .collect();
    assert_eq!(said, ["not exported", "our own"]);
}

#[tokio::test]
async fn a_crate_that_rust_log_names_is_heard_and_one_with_a_similar_name_is_not_an_exporter() {
    let recorder = Recorder::with(|builder| {
        builder.from_vars(|name| {
            (name == "RUST_LOG").then(|| "info,tower_http=debug,hyper_util=debug".to_owned())
        })
    });
    tracing::debug!(target: "tower_http::trace::on_response", "finished");
    tracing::debug!(target: "hyper_util::client", "connected");
    info!(target: "tower_sessions::service", "loaded");
    info!(target: "h2::frame", "sent");
    info_span!(target: "tower_sessions::session", "session.load").in_scope(|| ());
    let said: Vec<Value> = recorder
        .log()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].clone())
        .collect();
    assert_eq!(said, ["finished", "connected", "loaded"]);
    assert_eq!(recorder.tree(&[]).await, "session.load\n");
}

#[test]
fn a_field_of_the_applications_may_be_called_log() {
    let recorder = Recorder::new();
    info!(log.id = 7, "of a document");
    assert_eq!(last(&recorder)["log.id"], 7);
}

/// An error that is its own cause.
#[derive(Debug)]
struct Circle;

impl std::fmt::Display for Circle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("again")
    }
}

impl std::error::Error for Circle {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}

#[test]
fn a_circle_of_causes_is_told_a_few_times() {
    let recorder = Recorder::new();
    warn!(error = &Circle as &dyn std::error::Error, "a circle");
    let told = last(&recorder)["error"].as_str().unwrap().to_owned();
    assert_eq!(told.matches("again").count(), 16);
}

#[tokio::test]
async fn a_question_whether_something_is_logged_costs_no_span() {
    let recorder = Recorder::new();
    for (level, target) in [
        (log::Level::Debug, "shop"),
        (log::Level::Info, "sqlx::query"),
    ] {
        let record = log::Metadata::builder().level(level).target(target).build();
        let is_wanted = dispatcher::get_default(|it| it.enabled(&record.as_trace()));
        assert!(!is_wanted);
        info_span!("kept").in_scope(|| ());
    }
    assert_eq!(recorder.tree(&[]).await, "kept\nkept\n");
}

#[tokio::test]
async fn an_error_in_a_span_makes_the_span_one_and_other_events_leave_it_alone() {
    let recorder = Recorder::new();
    info_span!("fine").in_scope(|| warn!("a warning"));
    info_span!("failed").in_scope(|| error!("an error"));
    tracing::debug_span!("too small").in_scope(|| info!("nothing"));
    assert_eq!(recorder.tree(&[]).await, "fine\nfailed error\n");
    let events: Vec<usize> = recorder
        .spans()
        .await
        .iter()
        .map(|it| it.events.len())
        .collect();
    assert_eq!(events, [0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_line_is_valid_json_whatever_the_fields_hold(
        message in any::<String>(),
        text in any::<String>(),
        float in any::<f64>(),
        whole in any::<i64>(),
        large in any::<u128>(),
        characters in prop::collection::vec(any::<char>(), 0..8),
    ) {
        let recorder = Recorder::new();
        tracing::event!(Level::INFO, text, float, whole, large, ?characters, "{message}");
        let log = recorder.log();
        prop_assert_eq!(log.len(), 1);
        let value: Value = serde_json::from_str(&log[0]).unwrap();
        prop_assert_eq!(&value["message"], &Value::from(message));
        prop_assert_eq!(&value["text"], &Value::from(text));
        prop_assert_eq!(&value["whole"], &Value::from(whole));
        prop_assert_eq!(&value["characters"], &Value::from(format!("{characters:?}")));
    }
}
