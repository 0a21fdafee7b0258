//! A receiver of OTLP over both protocols that does as it is told, and telemetry that exports to it.

use crate::support::Server;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use opentelemetry::trace::{Span, Tracer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{pending, ready},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use throughline_instrument::{Ledger, Telemetry, init};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub(crate) const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];

/// What a receiver does with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reply {
    Accept,
    /// It rejects so many spans of a request.
    Reject(i64),
    AcceptAfter(Duration),
    Never,
    /// 429 or `RESOURCE_EXHAUSTED`, and when to come back.
    Busy(Duration),
    /// 503 or `UNAVAILABLE`.
    Down,
    /// 400 or `INVALID_ARGUMENT`.
    Refuse,
}

/// What has come, and what is to be done with what comes.
#[derive(Clone, Debug)]
pub(crate) struct Script(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    first: VecDeque<Reply>,
    then: Reply,
    requests: Vec<Instant>,
    accepted: u64,
}

pub(crate) struct Receiver {
    pub server: Server,
    pub script: Script,
}

// === impl Receiver ===

impl Receiver {
    pub(crate) async fn start(first: &[Reply], then: Reply) -> Self {
        let script = Script::new(first, then);
        let server = Server::start(script.router()).await;
        Self { server, script }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("")
    }
}

// === impl Script ===

impl Script {
    pub(crate) fn new(first: &[Reply], then: Reply) -> Self {
        Self(Arc::new(Mutex::new(Shared {
            first: first.iter().copied().collect(),
            then,
            requests: Vec::new(),
            accepted: 0,
        })))
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(receive).with_state(self.clone())
    }

    /// When requests came.
    pub(crate) fn requests(&self) -> Vec<Instant> {
        self.0.lock().unwrap().requests.clone()
    }

    /// How many spans were taken.
    pub(crate) fn accepted(&self) -> u64 {
        self.0.lock().unwrap().accepted
    }

    fn next(&self) -> Reply {
        let mut shared = self.0.lock().unwrap();
        shared.requests.push(Instant::now());
        let then = shared.then;
        shared.first.pop_front().unwrap_or(then)
    }

    fn accept(&self, message: &[u8], rejected: i64) -> ExportTraceServiceResponse {
        let request = ExportTraceServiceRequest::decode(message).unwrap();
        let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
        let spans: usize = scopes.map(|it| it.spans.len()).sum();
        self.0.lock().unwrap().accepted += spans as u64 - rejected.unsigned_abs();
        let partial_success = (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: rejected,
            error_message: "too large".to_owned(),
        });
        ExportTraceServiceResponse { partial_success }
    }
}

async fn receive(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    let is_grpc = headers["content-type"] == "application/grpc";
    let message = if is_grpc { &body[5..] } else { &body[..] };
    let rejected = match script.next() {
        Reply::Accept => 0,
        Reply::Reject(spans) => spans,
        Reply::AcceptAfter(time) => {
            tokio::time::sleep(time).await;
            0
        }
        Reply::Never => pending().await,
        Reply::Busy(time) if is_grpc => return busy(time),
        Reply::Busy(time) => {
            let after = [("retry-after", time.as_secs().to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, after).into_response();
        }
        Reply::Down if is_grpc => return Status::unavailable("down").into_http(),
        Reply::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Reply::Refuse if is_grpc => return Status::invalid_argument("no").into_http(),
        Reply::Refuse => return StatusCode::BAD_REQUEST.into_response(),
    };
    let response = script.accept(message, rejected).encode_to_vec();
    if is_grpc {
        call(&response)
    } else {
        response.into_response()
    }
}

/// A call that succeeds, with its status where it belongs: behind the message.
fn call(message: &[u8]) -> Response {
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let trailers = ready(Some(Ok::<_, Infallible>(trailers)));
    let body = Body::new(Full::new(Bytes::from(body)).with_trailers(trailers));
    ([("content-type", "application/grpc")], body).into_response()
}

/// A call that fails at once, and may be tried again after a time.
fn busy(time: Duration) -> Response {
    let details = ErrorDetails::with_retry_info(Some(time));
    Status::with_error_details(Code::ResourceExhausted, "too much", details).into_http()
}

/// Telemetry that has its settings from these variables.
pub(crate) fn telemetry(variables: &[(&str, &str)]) -> Telemetry {
    let var = |name: &str| {
        let pair = variables.iter().find(|(key, _)| *key == name)?;
        Some(pair.1.to_owned())
    };
    init("test")
        .from_vars(var)
        .log_to(std::io::sink)
        .build()
        .unwrap()
}

/// Telemetry that exports spans alone.
pub(crate) fn exporting_to(endpoint: &str, protocol: &str, more: &[(&str, &str)]) -> Telemetry {
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ];
    let traces = format!("{endpoint}/v1/traces");
    if protocol != "grpc" {
        variables.push(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &traces));
    }
    variables.extend(more);
    telemetry(&variables)
}

pub(crate) fn make_spans(telemetry: &Telemetry, count: usize) {
    let tracer = telemetry.tracer("test");
    for _ in 0..count {
        tracer.start("work").end();
    }
}

pub(crate) fn balanced(ledgers: &[Ledger]) {
    assert!(ledgers.iter().all(Ledger::balances), "{ledgers:?}");
}
