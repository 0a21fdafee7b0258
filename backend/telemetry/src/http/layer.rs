//! The middleware that [`Telemetry::trace`](crate::Telemetry::trace) puts around a router.
//!
//! It is applied with [`Router::layer`](axum::Router::layer) to the finished router. There axum has already matched the
//! route (so a span has its name and `http.route` from the start, when the sampler looks at it), and every route, nested
//! route, fallback and method-not-allowed answer is inside.

use super::{
    end::EndOfExchange, response_body::TracedBody, running::Running, tracer::ExchangeTracer,
};
use axum::{body::Body, extract::Request, response::IntoResponse, response::Response};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    mem,
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
    /// Polls and drops the handler in the exchange's context, then hands the exchange to the body.
    pub(crate) struct TracingFuture<F> {
        // None once it has answered.
        #[pin]
        inner: Option<F>,
        running: Running,
    }

    impl<F> PinnedDrop for TracingFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What the handler holds is dropped, and its spans end, before the SERVER span does.
            if this.inner.is_some() {
                this.running.run(|| this.inner.set(None));
            }
        }
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

    fn call(&mut self, mut request: Request) -> Self::Future {
        let mut running = self.tracer.start(&request);
        if let Some(exchange) = &mut running.exchange {
            exchange.count(request.body_mut());
        }
        let inner = Some(running.run(|| self.inner.call(request)));
        TracingFuture { inner, running }
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
        let mut this = self.project();
        let answer = this.running.run(|| {
            let Some(inner) = this.inner.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            let answer = inner.poll(cx);
            if answer.is_ready() {
                this.inner.set(None);
            }
            answer
        });
        let mut response = match ready!(answer) {
            Ok(answer) => answer.into_response(),
            Err(never) => match never {},
        };
        let mut running = mem::take(this.running);
        if let Some(exchange) = &mut running.exchange {
            exchange.answered(&mut response);
            if exchange.is_over_at_head(&response) {
                running.end(EndOfExchange::Complete);
                return Poll::Ready(Ok(response));
            }
        }
        let (head, body) = response.into_parts();
        let body = TracedBody::new(body, &head.headers, running);
        Poll::Ready(Ok(Response::from_parts(head, Body::new(body))))
    }
}
