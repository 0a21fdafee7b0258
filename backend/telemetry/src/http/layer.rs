//! The middleware that [`Telemetry::trace`](crate::Telemetry::trace) puts around a router.
//!
//! It is applied with [`Router::layer`](axum::Router::layer) to the finished router. There axum has already matched the
//! route (so a span has its name and `http.route` from the start, when the sampler looks at it), and every route, nested
//! route, fallback and method-not-allowed answer is inside.

use super::{body::TracedBody, end::EndOfExchange, span::Exchange, tracer::ExchangeTracer};
use axum::{body::Body, extract::Request, response::IntoResponse, response::Response};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};

/// Makes one SERVER span for each exchange.
#[derive(Clone, Debug)]
pub(crate) struct TracingLayer {
    pub(crate) tracer: Arc<ExchangeTracer>,
}

/// The service that [`TracingLayer`] makes.
#[derive(Clone, Debug)]
pub(crate) struct TracingService<S> {
    inner: S,
    tracer: Arc<ExchangeTracer>,
}

pin_project! {
    /// Polls the handler with the exchange's context attached, then hands the exchange to the body.
    pub(crate) struct TracingFuture<F> {
        // Before the exchange: what the handler holds is dropped, and its spans end, before the SERVER span does.
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
    }
}

// === impl TracingLayer ===

impl<S> Layer<S> for TracingLayer {
    type Service = TracingService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let tracer = Arc::clone(&self.tracer);
        TracingService { inner, tracer }
    }
}

// === impl TracingService ===

impl<S> Service<Request> for TracingService<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = TracingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut exchange = self.tracer.start(&request);
        let request = Exchange::counted(&mut exchange, request);
        let inner = Exchange::run(&mut exchange, || self.inner.call(request));
        TracingFuture { inner, exchange }
    }
}

// === impl TracingFuture ===

impl<F, R> Future for TracingFuture<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = this.inner;
        let answer = ready!(Exchange::run(this.exchange, || inner.poll(cx)));
        let mut response = match answer {
            Ok(answer) => answer.into_response(),
            Err(never) => match never {},
        };
        let Some(mut exchange) = this.exchange.take() else {
            return Poll::Ready(Ok(response));
        };
        exchange.answered(&mut response);
        if exchange.is_over_at_head(&response) {
            exchange.end(EndOfExchange::Complete);
            return Poll::Ready(Ok(response));
        }
        let (head, body) = response.into_parts();
        let body = TracedBody::new(body, &head.headers, exchange);
        Poll::Ready(Ok(Response::from_parts(head, Body::new(body))))
    }
}
