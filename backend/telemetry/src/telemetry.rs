//! The guard that the set-up returns.

use crate::{
    http::{ExchangeTracer, Rules, TracingLayer},
    metrics::{Meter, Metrics},
    processor::LogRecords,
    trace::{AnyTracer, TracerProvider},
};
use axum::Router;
use opentelemetry::{
    global::BoxedTracer,
    metrics::{MeterProvider as _, noop::NoopMeterProvider},
    trace::{TracerProvider as _, noop::NoopTracerProvider},
};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use std::{borrow::Cow, fmt, sync::Arc, thread, time::Duration};
use throughline_core::{names::scope, pipeline::Ledger};
use tokio::sync::oneshot;
use tracing::Dispatch;

/// Telemetry, set up. Clones share it.
///
/// Call [`shutdown`](Self::shutdown) before the process ends, or the last spans are lost.
#[derive(Clone)]
pub struct Telemetry {
    /// None if telemetry is disabled.
    providers: Option<Providers>,
    http: Arc<Rules>,
    subscriber: Dispatch,
}

/// What makes and exports the three signals.
#[derive(Clone, Debug)]
pub(crate) struct Providers {
    pub(crate) traces: TracerProvider,
    pub(crate) metrics: Metrics,
    /// None if nobody wants logs but as lines.
    pub(crate) logs: Option<Logs>,
}

/// What makes and exports log records.
#[derive(Clone, Debug)]
pub(crate) struct Logs {
    pub(crate) provider: SdkLoggerProvider,
    pub(crate) records: LogRecords,
}

/// Not everything that had ended was exported in time. What is left is still tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not all telemetry was exported within {0:?}")]
pub struct DeadlineExceeded(pub Duration);

// === impl Telemetry ===

impl Telemetry {
    pub(crate) fn enabled(providers: Providers, http: Arc<Rules>, subscriber: Dispatch) -> Self {
        Self {
            providers: Some(providers),
            http,
            subscriber,
        }
    }

    pub(crate) fn disabled(http: Arc<Rules>, subscriber: Dispatch) -> Self {
        Self {
            providers: None,
            http,
            subscriber,
        }
    }

    pub(crate) fn providers(&self) -> Option<&Providers> {
        self.providers.as_ref()
    }

    /// Traces every exchange of a router: one SERVER span each, from the request's head to the response's last byte.
    ///
    /// Give it the finished router: what is added to the result is not traced. Routes, nested routers and fallbacks that
    /// were added before are, in whatever order. The span is current in handlers and in the middleware inside; middleware
    /// added to the result runs outside of it.
    ///
    /// `http.route` is unknown for services mounted with [`Router::nest_service`]: their spans are named by the method.
    pub fn trace<S>(&self, router: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        router.layer(TracingLayer {
            tracer: Arc::new(ExchangeTracer::new(
                self.own_tracer(scope::AXUM),
                &self.raw_meter(scope::AXUM),
                Arc::clone(&self.http),
            )),
        })
    }

    fn own_tracer(&self, scope: &'static str) -> AnyTracer {
        match &self.providers {
            Some(providers) => AnyTracer::Ours(providers.traces.tracer(scope)),
            None => AnyTracer::None,
        }
    }

    /// A tracer for spans of one's own. Where `tracing`'s spans do, use those.
    pub fn tracer(&self, scope: impl Into<Cow<'static, str>>) -> BoxedTracer {
        BoxedTracer::new(match &self.providers {
            Some(providers) => Box::new(providers.traces.tracer(scope)),
            None => Box::new(NoopTracerProvider::new().tracer(scope)),
        })
    }

    /// A meter for metrics of one's own. [`metrics::meter`](crate::metrics::meter) gives the same one after
    /// [`install`](crate::Builder::install).
    pub fn meter(&self, scope: &'static str) -> Meter {
        Meter::new(self.raw_meter(scope))
    }

    fn raw_meter(&self, scope: &'static str) -> opentelemetry::metrics::Meter {
        match &self.providers {
            Some(providers) => providers.metrics.provider.meter(scope),
            None => NoopMeterProvider::new().meter(scope),
        }
    }

    /// The `tracing` subscriber, for [`with_default`](tracing::dispatcher::with_default) in tests.
    /// [`install`](crate::Builder::install) has set it already.
    pub fn subscriber(&self) -> Dispatch {
        self.subscriber.clone()
    }

    /// What became of every span, over all exporters: a span counts once for each.
    pub fn ledgers(&self) -> Vec<Ledger> {
        let providers = self.providers.as_ref();
        providers
            .map(|it| it.traces.lanes().ledgers())
            .unwrap_or_default()
    }

    /// What became of every log record, over all exporters of logs. Lines are not counted.
    pub fn log_ledgers(&self) -> Vec<Ledger> {
        let logs = self.providers.as_ref().and_then(|it| it.logs.as_ref());
        logs.map(|it| it.records.lanes.ledgers())
            .unwrap_or_default()
    }

    /// Waits until every span that has ended, every log and every measurement is exported, or dropped, for `timeout` at
    /// most.
    ///
    /// # Errors
    ///
    /// [`DeadlineExceeded`].
    pub async fn flush(&self, timeout: Duration) -> Result<(), DeadlineExceeded> {
        let Some(providers) = self.providers.clone() else {
            return Ok(());
        };
        let (traces, logs, metrics) = (providers.traces, providers.logs, providers.metrics);
        let flushed = tokio::join!(
            off_runtime(move || traces.lanes().flush(timeout).is_ok()),
            off_runtime(move || logs.is_none_or(|it| it.records.lanes.flush(timeout).is_ok())),
            off_runtime(move || metrics.flush(timeout)),
        );
        match flushed {
            (Some(true), Some(true), Some(true)) => Ok(()),
            _ => Err(DeadlineExceeded(timeout)),
        }
    }

    /// Exports what it can within `timeout`, drops the rest, and says what became of every span (see
    /// [`ledgers`](Self::ledgers)). Nothing is recorded afterwards.
    ///
    /// It never takes longer, whatever exporters do, and works on any runtime: it needs no free worker of it.
    pub async fn shutdown(&self, timeout: Duration) -> Vec<Ledger> {
        if let Some(providers) = self.providers.clone() {
            let (traces, logs, metrics) = (providers.traces, providers.logs, providers.metrics);
            let _in_time = tokio::join!(
                off_runtime(move || traces.shutdown(timeout).is_ok()),
                off_runtime(
                    move || logs.map(|it| it.provider.shutdown_with_timeout(timeout).is_ok())
                ),
                off_runtime(move || metrics.shutdown(timeout)),
            );
        }
        self.ledgers()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("http", &self.http)
            .field("ledgers", &self.ledgers())
            .field("log_ledgers", &self.log_ledgers())
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
