//! How an exchange ends, and what its span and the metrics are told of it.

use http::StatusCode;
use opentelemetry::{Context, SpanId, trace::TraceContextExt};
use parking_lot::Mutex;
use std::{borrow::Cow, error::Error, io};
use tower_http::timeout::TimeoutError;

/// Put into a response's extensions, says what went wrong: the `error.type` of its span and of its metrics, in place of the
/// status code. The names of an application's errors are few, so it is a text of the program.
///
/// ```
/// use axum::{Extension, http::StatusCode, response::IntoResponse};
/// use throughline_instrument::ErrorType;
///
/// async fn out_of_time() -> impl IntoResponse {
///     (StatusCode::SERVICE_UNAVAILABLE, Extension(ErrorType("timeout")))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorType(pub &'static str);

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndOfExchange {
    /// The last byte of the response was handed to the connection.
    Complete,
    /// The body reported an error: the client got a part of it.
    Failed,
    /// The body took longer than it may.
    TimedOut,
    /// The client went away, or the server closed the connection, before the response was complete.
    Cancelled,
    /// The handler, or the body, panicked.
    Panicked,
}

/// In the context of an exchange: what its span was told of an error by whatever runs in it, for the metrics.
#[derive(Debug)]
pub(crate) struct InExchange {
    span: SpanId,
    error_type: Mutex<Option<Cow<'static, str>>>,
}

/// What is known of an exchange when it ends; the same for its span and for the metrics.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// None if there was no response.
    pub(crate) status: Option<StatusCode>,
    pub(crate) error_type: Option<Cow<'static, str>>,
    /// What the handler read of the request's body.
    pub(crate) request_bytes: u64,
    /// What the connection took of the response's body.
    pub(crate) response_bytes: u64,
}

// === impl EndOfExchange ===

impl EndOfExchange {
    /// What a body's error tells.
    pub(crate) fn of_error(error: &axum::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
            if error.is::<TimeoutError>()
                || error.is::<tokio::time::error::Elapsed>()
                || error.downcast_ref().is_some_and(timed_out)
            {
                return Self::TimedOut;
            }
            cause = error.source();
        }
        Self::Failed
    }

    /// `error.type`, `throughline.body.end`, and the description of the error's status.
    pub(super) fn told(self) -> (&'static str, Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Complete => ("", None, None),
            // The caller's choice: not an error of the server, so the status is unset. The conventions have an
            // `error.type` for it (HTTP spans, "connection dropped before response body was sent").
            Self::Cancelled => ("cancelled", Some("cancelled"), None),
            Self::Failed => (
                "response_body",
                Some("failed"),
                Some("the response's body failed"),
            ),
            Self::TimedOut => (
                "timeout",
                Some("failed"),
                Some("the response's body took too long"),
            ),
            Self::Panicked => ("panic", None, Some("the handler panicked")),
        }
    }
}

// === impl InExchange ===

impl InExchange {
    /// The context of an exchange, whose span is that of `context`.
    pub(crate) fn of(context: &Context) -> Context {
        context.with_value(Self {
            span: context.span().span_context().span_id(),
            error_type: Mutex::default(),
        })
    }

    /// Notes the error if the span of `context` is that of an exchange, and not one below it.
    pub(crate) fn note(context: &Context, error_type: Cow<'static, str>) {
        let exchange = context.get::<Self>();
        let span = context.span().span_context().span_id();
        if let Some(exchange) = exchange.filter(|exchange| exchange.span == span) {
            *exchange.error_type.lock() = Some(error_type);
        }
    }

    /// What was noted last.
    pub(crate) fn error_type(context: &Context) -> Option<Cow<'static, str>> {
        context.get::<Self>()?.error_type.lock().take()
    }
}
