//! Exporters of any type, behind one.

mod console;
mod driven;
mod ended;
mod otlp;
mod runtime;
mod tls;

pub(crate) use self::{
    console::{ConsoleMetrics, ConsoleSpans},
    driven::Driven,
    ended::Ended,
    otlp::OtlpError,
    runtime::OwnRuntime,
};
use crate::trace::{self, EncodedSpan};
use futures_core::future::BoxFuture;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{LogBatch, LogExporter, SdkLogRecord},
    trace::SpanExporter,
};
use std::{fmt, sync::Arc, time::Duration};

/// A log record with the scope that it was written in.
pub(crate) type ScopedLog = Arc<(SdkLogRecord, InstrumentationScope)>;

/// An exporter of `T`s: one of ours, or the SDK's [`SpanExporter`] or [`LogExporter`], which are not dyn-compatible.
pub(crate) trait AnyExporter<T>: fmt::Debug + Send + Sync {
    /// Its type, for logs: its `Debug` form may hold keys.
    fn name(&self) -> &'static str;
    fn export(&self, batch: Vec<T>) -> BoxFuture<'_, Ended>;
    fn set_resource(&mut self, resource: &Resource);
    fn shutdown(&self, timeout: Duration) -> OTelSdkResult;
}

impl<E: SpanExporter> AnyExporter<EncodedSpan> for E {
    fn name(&self) -> &'static str {
        std::any::type_name::<E>()
    }

    fn export(&self, batch: Vec<EncodedSpan>) -> BoxFuture<'_, Ended> {
        let spans = batch.iter().map(trace::span_data).collect();
        Box::pin(async move { SpanExporter::export(self, spans).await.into() })
    }

    fn set_resource(&mut self, resource: &Resource) {
        SpanExporter::set_resource(self, resource);
    }

    fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        self.shutdown_with_timeout(timeout)
    }
}

impl<E: LogExporter> AnyExporter<ScopedLog> for E {
    fn name(&self) -> &'static str {
        std::any::type_name::<E>()
    }

    fn export(&self, batch: Vec<ScopedLog>) -> BoxFuture<'_, Ended> {
        Box::pin(async move {
            let records: Vec<_> = batch.iter().map(|log| (&log.0, &log.1)).collect();
            LogExporter::export(self, LogBatch::new(&records))
                .await
                .into()
        })
    }

    fn set_resource(&mut self, resource: &Resource) {
        LogExporter::set_resource(self, resource);
    }

    fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        self.shutdown_with_timeout(timeout)
    }
}
