//! One exchange: a request, its response, the response's body, and the SERVER span around them.

use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use opentelemetry::{
    Context, KeyValue,
    trace::{Status, TraceContextExt},
};
use throughline_core::{names, server_timing};

const SERVER_TIMING: HeaderName = HeaderName::from_static(server_timing::HEADER);

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndOfExchange {
    /// The last byte of the response was handed to the connection.
    Complete,
    /// The body reported an error: the client got a part of it.
    Failed,
    /// The client went away, or the server closed the connection, before the response was complete.
    Cancelled,
    /// The handler, or the body, panicked.
    Panicked,
}

/// A span that is open. It ends once: by [`Exchange::end`], or as [`EndOfExchange::Cancelled`] when it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    context: Context,
    method: Method,
    ended: bool,
}

// === impl Exchange ===

impl Exchange {
    pub(crate) fn new(context: Context, method: Method) -> Self {
        Self {
            context,
            method,
            ended: false,
        }
    }

    /// Runs `f` with the exchange's context as the current one. A panic in `f` ends the exchange, then goes on.
    pub(crate) fn run<T>(exchange: &mut Option<Self>, f: impl FnOnce() -> T) -> T {
        let Some(context) = exchange.as_ref().map(|exchange| exchange.context.clone()) else {
            return f();
        };
        let mut guard = EndOnPanic {
            exchange,
            returned: false,
        };
        let attached = context.attach();
        let value = f();
        drop(attached);
        guard.returned = true;
        value
    }

    /// Records the response's head, and tells the client by `Server-Timing` which span answered it.
    pub(crate) fn answered(&mut self, response: &mut Response) {
        let span = self.context.span();
        let status = response.status();
        let code = i64::from(status.as_u16());
        span.set_attribute(KeyValue::new(names::http::RESPONSE_STATUS_CODE, code));
        if status.is_server_error() {
            span.set_attribute(KeyValue::new(names::error::TYPE, code.to_string()));
            // No description: it would only repeat the status code (semantic conventions, HTTP spans, status).
            span.set_status(Status::error(""));
        }
        let answered_by = crate::propagate::span_context(&self.context);
        // Without an SDK no span of ours answers, and the context holds the caller's.
        if !answered_by.is_remote()
            && let Some(value) = server_timing::format(&answered_by)
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().append(SERVER_TIMING, value);
        }
    }

    /// Whether nothing follows the response's head: the connection then drops the body unread, which is no sign of a
    /// client that is gone.
    pub(crate) fn is_over_at_head(&self, response: &Response) -> bool {
        let status = response.status();
        self.method == Method::HEAD
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || (self.method == Method::CONNECT && status.is_success())
            || response.body().is_end_stream()
    }

    /// Ends the span.
    pub(crate) fn end(mut self, how: EndOfExchange) {
        self.end_once(how);
    }

    fn end_once(&mut self, how: EndOfExchange) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let span = self.context.span();
        match how {
            EndOfExchange::Complete => {}
            EndOfExchange::Cancelled => {
                // The caller's choice: not an error of the server.
                span.set_attribute(KeyValue::new(names::throughline::BODY_END, "cancelled"));
            }
            EndOfExchange::Failed => {
                span.set_attribute(KeyValue::new(names::throughline::BODY_END, "failed"));
                span.set_attribute(KeyValue::new(names::error::TYPE, "response_body"));
                span.set_status(Status::error("the response's body failed"));
            }
            EndOfExchange::Panicked => {
                span.set_attribute(KeyValue::new(names::error::TYPE, "panic"));
                span.set_status(Status::error("the handler panicked"));
            }
        }
        span.end();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end_once(EndOfExchange::Cancelled);
    }
}

/// Tells a return from an unwinding.
struct EndOnPanic<'a> {
    exchange: &'a mut Option<Exchange>,
    returned: bool,
}

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if !self.returned
            && let Some(exchange) = self.exchange.take()
        {
            exchange.end(EndOfExchange::Panicked);
        }
    }
}
