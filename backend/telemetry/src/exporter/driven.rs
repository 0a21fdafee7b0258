//! A metric exporter with a runtime of its own.

use super::OwnRuntime;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
};
use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::timeout;

/// Drives an exporter on the thread of the SDK's periodic reader, which has no runtime, and gives it up after a time,
/// which the reader does not.
pub(crate) struct Driven<E> {
    exporter: E,
    runtime: Mutex<OwnRuntime>,
    timeout: Duration,
}

// === impl Driven ===

impl<E> Driven<E> {
    pub(crate) fn new(exporter: E, runtime: OwnRuntime, timeout: Duration) -> Self {
        Self {
            exporter,
            runtime: Mutex::new(runtime),
            timeout,
        }
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Driven<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let export = async { timeout(self.timeout, self.exporter.export(metrics)).await };
        match self.runtime.lock().block_on(export) {
            Some(Ok(result)) => result,
            Some(Err(_late)) => Err(OTelSdkError::Timeout(self.timeout)),
            None => Err(OTelSdkError::AlreadyShutdown),
        }
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
