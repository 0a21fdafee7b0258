//! A metric exporter with a runtime of its own.

use super::OwnRuntime;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
};
use parking_lot::Mutex;
use std::{
    any::type_name,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::timeout;

/// Drives an exporter on the thread of the SDK's periodic reader, which has no runtime, and gives it up after a time,
/// which the reader does not.
pub(crate) struct Driven<E> {
    exporter: E,
    runtime: Mutex<OwnRuntime>,
    timeout: Duration,
    /// Whether the last export failed.
    failing: AtomicBool,
}

// === impl Driven ===

impl<E> Driven<E> {
    pub(crate) fn new(exporter: E, runtime: OwnRuntime, timeout: Duration) -> Self {
        Self {
            exporter,
            runtime: Mutex::new(runtime),
            timeout,
            failing: AtomicBool::new(false),
        }
    }

    /// Logs the first failure of a row, and the recovery. The reader tells nobody.
    fn report(&self, result: &OTelSdkResult) {
        let exporter = type_name::<E>();
        match (
            self.failing.swap(result.is_err(), Ordering::Relaxed),
            result,
        ) {
            (false, Err(error)) => {
                tracing::warn!(%error, exporter, "metrics cannot be exported, trying again");
            }
            (true, Ok(())) => tracing::info!(exporter, "metrics are exported again"),
            _ => {}
        }
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Driven<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let export = async { timeout(self.timeout, self.exporter.export(metrics)).await };
        let result = match self.runtime.lock().block_on(export) {
            Some(Ok(result)) => result,
            Some(Err(_late)) => Err(OTelSdkError::Timeout(self.timeout)),
            None => Err(OTelSdkError::AlreadyShutdown),
        };
        self.report(&result);
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
