//! Metrics by OTLP.

use super::{super::Ended, client::Client};
use crate::processor::random;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
};
use prost::Message;
use std::time::Duration;
use throughline_core::pipeline::{Outcome, Retry};
use tokio::time::sleep;

/// Exports metrics, and tries again as often as the pipeline does for the other signals. What drives it gives it up.
#[derive(Debug)]
pub(crate) struct OtlpMetrics {
    pub(super) client: Client,
    pub(super) temporality: Temporality,
}

impl PushMetricExporter for OtlpMetrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let request = ExportMetricsServiceRequest::from(metrics).encode_to_vec();
        let retry = Retry::default();
        let mut attempt = 1;
        loop {
            let Ended { outcome, message } = self.client.export(request.clone()).await;
            match outcome {
                Outcome::Exported { rejected: 0 } => return Ok(()),
                Outcome::Retry { after } if attempt < retry.max_attempts => {
                    let asked = after.unwrap_or_default().min(retry.max_retry_after);
                    sleep(retry.backoff(attempt, random()).max(asked)).await;
                    attempt += 1;
                }
                _ => return Err(OTelSdkError::InternalFailure(message)),
            }
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}
