//! OTLP over HTTP and gRPC, for each signal.
//!
//! Either is one POST of one protobuf message: [`client`] sends it, [`http`] and [`grpc`] say how it is wrapped and what
//! the answer means.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>

mod client;
mod encode;
mod grpc;
mod http;
mod metrics;
mod status;
#[cfg(test)]
mod tests;
mod transport;

pub(crate) use self::metrics::OtlpMetrics;
use self::{client::Client, encode::SpanEncoder};
use super::{AnyExporter, Ended, ScopedLog};
use crate::settings::Otlp;
use futures_core::future::BoxFuture;
use opentelemetry_proto::{
    tonic::collector::logs::v1::ExportLogsServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, logs::tonic::group_logs_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{Resource, error::OTelSdkResult, logs::LogBatch, trace::SpanData};
use prost::Message;
use std::{error::Error, sync::Arc, time::Duration};
use throughline_core::redact;

/// Why there is no exporter.
#[derive(Debug, thiserror::Error)]
#[error("no exporter to `{url}`: {reason}")]
pub(crate) struct OtlpError {
    /// Without credentials.
    pub(crate) url: String,
    pub(crate) reason: String,
}

/// Exports spans.
#[derive(Debug)]
pub(crate) struct OtlpSpans {
    client: Client,
    encoder: SpanEncoder,
}

/// Exports log records.
#[derive(Debug)]
pub(crate) struct OtlpLogRecords {
    client: Client,
    resource: ResourceAttributesWithSchema,
}

// === impl Otlp ===

impl Otlp {
    /// For spans.
    pub(crate) fn span_exporter(&self) -> Result<OtlpSpans, OtlpError> {
        Ok(OtlpSpans {
            client: self.client("trace.v1.TraceService")?,
            encoder: SpanEncoder::default(),
        })
    }

    /// For logs.
    pub(crate) fn log_exporter(&self) -> Result<OtlpLogRecords, OtlpError> {
        Ok(OtlpLogRecords {
            client: self.client("logs.v1.LogsService")?,
            resource: ResourceAttributesWithSchema::default(),
        })
    }

    /// For metrics.
    pub(crate) fn metric_exporter(&self) -> Result<OtlpMetrics, OtlpError> {
        let client = self.client("metrics.v1.MetricsService")?;
        Ok(OtlpMetrics {
            client,
            temporality: self.temporality,
        })
    }

    fn client(&self, service: &str) -> Result<Client, OtlpError> {
        Client::new(self, service).map_err(|error| self.error(error.as_ref()))
    }

    /// People put keys into URLs, and errors into logs.
    fn error(&self, error: &(dyn Error + 'static)) -> OtlpError {
        let reason = redact::url(&error.to_string()).into_owned();
        OtlpError {
            url: redact::url(&self.url).into_owned(),
            reason,
        }
    }
}

// === impl OtlpSpans ===

impl AnyExporter<SpanData> for OtlpSpans {
    fn name(&self) -> &'static str {
        self.client.name()
    }

    fn export(&self, batch: Vec<Arc<SpanData>>) -> BoxFuture<'_, Ended> {
        let request = self.encoder.request(&batch);
        Box::pin(async move { self.client.export(request).await })
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.encoder = SpanEncoder::new(resource);
    }

    fn shutdown(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

// === impl OtlpLogRecords ===

impl AnyExporter<ScopedLog> for OtlpLogRecords {
    fn name(&self) -> &'static str {
        self.client.name()
    }

    fn export(&self, batch: Vec<Arc<ScopedLog>>) -> BoxFuture<'_, Ended> {
        let records: Vec<_> = batch.iter().map(|log| (&log.0, &log.1)).collect();
        let batch = LogBatch::new(&records);
        let resource_logs = group_logs_by_resource_and_scope(&batch, &self.resource);
        let request = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
        Box::pin(async move { self.client.export(request).await })
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }

    fn shutdown(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
