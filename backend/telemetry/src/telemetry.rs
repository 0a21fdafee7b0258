//! The guard that the set-up returns.

use crate::{
    http::{ExchangeTracer, Rules, TracingLayer},
    processor::Processor,
};
use axum::Router;
use opentelemetry::{
    global::{self, BoxedTracer},
    trace::{TracerProvider as _, noop::NoopTracerProvider},
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::{borrow::Cow, fmt, sync::Arc, thread, time::Duration};
use throughline_core::{names::scope, pipeline::Ledger};
use tokio::sync::oneshot;
use tracing::Dispatch;

/// Telemetry, set up. Clones share it.
///
/// Call [`shutdown`](Self::shutdown) before the process ends, or the last spans are lost.
#[derive(Clone)]
pub struct Telemetry {
    provider: Provider,
    processor: Option<Processor>,
    http: Arc<Rules>,
    subscriber: Dispatch,
}

#[derive(Clone)]
enum Provider {
    Enabled(SdkTracerProvider),
    Disabled(NoopTracerProvider),
}

/// Not everything that had ended was exported in time. What is left is still tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not all spans were exported within {0:?}")]
pub struct DeadlineExceeded(pub Duration);

// === impl Telemetry ===

impl Telemetry {
    pub(crate) fn enabled(
        provider: SdkTracerProvider,
        processor: Processor,
        http: Arc<Rules>,
        subscriber: Dispatch,
    ) -> Self {
        Self {
            provider: Provider::Enabled(provider),
            processor: Some(processor),
            http,
            subscriber,
        }
    }

    pub(crate) fn disabled(
        provider: NoopTracerProvider,
        http: Arc<Rules>,
        subscriber: Dispatch,
    ) -> Self {
        Self {
            provider: Provider::Disabled(provider),
            processor: None,
            http,
            subscriber,
        }
    }

    pub(crate) fn provider(&self) -> Option<&SdkTracerProvider> {
        match &self.provider {
            Provider::Enabled(provider) => Some(provider),
            Provider::Disabled(_) => None,
        }
    }

    /// Traces every exchange of a router: one SERVER span each, from the request's head to the response's last byte.
    ///
    /// Give it the finished router: what is added to the result is not traced. Routes, nested routers and fallbacks that
    /// were added before are, in whatever order. The span is current in handlers and in the middleware inside; middleware
    /// added to the result runs outside of it.
    ///
    /// `http.route` is unknown for services mounted with [`Router::nest_service`]: their spans are named by the method.
    pub fn instrument<S>(&self, router: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        router.layer(TracingLayer {
            tracer: Arc::new(ExchangeTracer::new(
                self.tracer(scope::AXUM),
                &global::meter(scope::AXUM),
                Arc::clone(&self.http),
            )),
        })
    }

    /// A tracer for spans of one's own. Where `tracing`'s spans do, use those.
    pub fn tracer(&self, scope: impl Into<Cow<'static, str>>) -> BoxedTracer {
        BoxedTracer::new(match &self.provider {
            Provider::Enabled(provider) => Box::new(provider.tracer(scope)),
            Provider::Disabled(provider) => Box::new(provider.tracer(scope)),
        })
    }

    /// The `tracing` subscriber, for [`with_default`](tracing::dispatcher::with_default) in tests.
    /// [`install`](crate::Builder::install) has set it already.
    pub fn subscriber(&self) -> Dispatch {
        self.subscriber.clone()
    }

    /// What became of every span, over all exporters: a span counts once for each.
    pub fn ledgers(&self) -> Vec<Ledger> {
        self.processor
            .as_ref()
            .map(Processor::ledgers)
            .unwrap_or_default()
    }

    /// Waits until every span that has ended is exported, or dropped, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`DeadlineExceeded`].
    pub async fn flush(&self, timeout: Duration) -> Result<(), DeadlineExceeded> {
        let Some(processor) = self.processor.clone() else {
            return Ok(());
        };
        let flushed = off_runtime(move || processor.flush(timeout)).await;
        match flushed {
            Some(Ok(())) => Ok(()),
            _ => Err(DeadlineExceeded(timeout)),
        }
    }

    /// Exports what it can within `timeout`, drops the rest, and says what became of every span (see
    /// [`ledgers`](Self::ledgers)). Nothing is recorded afterwards.
    ///
    /// It never takes longer, whatever exporters do, and works on any runtime: it needs no free worker of it.
    pub async fn shutdown(&self, timeout: Duration) -> Vec<Ledger> {
        if let Provider::Enabled(provider) = &self.provider {
            let provider = provider.clone();
            let _in_time = off_runtime(move || provider.shutdown_with_timeout(timeout)).await;
        }
        self.ledgers()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("http", &self.http)
            .field("ledgers", &self.ledgers())
            .finish_non_exhaustive()
    }
}

/// Runs what blocks on a thread of its own: not on one of the runtime's, of which there may be none left.
async fn off_runtime<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = oneshot::channel();
    let thread = thread::Builder::new().name("throughline-flush".to_owned());
    thread
        .spawn(move || {
            let _nobody_waits = done.send(f());
        })
        .ok()?;
    result.await.ok()
}
