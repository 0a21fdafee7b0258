//! An OTLP/HTTP receiver that keeps what it is sent, and that can be told to refuse, to be slow, or to be down.
//!
//! It reads with the official messages, so that what it holds is what any collector would hold.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use futures_util::{StreamExt, stream};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tower_http::cors::CorsLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::services::ServeDir;

use crate::{record, workspace};

/// The receiver. Dropping it ends it.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    page: PathBuf,
    state: Arc<Mutex<Held>>,
    server: Option<Server>,
}

/// How it answers from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Takes everything.
    #[default]
    Accept,
    /// Takes nothing, and answers with this status.
    Refuse(StatusCode),
    /// Takes everything, and answers after so long.
    Slowly(Duration),
}

#[derive(Debug, Default)]
struct Held {
    answer: Answer,
    requests: usize,
    spans: Vec<Span>,
    logs: Vec<LogRecord>,
    metrics: Vec<Metric>,
    go_on: Arc<Notify>,
}

#[derive(Debug)]
struct Server {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

type Shared = Arc<Mutex<Held>>;

impl Receiver {
    /// Starts it on a free port, with the lab's page beside it: the page sends to its own origin.
    pub async fn with_lab() -> Result<Self> {
        let page = workspace().join("dist/lab");
        ensure!(
            page.join("index.html").is_file(),
            "{} is missing: `cargo xtask e2e` builds what these tests need",
            page.display()
        );
        let mut receiver = Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            page,
            state: Shared::default(),
            server: None,
        };
        receiver.start().await?;
        Ok(receiver)
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: Answer) {
        self.held().answer = answer;
    }

    /// Is down from now on: nobody listens on its port. The page's files are not to be had either.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(server) = self.server.take() {
            server.stop.send(()).ok();
            server.task.await?;
        }
        Ok(())
    }

    /// Listens, again on the same port after [`stop`](Self::stop).
    pub async fn start(&mut self) -> Result<()> {
        let listener = TcpListener::bind(self.address)
            .await
            .with_context(|| format!("cannot listen on {}", self.address))?;
        self.address = listener.local_addr()?;
        let app = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/logs", post(logs))
            .route("/v1/metrics", post(metrics))
            .route("/download", get(download))
            .layer(from_fn(record::tee))
            .layer(RequestDecompressionLayer::new())
            .layer(CorsLayer::permissive())
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&self.state))
            .fallback_service(ServeDir::new(&self.page));
        let (stop, stopped) = oneshot::channel();
        // Connections that are kept alive end too: a browser would go on with them.
        let server = axum::serve(listener, app).with_graceful_shutdown(async {
            stopped.await.ok();
        });
        let task = tokio::spawn(async move {
            server.await.ok();
        });
        self.server = Some(Server { task, stop });
        Ok(())
    }

    /// Sends the other half of a download.
    pub fn go_on(&self) {
        self.held().go_on.notify_one();
    }

    /// Requests so far, refused ones too.
    pub fn requests(&self) -> usize {
        self.held().requests
    }

    /// The spans that were taken so far, in the order of their arrival.
    pub fn spans(&self) -> Vec<Span> {
        self.held().spans.clone()
    }

    /// The log records that were taken so far.
    pub fn logs(&self) -> Vec<LogRecord> {
        self.held().logs.clone()
    }

    /// The metrics that were taken so far.
    pub fn metrics(&self) -> Vec<Metric> {
        self.held().metrics.clone()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.state)
    }
}

/// The text of an attribute.
pub fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|it| it.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Bytes of the download at `/download`.
pub const DOWNLOAD_BYTES: usize = 1 << 30;

/// A response that no page may hold in memory. Half of it is held back until [`Receiver::go_on`].
async fn download(State(state): State<Shared>) -> Body {
    const CHUNK: Bytes = Bytes::from_static(&[0; 1 << 20]);
    let go_on = Arc::clone(&lock(&state).go_on);
    let half = DOWNLOAD_BYTES / CHUNK.len() / 2;
    let chunks = stream::iter(0..2 * half).then(move |index| {
        let go_on = Arc::clone(&go_on);
        async move {
            if index == half {
                go_on.notified().await;
            }
            Ok::<_, Infallible>(CHUNK)
        }
    });
    Body::from_stream(chunks)
}

async fn traces(State(state): State<Shared>, body: Bytes) -> StatusCode {
    take(&state, &body, |held, request: ExportTraceServiceRequest| {
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|it| it.scope_spans);
        held.spans.extend(scopes.flat_map(|it| it.spans));
    })
    .await
}

async fn logs(State(state): State<Shared>, body: Bytes) -> StatusCode {
    take(&state, &body, |held, request: ExportLogsServiceRequest| {
        let scopes = request
            .resource_logs
            .into_iter()
            .flat_map(|it| it.scope_logs);
        held.logs.extend(scopes.flat_map(|it| it.log_records));
    })
    .await
}

async fn metrics(State(state): State<Shared>, body: Bytes) -> StatusCode {
    take(
        &state,
        &body,
        |held, request: ExportMetricsServiceRequest| {
            let scopes = request
                .resource_metrics
                .into_iter()
                .flat_map(|it| it.scope_metrics);
            held.metrics.extend(scopes.flat_map(|it| it.metrics));
        },
    )
    .await
}

/// An empty body is an empty `Export…ServiceResponse`: everything was taken.
async fn take<T: Message + Default>(
    state: &Shared,
    body: &[u8],
    keep: impl FnOnce(&mut Held, T),
) -> StatusCode {
    let Ok(request) = T::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let answer = {
        let mut held = lock(state);
        held.requests += 1;
        let answer = held.answer;
        if !matches!(answer, Answer::Refuse(_)) {
            keep(&mut held, request);
        }
        answer
    };
    match answer {
        Answer::Accept => StatusCode::OK,
        Answer::Refuse(status) => status,
        Answer::Slowly(after) => {
            tokio::time::sleep(after).await;
            StatusCode::OK
        }
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, Held> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
