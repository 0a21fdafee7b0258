//! `POST /v1/traces`.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use tokio::sync::Semaphore;

use super::{
    Encoding,
    body::{self, Compression, Received},
    browser::BrowserGate,
    decode::{self, Policy},
    status::Refusal,
};
use crate::{
    access::{TokenHash, bearer},
    settings::{BrowserSettings, OtlpSettings},
    store::{Batch, Source, Store, SubmitError},
};

/// One receiver: what it takes, and where that goes.
#[derive(Debug)]
struct Receiver {
    store: Store,
    memory: Arc<Semaphore>,
    /// A decoded request takes many times its bytes: only as many at one time as there are cores.
    decoding: Arc<Semaphore>,
    max_body_bytes: usize,
    body_timeout: Duration,
    senders: Senders,
}

#[derive(Debug)]
enum Senders {
    Programs {
        key: Option<TokenHash>,
    },
    Browsers {
        gate: BrowserGate,
        services: Vec<String>,
    },
}

/// The receiver for programs.
pub(crate) fn programs(store: Store, memory: Arc<Semaphore>, settings: OtlpSettings) -> Router {
    router(Receiver {
        store,
        memory,
        decoding: decoding(),
        max_body_bytes: settings.max_body_bytes,
        body_timeout: settings.body_timeout,
        senders: Senders::Programs {
            key: settings.key.map(|key| TokenHash::new(&key)),
        },
    })
}

/// The receiver for browsers.
pub(crate) fn browsers(store: Store, memory: Arc<Semaphore>, settings: BrowserSettings) -> Router {
    router(Receiver {
        store,
        memory,
        decoding: decoding(),
        max_body_bytes: settings.max_body_bytes,
        body_timeout: settings.body_timeout,
        senders: Senders::Browsers {
            gate: BrowserGate::new(&settings),
            services: settings.services,
        },
    })
}

fn router(receiver: Receiver) -> Router {
    // Every method comes here: a wrong one, too, gets a `Status` in the encoding of its request.
    Router::new()
        .route("/v1/traces", any(traces))
        .with_state(Arc::new(receiver))
}

async fn traces(State(receiver): State<Arc<Receiver>>, request: Request) -> Response {
    let encoding = encoding(request.headers());
    match receiver.receive(request, encoding).await {
        Ok((encoding, response)) => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, encoding.content_type())],
            decode::encode_response(encoding, &response),
        )
            .into_response(),
        Err(refusal) => refusal.into_response(encoding),
    }
}

impl Receiver {
    async fn receive(
        self: Arc<Self>,
        request: Request,
        encoding: Option<Encoding>,
    ) -> Result<(Encoding, ExportTraceServiceResponse), Refusal> {
        let (parts, body) = request.into_parts();
        let (encoding, compression) = match self.admit(&parts, encoding) {
            Ok(form) => form,
            Err(refusal) => {
                body::linger(body);
                return Err(refusal);
            }
        };
        let memory = Arc::clone(&self.memory);
        let received = body::read(
            body,
            compression,
            self.max_body_bytes,
            self.body_timeout,
            memory,
        )
        .await?;

        let turn = Arc::clone(&self.decoding).acquire_owned().await;
        let receiver = Arc::clone(&self);
        let decode = move || {
            let _turn = turn;
            receiver.decode(encoding, received)
        };
        let (response, batch) = tokio::task::spawn_blocking(decode)
            .await
            .map_err(|_| Refusal::NotStored)??;
        if let Some(batch) = batch {
            self.store
                .try_submit(batch)
                .await
                .map_err(|error| match error {
                    SubmitError::Full => Refusal::Overloaded,
                    SubmitError::Closed | SubmitError::Failed(_) => Refusal::NotStored,
                })?;
        }
        Ok((encoding, response))
    }

    /// All that can be known before the body is read.
    fn admit(
        &self,
        parts: &Parts,
        encoding: Option<Encoding>,
    ) -> Result<(Encoding, Compression), Refusal> {
        if parts.method != Method::POST {
            return Err(Refusal::Method);
        }
        match &self.senders {
            Senders::Programs { key: None } => {}
            Senders::Programs { key: Some(key) } => {
                let is_known = bearer(&parts.headers).is_some_and(|token| key.matches(token));
                is_known.then_some(()).ok_or(Refusal::Unauthenticated)?;
            }
            Senders::Browsers { gate, .. } => gate.admit(parts, Instant::now())?,
        }
        let encoding = encoding.ok_or(Refusal::UnsupportedMedia(
            "send application/x-protobuf or application/json, and say which in Content-Type",
        ))?;
        let compression = compression(&parts.headers)?;
        if content_length(&parts.headers).is_some_and(|length| length > self.max_body_bytes) {
            return Err(Refusal::TooLarge {
                limit: self.max_body_bytes,
            });
        }
        Ok((encoding, compression))
    }

    fn decode(
        &self,
        encoding: Encoding,
        received: Received,
    ) -> Result<(ExportTraceServiceResponse, Option<Batch>), Refusal> {
        let mut request = decode::request(encoding, &received.bytes)?;
        let (policy, source) = match &self.senders {
            Senders::Programs { .. } => (Policy::Any, Source::Program),
            Senders::Browsers { services, .. } => (Policy::Browser { services }, Source::Browser),
        };
        let rejected = decode::retain(&mut request, policy);
        let batch = Batch::new(&request, source).map_err(|_| Refusal::NotStored)?;
        Ok((
            rejected.response(),
            batch.map(|batch| batch.holding(received.lease)),
        ))
    }
}

fn decoding() -> Arc<Semaphore> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Arc::new(Semaphore::new(cores))
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let media_type = content_type.split(';').next()?.trim();
    if media_type.eq_ignore_ascii_case(Encoding::Protobuf.content_type()) {
        Some(Encoding::Protobuf)
    } else if media_type.eq_ignore_ascii_case(Encoding::Json.content_type()) {
        Some(Encoding::Json)
    } else {
        None
    }
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let unsupported = Refusal::UnsupportedMedia("send Content-Encoding gzip or none");
    match headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.to_str())
    {
        None => Ok(Compression::None),
        Some(Ok(value)) if value.trim().eq_ignore_ascii_case("gzip") => Ok(Compression::Gzip),
        Some(Ok(value)) if matches!(value.trim(), "" | "identity") => Ok(Compression::None),
        Some(_) => Err(unsupported),
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
