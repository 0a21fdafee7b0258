//! The store by itself: what counts, what is deleted, what is refused.

use std::path::Path;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};

use super::*;

fn open(folder: &Path) -> Store {
    Store::open(&Settings::new(folder)).unwrap()
}

fn id(n: u64) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

fn trace_id(n: u64) -> [u8; 16] {
    u128::from(n).to_be_bytes()
}

/// A span with the time of its number; parent 0 is none.
fn span(trace: u64, span: u64, parent: u64) -> Span {
    Span {
        trace_id: trace_id(trace).to_vec(),
        span_id: id(span),
        parent_span_id: if parent == 0 { Vec::new() } else { id(parent) },
        name: format!("span {span}"),
        start_time_unix_nano: 1000 + span,
        end_time_unix_nano: 2000 + span,
        ..Span::default()
    }
}

fn batch(service: &str, source: Source, spans: Vec<Span>) -> Batch {
    let attribute = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(service.to_owned())),
        }),
        ..KeyValue::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    Batch::new(&request, source).unwrap().unwrap()
}

async fn submit(store: &Store, source: Source, spans: Vec<Span>) {
    store.submit(batch("service", source, spans)).await.unwrap();
}

async fn summaries(store: &Store) -> Vec<String> {
    let page = store
        .traces(Filter {
            limit: 100,
            ..everything()
        })
        .await
        .unwrap();
    let line = |t: &TraceSummary| {
        let TraceSummary {
            root_name,
            span_count,
            start_nanos,
            duration_nanos,
            ..
        } = t;
        format!("{root_name}: {span_count} spans, {start_nanos} +{duration_nanos}")
    };
    page.traces.iter().map(line).collect()
}

fn everything() -> Filter {
    Filter {
        since_nanos: i64::MIN,
        limit: 10,
        ..Filter::default()
    }
}

async fn names(store: &Store, trace: u64) -> Vec<String> {
    let Some(trace) = store.trace(trace_id(trace), usize::MAX).await.unwrap() else {
        return Vec::new();
    };
    let scopes = trace
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans);
    scopes
        .flat_map(|scope| scope.spans)
        .map(|span| span.name)
        .collect()
}

#[tokio::test]
async fn a_root_that_comes_late_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(
        &store,
        Source::Program,
        vec![span(1, 30, 20), span(1, 31, 20)],
    )
    .await;
    assert_eq!(summaries(&store).await, ["span 30: 2 spans, 1030 +1001"]);
    submit(&store, Source::Program, vec![span(1, 20, 10)]).await;
    assert_eq!(summaries(&store).await, ["span 20: 3 spans, 1020 +1011"]);
    submit(&store, Source::Program, vec![span(1, 10, 0)]).await;
    assert_eq!(summaries(&store).await, ["span 10: 4 spans, 1010 +1021"]);
    submit(&store, Source::Program, vec![span(1, 5, 99)]).await;
    assert_eq!(
        summaries(&store).await,
        ["span 10: 5 spans, 1005 +1026"],
        "an orphan is no root"
    );
}

#[tokio::test]
async fn spans_in_a_circle_have_a_trace_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, Source::Program, vec![span(1, 1, 2)]).await;
    submit(&store, Source::Program, vec![span(1, 2, 1)]).await;
    assert_eq!(summaries(&store).await, ["span 1: 2 spans, 1001 +1001"]);
}

#[tokio::test]
async fn a_span_that_is_delivered_again_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(
        &store,
        Source::Program,
        vec![span(1, 1, 0), span(1, 2, 1), span(1, 2, 1)],
    )
    .await;
    submit(&store, Source::Program, vec![span(1, 2, 1), span(1, 3, 1)]).await;
    submit(&store, Source::Program, vec![span(1, 1, 0)]).await;
    assert_eq!(summaries(&store).await, ["span 1: 3 spans, 1001 +1002"]);
    assert_eq!(names(&store, 1).await, ["span 1", "span 2", "span 3"]);
}

#[tokio::test]
async fn a_browser_cannot_take_the_place_of_a_servers_span() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let forged = Span {
        name: "forged".to_owned(),
        ..span(1, 1, 0)
    };
    submit(&store, Source::Browser, vec![forged.clone()]).await;
    assert_eq!(names(&store, 1).await, ["forged"]);
    submit(&store, Source::Program, vec![span(1, 1, 0)]).await;
    submit(&store, Source::Browser, vec![forged]).await;
    assert_eq!(names(&store, 1).await, ["span 1"]);
    assert_eq!(summaries(&store).await, ["span 1: 1 spans, 1001 +1000"]);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, Source::Program, vec![span(1, 1, 0)]).await;
    store.close().await;
    assert!(matches!(
        store
            .submit(batch("s", Source::Program, vec![span(1, 2, 1)]))
            .await,
        Err(SubmitError::Closed)
    ));
    drop(store);
    assert_eq!(names(&open(folder.path()), 1).await, ["span 1"]);
}

