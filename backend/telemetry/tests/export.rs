//! Exporters that are slow, fail, or hang, and what becomes of the spans.

mod support;

use opentelemetry::trace::{Span, Tracer};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{InMemorySpanExporter, SpanData, SpanExporter},
};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use support::LONG;
use throughline_instrument::{
    BatchSettings, DropReason, Ledger, Processing, Retry, Telemetry, init,
};

/// Never answers.
#[derive(Debug)]
struct Hangs;

/// Blocks its thread for good.
#[derive(Debug)]
struct Blocks;

/// Never answers the first time, then works.
#[derive(Debug, Default)]
struct HangsOnce(AtomicU32);

/// Fails as often as it is told, then works.
#[derive(Debug)]
struct Fails(Arc<AtomicU32>);

impl SpanExporter for Hangs {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        pending().await
    }
}

impl SpanExporter for HangsOnce {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            pending::<()>().await;
        }
        Ok(())
    }
}

impl SpanExporter for Blocks {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        loop {
            std::thread::park();
        }
    }
}

impl SpanExporter for Fails {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Ok(());
        }
        self.0.store(left - 1, Ordering::Relaxed);
        Err(OTelSdkError::InternalFailure("not now".to_owned()))
    }
}

fn make_spans(telemetry: &Telemetry, count: u64) {
    let tracer = telemetry.tracer("test");
    for _ in 0..count {
        tracer.start("work").end();
    }
}

fn balanced(ledgers: &[Ledger]) {
    assert!(ledgers.iter().all(Ledger::balances), "{ledgers:?}");
}

#[tokio::test]
async fn what_has_ended_is_exported_by_a_flush() {
    let _alone = support::alone();
    let exporter = InMemorySpanExporter::default();
    let telemetry = init("test").export_to(exporter.clone()).build().unwrap();
    make_spans(&telemetry, 3);
    telemetry.flush(LONG).await.unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    assert_eq!(spans.len(), 3);
    let ledgers = telemetry.shutdown(LONG).await;
    assert_eq!((ledgers[0].created, ledgers[0].exported), (3, 3));
    balanced(&ledgers);
}

#[tokio::test]
async fn an_exporter_that_hangs_holds_up_no_other_and_no_shutdown() {
    let _alone = support::alone();
    let exporter = InMemorySpanExporter::default();
    let telemetry = init("test")
        .export_to(Hangs)
        .export_to(exporter.clone())
        .build()
        .unwrap();
    make_spans(&telemetry, 3);
    let flushed = telemetry.flush(Duration::from_millis(200)).await;
    assert!(flushed.is_err());
    assert_eq!(exporter.get_finished_spans().unwrap().len(), 3);

    let started = Instant::now();
    let ledgers = telemetry.shutdown(Duration::from_millis(200)).await;
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(ledgers[0].dropped(DropReason::Shutdown), 3);
    assert_eq!(ledgers[1].exported, 3);
    balanced(&ledgers);
}

#[tokio::test]
async fn an_exporter_that_blocks_its_thread_holds_up_no_shutdown() {
    let _alone = support::alone();
    let telemetry = init("test").export_to(Blocks).build().unwrap();
    make_spans(&telemetry, 3);
    let started = Instant::now();
    let ledgers = telemetry.shutdown(Duration::from_millis(200)).await;
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    balanced(&ledgers);
}

#[tokio::test]
async fn a_full_queue_drops_and_counts() {
    let _alone = support::alone();
    let settings = BatchSettings {
        max_queue_size: 10,
        ..BatchSettings::default()
    };
    let telemetry = init("test")
        .export_with(Processing::BatchWith(settings), Hangs)
        .build()
        .unwrap();
    make_spans(&telemetry, 25);
    let ledgers = telemetry.ledgers();
    assert_eq!(ledgers[0].created, 25);
    assert_eq!(ledgers[0].dropped(DropReason::QueueFull), 15);
    balanced(&ledgers);
    telemetry.shutdown(Duration::ZERO).await;
}

