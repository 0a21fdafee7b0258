//! Every error of the API is a problem document (RFC 9457), whoever found it: a handler, an extractor or a layer.

use std::{any::Any, time::Duration};

use axum::{
    Extension, Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rag_admin_api::{PROBLEM_JSON, Problem as Document, SESSION_EXPIRED};
use throughline_instrument::ErrorType;

use crate::db;

/// When a request may be tried again that found the database away.
const DATABASE_RETURNS: Duration = Duration::from_secs(5);

/// An error that a client sees.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: Option<&'static str>,
    detail: String,
    retry_after: Option<Duration>,
}

/// A JSON body; what is wrong with it becomes a problem.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

// === impl Problem ===

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            kind: None,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// What the client sent can be read, but not used.
    pub(crate) fn unusable(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Nobody is signed in, or not with these credentials.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// The access token has expired, and there may be a refresh token.
    pub(crate) fn session_expired() -> Problem {
        Problem {
            kind: Some(SESSION_EXPIRED),
            ..Problem::unauthorized("The session has to be renewed.")
        }
    }

    /// To be tried again, but not now.
    pub(crate) fn too_many_tries(wait: Duration) -> Problem {
        let seconds = whole_seconds(wait);
        let plural = if seconds == 1 { "" } else { "s" };
        Problem {
            retry_after: Some(wait),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!("Too many tries. Try again in {seconds} second{plural}."),
            )
        }
    }

    /// The server gave up.
    pub(crate) fn timed_out() -> Problem {
        Problem::of_status(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn of_status(status: StatusCode) -> Problem {
        let detail = match status {
            StatusCode::NOT_FOUND => "There is nothing at this address.",
            StatusCode::METHOD_NOT_ALLOWED => "This address does not take this method.",
            StatusCode::FORBIDDEN => "The request came from another site.",
            StatusCode::SERVICE_UNAVAILABLE => "The server took too long. Try again.",
            _ => "",
        };
        Problem::new(status, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut document = Document::new(self.status.as_u16(), title, self.detail);
        if let Some(kind) = self.kind {
            document.kind = kind.to_owned();
        }
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, whole_seconds(wait).into());
        }
        response
    }
}

/// An error nobody expected: logged here, once, and told to the client without a word of why. One of the database may be
/// the client's fault, or over in a moment.
impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Problem {
        let error = error.into();
        if db::is_no_text(&error) {
            return Problem::unusable("A zero character is in no text.");
        }
        tracing::error!(error = format!("{error:#}"), "request failed");
        if db::is_away(&error) {
            return Problem {
                retry_after: Some(DATABASE_RETURNS),
                ..Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The database does not answer. Try again.",
                )
            };
        }
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong on the server.",
        )
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
        .max(1)
}

/// Gives an error that has no problem document one, and keeps its headers (`Allow` of a 405).
pub(crate) async fn complete(response: Response) -> Response {
    let status = response.status();
    let has_document = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == PROBLEM_JSON.as_bytes());
    if has_document || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let (with_document, body) = Problem::of_status(status).into_response().into_parts();
    parts.headers.extend(with_document.headers);
    Response::from_parts(parts, body)
}

/// Answers for a handler that panicked.
pub(crate) fn of_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic
            .downcast_ref::<&str>()
            .unwrap_or(&"no message")
            .to_string(),
    };
    let problem = Problem::from(anyhow::anyhow!("the handler panicked: {message}"));
    (Extension(ErrorType("panic")), problem).into_response()
}

// === impl JsonBody ===

impl<S: Send + Sync, T> FromRequest<S> for JsonBody<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonBody<T>, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(JsonBody(value)),
            // Neither message repeats what was sent, which may be a password.
            Err(JsonRejection::JsonDataError(_)) => Err(Problem::unusable(
                "The body lacks a member, or one has the wrong type.",
            )),
            Err(JsonRejection::JsonSyntaxError(_)) => {
                Err(Problem::unusable("The body is not JSON."))
            }
            Err(other) => Err(Problem::new(other.status(), other.body_text())),
        }
    }
}