#[tokio::test]
async fn the_oldest_traces_make_room_and_browsers_only_for_browsers() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        max_store_bytes: 100_000,
        max_browser_bytes: 50_000,
        ..Settings::new(folder.path())
    };
    let store = Store::open(&settings).unwrap();
    submit(&store, Source::Program, vec![span(9999, 1, 0)]).await;
    for trace in 1..=600 {
        // Names that do not compress, so that chunks have a size that can be told.
        let name = (0..40)
            .map(|n| format!("{:x}", trace * 7919 * (n + 1) * (n + 3)))
            .collect();
        submit(
            &store,
            Source::Browser,
            vec![Span {
                name,
                ..span(trace, trace, 0)
            }],
        )
        .await;
    }
    assert_eq!(
        names(&store, 9999).await,
        ["span 1"],
        "the server's spans stay"
    );
    assert!(names(&store, 1).await.is_empty(), "the oldest are gone");
    assert_eq!(names(&store, 600).await.len(), 1, "the newest is there");
    let page = store
        .traces(Filter {
            limit: 500,
            ..everything()
        })
        .await
        .unwrap();
    assert!(
        (20..400).contains(&page.traces.len()),
        "{}",
        page.traces.len()
    );
}

#[tokio::test]
async fn a_smaller_share_makes_the_file_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry/traces.db");
    let store = open(folder.path());
    for request in 1..=40_u64 {
        let ids = (1..=1000).map(|n| (request * 1000 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let spans = ids.map(|id| span(request, id, 0)).collect();
        submit(&store, Source::Program, spans).await;
    }
    store.close().await;
    drop(store);
    let before = std::fs::metadata(&file).unwrap().len();

    let settings = Settings {
        max_store_bytes: 100_000,
        ..Settings::new(folder.path())
    };
    let store = Store::open(&settings).unwrap();
    submit(&store, Source::Program, vec![span(9999, 1, 0)]).await;
    store.close().await;
    drop(store);
    let after = std::fs::metadata(&file).unwrap().len();
    assert!(
        before > 4_000_000 && after < 1_500_000,
        "{before} bytes became {after}"
    );
}

#[tokio::test]
async fn the_books_are_about_as_large_as_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for request in 0..40 {
        let spans = (0..250).map(|n| {
            let trace = (1 + request * 25 + n / 10_u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            span(trace, 1 + n, n % 10)
        });
        submit(&store, Source::Program, spans.collect()).await;
    }
    store.close().await;
    drop(store);
    let file = folder.path().join("telemetry/traces.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let books: i64 = connection
        .query_row("SELECT sum(size) FROM chunk", [], |row| row.get(0))
        .unwrap();
    let size = i64::try_from(std::fs::metadata(&file).unwrap().len()).unwrap();
    assert!(
        (size * 2 / 3..size * 3 / 2).contains(&books),
        "{books} in the books, {size} on disk"
    );
}

#[tokio::test]
async fn an_answer_is_cut_at_its_limit_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(
        &store,
        Source::Program,
        (1..=100).map(|n| span(1, n, 0)).collect(),
    )
    .await;
    let trace = store.trace(trace_id(1), 1000).await.unwrap().unwrap();
    assert!(trace.is_truncated);
    assert!(trace.resource_spans[0].scope_spans[0].spans.len() < 30);
}

#[tokio::test]
async fn the_services_of_a_trace_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for (service, span) in [
        ("c", span(1, 1, 0)),
        ("a", span(1, 2, 1)),
        ("b", span(1, 3, 1)),
    ] {
        store
            .submit(batch(service, Source::Program, vec![span]))
            .await
            .unwrap();
    }
    let page = store.traces(everything()).await.unwrap();
    assert_eq!(page.traces[0].services, ["a", "b", "c"]);
    assert_eq!(page.traces[0].root_service, "c");
}

#[tokio::test]
async fn a_store_in_use_is_not_opened_twice() {
    let folder = tempfile::tempdir().unwrap();
    let _store = open(folder.path());
    let error = Store::open(&Settings::new(folder.path())).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
}

#[test]
fn the_store_of_another_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("telemetry")).unwrap();
    let file = folder.path().join("telemetry/traces.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Store::open(&Settings::new(folder.path())).unwrap_err();
    assert!(
        matches!(error, OpenError::SchemaVersion { found: 99, .. }),
        "{error}"
    );
}
