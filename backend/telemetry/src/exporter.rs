//! Exporters of any type, behind one.

use futures_core::future::BoxFuture;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use std::{fmt, time::Duration};

/// [`SpanExporter`], which is not dyn-compatible, as a trait that is.
pub(crate) trait AnyExporter: fmt::Debug + Send + Sync {
    /// Its type, for logs: its `Debug` form may hold keys.
    fn name(&self) -> &'static str;
    fn export(&self, batch: Vec<SpanData>) -> BoxFuture<'_, OTelSdkResult>;
    fn set_resource(&mut self, resource: &Resource);
    fn shutdown(&self, timeout: Duration) -> OTelSdkResult;
}

impl<E: SpanExporter> AnyExporter for E {
    fn name(&self) -> &'static str {
        std::any::type_name::<E>()
    }

    fn export(&self, batch: Vec<SpanData>) -> BoxFuture<'_, OTelSdkResult> {
        Box::pin(SpanExporter::export(self, batch))
    }

    fn set_resource(&mut self, resource: &Resource) {
        SpanExporter::set_resource(self, resource);
    }

    fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        self.shutdown_with_timeout(timeout)
    }
}
