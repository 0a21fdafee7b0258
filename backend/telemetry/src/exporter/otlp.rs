//! OTLP over HTTP and gRPC, for each signal.
//!
//! Everything is told to the exporters by value: what the environment says was read before. They are to be made inside
//! the runtime that will drive them.

use super::tls;
use crate::settings::{Compression, Otlp, Protocol};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{
    LogExporter, MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
    tonic_types::metadata::MetadataMap,
};
use std::error::Error;
use throughline_core::redact;

/// Why there is no exporter.
#[derive(Debug, thiserror::Error)]
#[error("no exporter to `{url}`: {reason}")]
pub(crate) struct OtlpError {
    /// Without credentials.
    pub(crate) url: String,
    pub(crate) reason: String,
}

/// The three exporters are built alike, by builders that share no trait.
macro_rules! exporter {
    ($(#[$doc:meta])* $name:ident: $exporter:ty) => {
        $(#[$doc])*
        pub(crate) fn $name(&self) -> Result<$exporter, OtlpError> {
            let built = match self.protocol {
                Protocol::HttpProtobuf => self
                    .http(<$exporter>::builder().with_http())
                    .and_then(|builder| Ok(builder.build()?)),
                Protocol::Grpc => self
                    .grpc(<$exporter>::builder().with_tonic())
                    .and_then(|builder| Ok(builder.build()?)),
            };
            built.map_err(|error| self.error(error.as_ref()))
        }
    };
}

type Built<B> = Result<B, Box<dyn Error>>;

// === impl Otlp ===

impl Otlp {
    exporter!(
        /// For spans.
        span_exporter: SpanExporter
    );
    exporter!(
        /// For metrics.
        metric_exporter: MetricExporter
    );
    exporter!(
        /// For logs.
        log_exporter: LogExporter
    );

    fn http<B: WithExportConfig + WithHttpConfig>(&self, builder: B) -> Built<B> {
        let client = HyperClient::new(tls::connector(&self.tls)?, self.timeout, None);
        let mut builder = builder
            .with_endpoint(&self.url)
            .with_timeout(self.timeout)
            .with_headers(self.headers.0.iter().cloned().collect())
            .with_http_client(client);
        if self.compression == Compression::Gzip {
            builder = builder.with_compression(opentelemetry_otlp::Compression::Gzip);
        }
        Ok(builder)
    }

    fn grpc<B: WithExportConfig + WithTonicConfig>(&self, builder: B) -> Built<B> {
        let headers = self.headers.0.iter();
        let headers: http::HeaderMap = headers
            .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
            .collect();
        let mut builder = builder
            .with_endpoint(&self.url)
            .with_timeout(self.timeout)
            .with_metadata(MetadataMap::from_headers(headers));
        // Like the exporter: an address without a scheme is one of TLS.
        if !self.url.starts_with("http://") {
            builder = builder.with_tls_config(tls::of_grpc(&self.tls)?);
        }
        if self.compression == Compression::Gzip {
            builder = builder.with_compression(opentelemetry_otlp::Compression::Gzip);
        }
        Ok(builder)
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
