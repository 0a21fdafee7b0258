//! One POST, and its answer.

use crate::settings::Protocol;
use ::http::{HeaderMap, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use parking_lot::Mutex;
use std::{error::Error, fmt::Write, iter, time::Duration};

/// Bytes of an answer that are read at most. It says little.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

type Connector = HttpsConnector<HttpConnector>;
type Http = Client<Connector, Full<Bytes>>;

/// Sends one request after the other.
pub(super) struct Transport {
    connector: Connector,
    protocol: Protocol,
    /// How long one request may take.
    timeout: Duration,
    /// The connection, but while it is in use. One that did not answer does not come back: HTTP/2 would go on to use it,
    /// and where the other end is gone without a word it takes the operating system a quarter of an hour to notice.
    idle: Mutex<Option<Http>>,
}

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Empty if it is too long, or ends early: the head says what became of the request.
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("{}", chain(.0))]
    Broken(#[from] legacy::Error),
}

// === impl Transport ===

impl Transport {
    pub(super) fn new(connector: Connector, protocol: Protocol, timeout: Duration) -> Self {
        Self {
            connector,
            protocol,
            timeout,
            idle: Mutex::new(None),
        }
    }

    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        let taken = self.idle.lock().take();
        let client = taken.unwrap_or_else(|| self.connect());
        let answer = async { Ok(Answer::read(client.request(request).await?).await) };
        let answer = tokio::time::timeout(self.timeout, answer)
            .await
            .unwrap_or(Err(NoAnswer::Late(self.timeout)))?;
        *self.idle.lock() = Some(client);
        Ok(answer)
    }

    fn connect(&self) -> Http {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .http2_only(self.protocol == Protocol::Grpc)
            .build(self.connector.clone())
    }
}

// === impl Answer ===

impl Answer {
    async fn read(response: Response<hyper::body::Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let mut answer = Self {
            status: head.status,
            headers: head.headers,
            ..Self::default()
        };
        if let Ok(body) = Limited::new(body, MAX_ANSWER_BYTES).collect().await {
            answer.trailers = body.trailers().cloned().unwrap_or_default();
            answer.body = body.to_bytes();
        }
        answer
    }
}

/// An error and its causes: the first one says only that there is one.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in iter::successors(error.source(), |cause: &&dyn Error| (*cause).source()) {
        let _ = write!(text, ": {cause}");
    }
    text
}
