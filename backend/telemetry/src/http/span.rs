//! One exchange: a request, its response, the response's body, and the SERVER span around them.

use super::{
    end::{EndOfExchange, ErrorType, InExchange, Outcome},
    message::announced,
    metrics::{Active, BodySizes},
    request_body::CountedBody,
    settings::Rules,
};
use axum::{body::Body, response::Response};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanRef, Status, TraceContextExt},
};
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use throughline_core::{names, server_timing};

const SERVER_TIMING: HeaderName = HeaderName::from_static(server_timing::HEADER);

/// A span that is open. It ends once: by [`Exchange::end`], or as [`EndOfExchange::Cancelled`] when it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    context: Context,
    method: Method,
    rules: Arc<Rules>,
    active: Active,
    pub(super) outcome: Outcome,
    /// What the handler has read of the request's body, where that is measured.
    received_bytes: Option<Arc<AtomicU64>>,
    ended: bool,
}

// === impl Exchange ===

impl Exchange {
    pub(crate) fn new(context: Context, method: Method, rules: Arc<Rules>, active: Active) -> Self {
        Self {
            context,
            method,
            rules,
            active,
            outcome: Outcome::default(),
            received_bytes: None,
            ended: false,
        }
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Counts what is read of the request's body, where that is wanted.
    pub(crate) fn count(&mut self, body: &mut Body) {
        if self.rules.body_sizes == BodySizes::Measured {
            let bytes = Arc::clone(self.received_bytes.get_or_insert_default());
            *body = Body::new(CountedBody::new(mem::take(body), bytes));
        }
    }

    /// Records the response's head, and tells the client by `Server-Timing` which span answered it.
    pub(crate) fn answered(&mut self, response: &mut Response) {
        let rules = &self.rules;
        let span = self.context.span();
        let status = response.status();
        let code = i64::from(status.as_u16());
        span.set_attribute(KeyValue::new(names::http::RESPONSE_STATUS_CODE, code));
        self.outcome.status = Some(status);
        if rules.is_error(status) {
            self.outcome.error_type = Some(status.as_str().to_owned().into());
        }
        if let Some(ErrorType(name)) = response.extensions().get() {
            self.outcome.error_type = Some((*name).into());
        }
        if self.outcome.error_type.is_some() {
            // No description: it would only repeat the status code (semantic conventions, HTTP spans, status).
            span.set_status(Status::error(""));
        }
        if span.is_recording() {
            for header in rules.captured.of_response(response.headers()) {
                span.set_attribute(header);
            }
        }
        rules.hooks.on_response(&span, response);
        let answered_by = span.span_context();
        // Without an SDK no span of ours answers, and the context holds the caller's.
        if !answered_by.is_remote()
            && let Some(value) = server_timing::format(answered_by)
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
            || announced(response.headers()) == Some(0)
    }

    /// Ends the span.
    pub(crate) fn end(mut self, how: EndOfExchange) {
        self.end_once(how);
    }

    fn end_once(&mut self, how: EndOfExchange) {
        if mem::replace(&mut self.ended, true) {
            return;
        }
        let span = self.context.span();
        if self.outcome.error_type.is_none() {
            self.outcome.error_type = InExchange::error_type(&self.context);
        }
        let (error_type, body_end, description) = how.told();
        match how {
            EndOfExchange::Complete => {}
            // A failed answer stays one if nobody waits for its end.
            EndOfExchange::Cancelled => {
                self.outcome.error_type.get_or_insert(error_type.into());
            }
            EndOfExchange::Failed | EndOfExchange::TimedOut | EndOfExchange::Panicked => {
                self.outcome.error_type = Some(error_type.into());
            }
        }
        if let Some(body_end) = body_end {
            span.set_attribute(KeyValue::new(names::throughline::BODY_END, body_end));
        }
        if let Some(description) = description {
            span.set_status(Status::error(description));
        }
        if let Some(bytes) = &self.received_bytes {
            self.outcome.request_bytes = bytes.load(Ordering::Relaxed);
            record_sizes(&self.outcome, &span);
        }
        if let Some(error) = &self.outcome.error_type {
            span.set_attribute(KeyValue::new(names::error::TYPE, error.clone()));
        }
        self.active.record(&self.outcome);
        span.end();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end_once(EndOfExchange::Cancelled);
    }
}

fn record_sizes(outcome: &Outcome, span: &SpanRef<'_>) {
    for (name, bytes) in [
        (names::http::REQUEST_BODY_SIZE, outcome.request_bytes),
        (names::http::RESPONSE_BODY_SIZE, outcome.response_bytes),
    ] {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        span.set_attribute(KeyValue::new(name, bytes));
    }
}
