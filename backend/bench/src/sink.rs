//! A receiver of OTLP that counts the spans and keeps nothing.

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::net::TcpListener;

/// One receiver for one server.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) url: String,
    spans: Arc<AtomicU64>,
}

// === impl Sink ===

impl Sink {
    /// Listens, on the runtime that it is called in.
    pub(crate) async fn start() -> Result<Self> {
        let spans = Arc::<AtomicU64>::default();
        let app = Router::new()
            .route("/v1/traces", post(count))
            .route("/v1/{signal}", post(async |_: Bytes| ()))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&spans));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async { axum::serve(listener, app).await });
        Ok(Self { url, spans })
    }

    /// Spans that have arrived.
    pub(crate) fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }
}

async fn count(State(spans): State<Arc<AtomicU64>>, request: Bytes) {
    // ExportTraceServiceRequest.resource_spans = 1, ResourceSpans.scope_spans = 2, ScopeSpans.spans = 2.
    spans.fetch_add(messages(&request, &[1, 2, 2]), Ordering::Relaxed);
}

/// How many messages there are at a path of fields. To decode all of them would cost the core that makes the load.
fn messages(bytes: &[u8], path: &[u64]) -> u64 {
    let Some((wanted, rest)) = path.split_first() else {
        return 1;
    };
    let mut bytes = bytes;
    let mut count = 0;
    // The messages on the path have fields with a length only.
    while let Some((key, after)) = varint(bytes) {
        let Some((length, after)) = varint(after) else {
            break;
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((field, after)) = after.split_at_checked(length) else {
            break;
        };
        if key >> 3 == *wanted {
            count += messages(field, rest);
        }
        bytes = after;
    }
    count
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at_checked(end + 1)?;
    let number = number.iter().rev();
    let number = number.fold(0_u64, |number, byte| number << 7 | u64::from(byte & 0x7f));
    Some((number, rest))
}
