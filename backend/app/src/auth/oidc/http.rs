//! Requests to the provider.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use throughline_instrument::reqwest::{ClientWithMiddleware, Error, builder};

/// How long the provider may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer: keys and tokens are a few kilobytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("no answer")]
    Request(#[from] Error),
    #[error("the request cannot be sent, or the answer ends early")]
    Broken(#[from] reqwest::Error),
    #[error("an answer of more than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
}

/// A client that goes where it is told, and nowhere that an answer tells it.
pub(super) fn client() -> reqwest::Result<ClientWithMiddleware> {
    builder(reqwest::Client::builder().timeout(TIMEOUT))
        .max_redirects(0)
        .build()
}

pub(super) async fn send(
    client: ClientWithMiddleware,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = HttpResponse::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    while let Some(chunk) = answer.chunk().await? {
        let body = response.body_mut();
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response)
}
