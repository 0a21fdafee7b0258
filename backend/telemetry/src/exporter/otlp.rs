//! OTLP over HTTP and gRPC, for each signal.
//!
//! Either is one POST of one protobuf message: [`client`] sends it, [`http`] and [`grpc`] say how it is wrapped and what
//! the answer means.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>

mod client;
mod grpc;
mod http;
mod metrics;
mod status;
#[cfg(test)]
mod tests;
mod transport;

use self::client::Client;
pub(crate) use self::metrics::OtlpMetrics;
use super::{AnyExporter, Ended, ScopedLog};
use crate::{settings::Otlp, trace::EncodedSpan};
use futures_core::future::BoxFuture;
use opentelemetry_proto::{
    tonic::collector::logs::v1::ExportLogsServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, logs::tonic::group_logs_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{Resource, error::OTelSdkResult, logs::LogBatch};
use prost::Message;
use std::{error::Error, time::Duration};
use throughline_core::{
    otlp::{self, Any, Message as OtlpMessage},
    redact,
};

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
    /// What a `ResourceSpans` says of it.
    resource: Vec<u8>,
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
            resource: Vec::new(),
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

impl AnyExporter<EncodedSpan> for OtlpSpans {
    fn name(&self) -> &'static str {
        self.client.name()
    }

    fn export(&self, batch: Vec<EncodedSpan>) -> BoxFuture<'_, Ended> {
        let spans = batch.iter();
        let spans = spans.map(|it| (it.scope.encoded.as_slice(), it.bytes.as_ref()));
        let request = otlp::request(&self.resource, &spans.collect::<Vec<_>>());
        Box::pin(async move { self.client.export(request).await })
    }

    fn set_resource(&mut self, resource: &Resource) {
        let mut fields = OtlpMessage::default();
        for (key, value) in resource {
            fields.attribute(1, key.as_str(), &Any::from(value), usize::MAX);
        }
        let schema_url = resource.schema_url().unwrap_or_default();
        self.resource = otlp::of_group(&fields, schema_url).into_bytes();
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

    fn export(&self, batch: Vec<ScopedLog>) -> BoxFuture<'_, Ended> {
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