#[tokio::test]
async fn a_failed_batch_is_tried_again() {
    let _alone = support::alone();
    let failures = Arc::new(AtomicU32::new(2));
    let settings = BatchSettings {
        retry: Retry {
            initial_backoff: Duration::from_millis(1),
            ..Retry::default()
        },
        ..BatchSettings::default()
    };
    let telemetry = init("test")
        .export_with(
            Processing::BatchWith(settings),
            Fails(Arc::clone(&failures)),
        )
        .build()
        .unwrap();
    make_spans(&telemetry, 3);
    telemetry.flush(LONG).await.unwrap();
    assert_eq!(failures.load(Ordering::Relaxed), 0);
    assert_eq!(telemetry.ledgers()[0].exported, 3);
}

#[tokio::test]
async fn an_export_that_takes_too_long_is_given_up_and_tried_again() {
    let _alone = support::alone();
    let settings = BatchSettings {
        export_timeout: Duration::from_millis(10),
        retry: Retry {
            initial_backoff: Duration::from_millis(1),
            ..Retry::default()
        },
        ..BatchSettings::default()
    };
    let processing = Processing::BatchWith(settings);
    let telemetry = init("test")
        .export_with(processing, HangsOnce::default())
        .build()
        .unwrap();
    make_spans(&telemetry, 3);
    telemetry.flush(LONG).await.unwrap();
    assert_eq!(telemetry.ledgers()[0].exported, 3);
}

#[tokio::test]
async fn a_simple_processor_exports_each_span_by_itself() {
    let _alone = support::alone();
    let exporter = InMemorySpanExporter::default();
    let telemetry = init("test")
        .export_with(Processing::Simple, exporter.clone())
        .build()
        .unwrap();
    make_spans(&telemetry, 2);
    telemetry.flush(LONG).await.unwrap();
    assert_eq!(exporter.get_finished_spans().unwrap().len(), 2);
}

#[tokio::test]
async fn times_that_never_come_lose_no_span() {
    let _alone = support::alone();
    let exporter = InMemorySpanExporter::default();
    let by_hand = Processing::BatchWith(BatchSettings {
        schedule_delay: Duration::MAX,
        export_timeout: Duration::MAX,
        ..BatchSettings::default()
    });
    let telemetry = init("test")
        .export_with(by_hand, exporter.clone())
        .build()
        .unwrap();
    make_spans(&telemetry, 2);
    telemetry.flush(Duration::MAX).await.unwrap();
    assert_eq!(exporter.get_finished_spans().unwrap().len(), 2);
    make_spans(&telemetry, 1);
    let ledgers = telemetry.shutdown(Duration::MAX).await;
    assert_eq!(ledgers[0].exported, 3);
}

#[tokio::test]
async fn an_endpoint_that_is_refused_is_told_without_its_secrets() {
    let _alone = support::alone();
    let endpoint = "http://user:hunter2@no host/v1/traces?api_key=hunter2";
    let built = init("test")
        .from_vars(|name| {
            (name == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").then(|| endpoint.to_owned())
        })
        .build();
    let error = built.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("no host"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn after_the_shutdown_nothing_is_recorded() {
    let _alone = support::alone();
    let telemetry = init("test")
        .export_to(InMemorySpanExporter::default())
        .build()
        .unwrap();
    telemetry.shutdown(LONG).await;
    make_spans(&telemetry, 3);
    assert_eq!(telemetry.ledgers()[0].created, 0);
}

#[tokio::test]
async fn spans_go_to_the_otlp_endpoint_that_the_environment_names() {
    let _alone = support::alone();
    use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
    use tokio::sync::mpsc;

    let (sender, mut received) = mpsc::unbounded_channel();
    let receive = post(move |headers: HeaderMap, body: Bytes| async move {
        let media_type = headers["content-type"].to_str().unwrap().to_owned();
        sender.send((media_type, body)).unwrap();
    });
    let server = support::Server::start(Router::new().route("/v1/traces", receive)).await;
    let endpoint = server.url("");
    let telemetry = init("orders-service")
        .from_vars(|name| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| endpoint.clone()))
        .build()
        .unwrap();
    make_spans(&telemetry, 1);
    let ledgers = telemetry.shutdown(LONG).await;
    assert_eq!(ledgers[0].exported, 1);
    let (media_type, body) = received.recv().await.unwrap();
    assert_eq!(media_type, "application/x-protobuf");
    let name = b"orders-service";
    assert!(body.windows(name.len()).any(|bytes| bytes == name));
    server.stop().await;
}
