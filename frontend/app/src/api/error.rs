//! What can come of a request instead of an answer.

use std::fmt;

use gloo_net::http::Response;
use rag_admin_api::{PROBLEM_JSON, Problem, SESSION_EXPIRED};

/// Why there is no answer to use. `Display` is what a person reads.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// The server cannot be reached.
    Unreachable,
    /// Nobody is signed in, or not with these credentials.
    Unauthorized(Problem),
    /// The server says what is wrong.
    Refused(Problem),
    /// To be tried again, but not now.
    TooManyTries {
        /// If the server says when.
        wait_seconds: Option<u32>,
    },
    /// The provider sent the person back, who is not signed in.
    NotSignedInByProvider,
    /// The server answered with something else.
    Failed,
}

// === impl ApiError ===

impl ApiError {
    /// What a response tells that is no success.
    pub(super) async fn of(response: Response) -> ApiError {
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
            (429, _) => ApiError::TooManyTries { wait_seconds },
            // What a proxy says when there is nobody behind it.
            (500 | 502 | 503 | 504, None) => ApiError::Unreachable,
            (_, Some(problem)) if !problem.detail.is_empty() => ApiError::Refused(problem),
            _ => ApiError::Failed,
        }
    }

    /// Whether the session may be renewed, and the request sent again.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self, ApiError::Unauthorized(problem) if problem.kind == SESSION_EXPIRED)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Unreachable => f.write_str("The server cannot be reached."),
            ApiError::NotSignedInByProvider => {
                f.write_str("The provider did not sign you in. Try again, or use your password.")
            }
            ApiError::Unauthorized(problem) | ApiError::Refused(problem) => {
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
