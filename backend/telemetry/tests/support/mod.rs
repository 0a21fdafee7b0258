//! Telemetry that writes to memory, a real server, and traces as text.
#![allow(dead_code, unreachable_pub, missing_docs)]

use axum::Router;
use opentelemetry::{
    SpanId,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use std::{
    collections::HashMap,
    fmt::Write as _,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use throughline_instrument::{Builder, Telemetry, init};
use tokio::{sync::oneshot, task::JoinHandle};
use tracing::dispatcher::{self, DefaultGuard};

/// Longer than any test; nothing ever waits for so long.
pub const LONG: Duration = Duration::from_secs(30);

/// Telemetry of one test, current on its thread: give every test a current-thread runtime.
pub struct Recorder {
    pub telemetry: Telemetry,
    exporter: InMemorySpanExporter,
    logs: Lines,
    _current: DefaultGuard,
    _alone: Alone,
}

/// Keeps the other tests of the process waiting.
///
/// `tracing` caches for the whole process which spans are wanted, and the cache misses some while subscribers come and
/// go on other threads; a subscriber may even be dropped by one of them.
pub struct Alone(#[expect(unused, reason = "held")] MutexGuard<'static, ()>);

pub fn alone() -> Alone {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    // The application's TLS is in the same build of reqwest, and wants to be told whose cryptography it is to use.
    let _told_before = rustls::crypto::ring::default_provider().install_default();
    let guard = ONE_AT_A_TIME.lock();
    Alone(guard.unwrap_or_else(PoisonError::into_inner))
}

#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Recorder {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let alone = alone();
        let exporter = InMemorySpanExporter::default();
        let logs = Lines::default();
        let writer = logs.clone();
        let builder = init("test")
            .export_to(exporter.clone())
            .log_to(move || writer.clone());
        let telemetry = change(builder).build().unwrap();
        let current = dispatcher::set_default(&telemetry.subscriber());
        Self {
            telemetry,
            exporter,
            logs,
            _current: current,
            _alone: alone,
        }
    }

    /// Serves an instrumented router on a port of its own.
    pub async fn serve(&self, router: Router) -> Server {
        Server::start(self.telemetry.trace(router)).await
    }

    /// What has ended so far, in the order of the starts.
    pub async fn spans(&self) -> Vec<SpanData> {
        self.telemetry.flush(LONG).await.unwrap();
        let mut spans = self.exporter.get_finished_spans().unwrap();
        spans.sort_by_key(|span| span.start_time);
        spans
    }

    pub async fn tree(&self, attributes: &[&str]) -> String {
        tree(&self.spans().await, attributes)
    }

    /// The log's lines, as they were written.
    pub fn log(&self) -> Vec<String> {
        let bytes = self.logs.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Server {
    pub async fn start(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(async { drop(stopped.await) })
                .await
                .unwrap();
        });
        Self {
            address,
            stop,
            task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until every connection is closed: then every span has ended.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap();
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `name KIND status [attribute=value]…`, children indented; `attributes` are those to show.
pub fn tree(spans: &[SpanData], attributes: &[&str]) -> String {
    let known: HashMap<SpanId, &SpanData> = spans
        .iter()
        .map(|span| (span.span_context.span_id(), span))
        .collect();
    let mut text = String::new();
    for span in spans {
        if !known.contains_key(&span.parent_span_id) {
            write_span(&mut text, span, spans, attributes, 0);
        }
    }
    text
}

fn write_span(
    text: &mut String,
    span: &SpanData,
    all: &[SpanData],
    attributes: &[&str],
    depth: usize,
) {
    let kind = match span.span_kind {
        SpanKind::Internal => "",
        SpanKind::Server => " SERVER",
        SpanKind::Client => " CLIENT",
        _ => " OTHER",
    };
    let status = match &span.status {
        Status::Unset => String::new(),
        Status::Ok => " ok".to_owned(),
        Status::Error { description } if description.is_empty() => " error".to_owned(),
        Status::Error { description } => format!(" error({description})"),
    };
    write!(
        text,
        "{:indent$}{}{kind}{status}",
        "",
        span.name,
        indent = depth * 2
    )
    .unwrap();
    for name in attributes {
        if let Some(value) = attribute(span, name) {
            write!(text, " {name}={value}").unwrap();
        }
    }
    text.push('\n');
    let id = span.span_context.span_id();
    for child in all.iter().filter(|child| child.parent_span_id == id) {
        write_span(text, child, all, attributes, depth + 1);
    }
}

pub fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key.as_str() == name)?;
    Some(found.value.to_string())
}
