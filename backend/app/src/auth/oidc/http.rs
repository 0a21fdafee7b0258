//! Requests to the provider.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use openidconnect::{HttpRequest, HttpResponse};
use reqwest::Certificate;
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

/// A client that goes where it is told, and nowhere that an answer tells it. It believes the certificates that those in
/// `ca_file` have signed, or the system's.
pub(super) fn client(ca_file: Option<&Path>) -> anyhow::Result<ClientWithMiddleware> {
    let mut client = reqwest::Client::builder().timeout(TIMEOUT);
    if let Some(path) = ca_file {
        let named = || format!("OIDC_CA_FILE {}", path.display());
        let certificates = Certificate::from_pem_bundle(&fs::read(path).with_context(named)?);
        let certificates = certificates.with_context(named)?;
        ensure!(
            !certificates.is_empty(),
            "{} holds no certificate in PEM",
            named()
        );
        client = client.tls_certs_only(certificates);
    }
    let client = builder(client).max_redirects(0).build();
    client.context("the client of OIDC_ISSUER")
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
