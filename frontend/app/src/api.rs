//! Requests to the back end, and what can come of them.

pub(crate) mod documents;
mod error;
mod session;
pub(crate) mod users;

use gloo_net::http::{Request, Response};
use serde::de::DeserializeOwned;

pub(crate) use error::ApiError;
pub(crate) use session::{change_password, renew, restore, sign_in, sign_out};

type Built = Result<Request, gloo_net::Error>;

/// Sends a request on behalf of who is signed in. If the server knows nobody, the session is renewed, and the request sent
/// once more. Whether it can be renewed, the first answer need not say: the refresh token goes to few addresses.
async fn send(request: impl Fn() -> Built) -> Result<Response, ApiError> {
    match send_once(request()).await {
        Err(ApiError::Unauthorized(_)) => {
            renew().await?;
            send_once(request()).await
        }
        other => other,
    }
}

async fn send_once(request: Built) -> Result<Response, ApiError> {
    let request = request.map_err(|_| ApiError::Failed)?;
    match request.send().await {
        Ok(response) if response.ok() => Ok(response),
        Ok(response) => Err(ApiError::of(response).await),
        Err(_) => Err(ApiError::Unreachable),
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    response.json().await.map_err(|_| ApiError::Failed)
}

/// The address of a page of a list.
fn page_after(path: &str, after: &str) -> Built {
    let request = Request::get(path);
    if after.is_empty() {
        return request.build();
    }
    request.query([("after", after)]).build()
}
