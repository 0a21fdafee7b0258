//! Requests to the back end, and what can come of them.

use std::fmt;

use gloo_net::http::{Request, Response};
use rag_admin_api::{PROBLEM_JSON, Problem, SESSION_EXPIRED, Session, SignIn, User, paths};

use crate::lock::TabLock;

/// Why there is no answer to use. `Display` is what a person reads.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// The server cannot be reached.
    Unreachable,
    /// Nobody is signed in, or not with these credentials.
    Unauthorized(Problem),
    /// What was sent cannot be used.
    Unusable(Problem),
    /// To be tried again, but not now.
    TooManyTries {
        /// If the server says when.
        wait_seconds: Option<u32>,
    },
    /// The server answered with something else.
    Failed,
}

/// Signs in with an e-mail address and a password.
pub(crate) async fn sign_in(typed: &SignIn) -> Result<User, ApiError> {
    let request = Request::post(paths::SIGN_IN)
        .json(typed)
        .map_err(|_| ApiError::Failed)?;
    user(accepted(request.send().await).await?).await
}

/// Ends the session.
pub(crate) async fn sign_out() -> Result<(), ApiError> {
    accepted(Request::post(paths::SIGN_OUT).send().await)
        .await
        .map(drop)
}

/// The user of the session of an earlier visit, if there is one.
pub(crate) async fn restore() -> Result<Option<User>, ApiError> {
    let found = match me().await {
        Err(error) if error.is_expired() => renew().await,
        other => other,
    };
    match found {
        Err(ApiError::Unauthorized(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Exchanges the tokens of the session for new ones.
///
/// A refresh token can be used once, and all tabs share it: two tabs that use it at once look like a thief. So they do
/// it in turn, each with the token that the one before it got.
pub(crate) async fn renew() -> Result<User, ApiError> {
    let _lock = TabLock::acquire("rag-admin-renew").await;
    user(accepted(Request::post(paths::REFRESH).send().await).await?).await
}

async fn me() -> Result<User, ApiError> {
    user(accepted(Request::get(paths::ME).send().await).await?).await
}

async fn user(response: Response) -> Result<User, ApiError> {
    let session: Session = response.json().await.map_err(|_| ApiError::Failed)?;
    Ok(session.user)
}

async fn accepted(sent: Result<Response, gloo_net::Error>) -> Result<Response, ApiError> {
    match sent {
        Ok(response) if response.ok() => Ok(response),
        Ok(response) => Err(refused(response).await),
        Err(_) => Err(ApiError::Unreachable),
    }
}

async fn refused(response: Response) -> ApiError {
    let headers = response.headers();
    let wait_seconds = headers
        .get("retry-after")
        .and_then(|seconds| seconds.parse().ok());
    let problem = match headers.get("content-type") {
        Some(kind) if kind == PROBLEM_JSON => response.json::<Problem>().await.ok(),
        _ => None,
    };
    match (response.status(), problem) {
        (401, Some(problem)) => ApiError::Unauthorized(problem),
        (422, Some(problem)) => ApiError::Unusable(problem),
        (429, _) => ApiError::TooManyTries { wait_seconds },
        // What a proxy says when there is nobody behind it.
        (500 | 502 | 503 | 504, None) => ApiError::Unreachable,
        _ => ApiError::Failed,
    }
}

// === impl ApiError ===

impl ApiError {
    fn is_expired(&self) -> bool {
        matches!(self, ApiError::Unauthorized(problem) if problem.kind == SESSION_EXPIRED)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Unreachable => f.write_str("The server cannot be reached."),
            ApiError::Unauthorized(problem) | ApiError::Unusable(problem) => {
                f.write_str(&problem.detail)
            }
            ApiError::TooManyTries {
                wait_seconds: Some(1),
            } => f.write_str("Too many tries. Try again in a second."),
            ApiError::TooManyTries {
                wait_seconds: Some(seconds),
            } => {
                write!(f, "Too many tries. Try again in {seconds} seconds.")
            }
            ApiError::TooManyTries { wait_seconds: None } => {
                f.write_str("Too many tries. Try again later.")
            }
            ApiError::Failed => f.write_str("Something went wrong. Try again."),
        }
    }
}
