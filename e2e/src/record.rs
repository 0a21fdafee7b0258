//! Everything that the servers and the pages of a run tell by OTLP, in a file: a line an export, as OTLP/JSON. What is
//! in it is checked once all tests have run.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, to_value};
use tower_http::decompression::RequestDecompressionLayer;

use crate::Traces;

/// The file that `E2E_TELEMETRY` names. Without it nothing is recorded.
pub fn path() -> Option<PathBuf> {
    std::env::var_os("E2E_TELEMETRY").map(PathBuf::from)
}

/// Where servers under test send their telemetry, if it is recorded.
pub(crate) fn endpoint() -> Option<&'static str> {
    static ENDPOINT: OnceLock<Option<String>> = OnceLock::new();
    let endpoint = ENDPOINT.get_or_init(|| path().and_then(|_| listen().ok()));
    endpoint.as_deref()
}

/// Keeps what was sent to an OTLP/HTTP address.
pub(crate) fn body(path: &str, body: &[u8]) -> Result<()> {
    keep(&match path {
        "/v1/traces" => to_value(ExportTraceServiceRequest::decode(body)?)?,
        "/v1/logs" => to_value(ExportLogsServiceRequest::decode(body)?)?,
        "/v1/metrics" => to_value(ExportMetricsServiceRequest::decode(body)?)?,
        _ => bail!("{path} is no address of OTLP"),
    })
}

/// Keeps what pages send to a server that is in this process.
pub(crate) async fn tee(request: Request, next: Next) -> Result<Response, StatusCode> {
    if !request.uri().path().starts_with("/v1/") {
        return Ok(next.run(request).await);
    }
    let (parts, sent) = request.into_parts();
    let sent = to_bytes(sent, usize::MAX).await;
    let sent = sent.map_err(|_| StatusCode::BAD_REQUEST)?;
    // What cannot be read is for the server to refuse.
    body(parts.uri.path(), &sent).ok();
    let request = Request::from_parts(parts, Body::from(sent));
    Ok(next.run(request).await)
}

/// Keeps every trace that a collector holds. It blocks: for whoever drops a server.
pub(crate) fn all_of(traces: Traces) {
    if path().is_none() {
        return;
    }
    let asking = thread::spawn(move || {
        runtime()?.block_on(async {
            for document in traces.documents().await? {
                keep(&document)?;
            }
            anyhow::Ok(())
        })
    });
    match asking.join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("the traces of a server are not recorded: {error:#}"),
        Err(_) => eprintln!("the traces of a server are not recorded: a panic"),
    }
}

fn keep(export: &Value) -> Result<()> {
    static FILE: Mutex<Option<File>> = Mutex::new(None);
    let Some(path) = path() else {
        return Ok(());
    };
    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = match &mut *file {
        Some(file) => file,
        none => {
            let open = OpenOptions::new().create(true).append(true).open(&path);
            none.insert(open.with_context(|| path.display().to_string())?)
        }
    };
    Ok(file.write_all(format!("{export}\n").as_bytes())?)
}

/// A receiver that outlives each test, whose runtime ends with it.
fn listen() -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let app = Router::new()
        .fallback(
            async |uri: Uri, sent: Bytes| match body(uri.path(), &sent) {
                Ok(()) => StatusCode::OK,
                Err(_) => StatusCode::BAD_REQUEST,
            },
        )
        .layer(RequestDecompressionLayer::new())
        .layer(DefaultBodyLimit::disable());
    let runtime = runtime()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, app).await
        })
    });
    Ok(endpoint)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
