//! One request on its way, and its span.

use super::{failure, metrics::Metrics};
use crate::{
    error::{self, Exception},
    http::{
        KnownMethods, clip,
        message::{announced, protocol_version},
    },
    late::LateTracer,
};
use ::reqwest::{Request, Response, Url};
use http::{Method, StatusCode};
use http_body::Body as _;
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanKind, Status, TraceContextExt},
};
use std::{borrow::Cow, time::Instant};
use throughline_core::{names, otlp::Any, redact};

/// An open span. It ends once: with [`answered`](Call::answered), with [`failed`](Call::failed), or as cancelled when
/// it is dropped.
#[derive(Debug)]
pub(super) struct Call {
    context: Context,
    metrics: Metrics,
    /// The metrics' attributes so far.
    labels: Vec<KeyValue>,
    request_bytes: Option<u64>,
    /// Of an answer to HEAD, `Content-Length` is the size of a body that is not sent.
    is_head: bool,
    started: Instant,
    ended: bool,
}

// === impl Call ===

impl Call {
    /// Starts the span of `request`, a child of the current one. `sent_before` is how often it went out already.
    pub(super) fn start(
        tracer: &LateTracer,
        metrics: Metrics,
        request: &Request,
        template: Option<&'static str>,
        sent_before: u32,
    ) -> Self {
        let labels = labels(request, template);
        let method = KnownMethods::of_clients().told(request.method());
        let parent = Context::current();
        let name = name(method.as_str(), template);
        let context = tracer.start(&name, SpanKind::Client, &parent, |span| {
            span.add_all(&labels);
            if method.as_str() == names::http::OTHER_METHOD {
                let original = clip(request.method().as_str());
                span.text(names::http::REQUEST_METHOD_ORIGINAL, original);
            }
            let url = redact::url(request.url().as_str());
            span.text(names::url::FULL, clip(&url));
            if sent_before > 0 {
                let count = Any::Int(sent_before.into());
                span.add(names::http::REQUEST_RESEND_COUNT, count);
            }
        });
        Self {
            context,
            metrics,
            labels,
            request_bytes: Some(
                request
                    .body()
                    .map_or(Some(0), |body| body.size_hint().exact()),
            )
            .flatten(),
            is_head: request.method() == Method::HEAD,
            started: Instant::now(),
            ended: false,
        }
    }

    /// The context that the request runs in: the span, within the caller's.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Ends the span with the head of the response, which may be an error for a reason beside its status.
    pub(super) fn answered(mut self, response: &Response, error: Option<&'static str>) {
        let status = response.status();
        let code = i64::from(status.as_u16());
        self.both(KeyValue::new(names::http::RESPONSE_STATUS_CODE, code));
        if let Some(version) = protocol_version(response.version()) {
            self.both(KeyValue::new(names::network::PROTOCOL_VERSION, version));
        }
        if let Some(peer) = response.remote_addr() {
            let span = self.context.span();
            let address = peer.ip().to_canonical().to_string();
            span.set_attribute(KeyValue::new(names::network::PEER_ADDRESS, address));
            let port = i64::from(peer.port());
            span.set_attribute(KeyValue::new(names::network::PEER_PORT, port));
        }
        let by_status = status.is_client_error() || status.is_server_error();
        let error = error.map(Cow::Borrowed);
        if let Some(error) = error.or_else(|| by_status.then(|| code.to_string().into())) {
            self.both(KeyValue::new(names::error::TYPE, error));
            // No description: it would only repeat the status code (semantic conventions, HTTP spans, status).
            self.context.span().set_status(Status::error(""));
        }
        self.end();
        let is_bodiless = self.is_head || status == StatusCode::NOT_MODIFIED;
        let response_bytes = announced(response.headers()).filter(|_| !is_bodiless);
        self.metrics
            .sizes(self.request_bytes, response_bytes, &self.labels);
    }

    /// Ends the span of a request that was not answered.
    pub(super) fn failed(mut self, error: &::reqwest_middleware::Error) {
        let class = failure::class(error);
        self.labels.push(KeyValue::new(names::error::TYPE, class));
        let message = failure::message(error);
        error::fail(&self.context, class.into(), &message);
        Exception::new("reqwest::Error", message).write(&self.context);
        self.end();
    }

    /// An attribute of the span and of the metrics.
    fn both(&mut self, attribute: KeyValue) {
        self.context.span().set_attribute(attribute.clone());
        self.labels.push(attribute);
    }

    fn end(&mut self) {
        self.ended = true;
        self.metrics.took(self.started.elapsed(), &self.labels);
        self.context.span().end();
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            // The caller's choice: not an error of the request.
            let cancelled = KeyValue::new(names::throughline::REQUEST_CANCELLED, true);
            self.context.span().set_attribute(cancelled);
            self.end();
        }
    }
}

fn name(method: &str, template: Option<&'static str>) -> String {
    // "HTTP" stands for a method that is not known (semantic conventions, HTTP spans, name).
    let method = if method == names::http::OTHER_METHOD {
        "HTTP"
    } else {
        method
    };
    template.map_or_else(|| method.to_owned(), |it| format!("{method} {it}"))
}

/// What spans and metrics have in common from the start.
fn labels(request: &Request, template: Option<&'static str>) -> Vec<KeyValue> {
    let method = KnownMethods::of_clients().told(request.method());
    let mut labels = Vec::with_capacity(8);
    labels.push(KeyValue::new(names::http::REQUEST_METHOD, method));
    if let Some((host, port)) = server(request.url()) {
        labels.push(KeyValue::new(names::network::SERVER_ADDRESS, host));
        if let Some(port) = port {
            labels.push(KeyValue::new(names::network::SERVER_PORT, i64::from(port)));
        }
    }
    labels.extend(template.map(|it| KeyValue::new(names::url::TEMPLATE, it)));
    labels
}

fn server(url: &Url) -> Option<(String, Option<u16>)> {
    let host = url.host_str()?;
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = clip(inner.unwrap_or(host)).to_owned();
    Some((address, url.port_or_known_default()))
}
