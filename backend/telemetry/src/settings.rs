//! What the `OTEL_*` variables, and `RUST_LOG`, say.
//!
//! They are read through a function, so that tests and embedders need no environment. What makes no sense is warned
//! about and ignored: a typing error costs nobody the application.

mod limits;
mod otlp;
mod read;
mod sampler;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use self::otlp::Headers;
pub(crate) use self::{
    limits::Limits,
    otlp::{Compression, Destinations, Otlp, Protocol, Signal, Tls},
    read::Reader,
    sampler::SamplerName,
};
use crate::{error::ExceptionSignal, http::HttpVariables};
use percent_encoding::percent_decode_str;
use std::time::Duration;
use throughline_core::{names::resource as names, pipeline::Settings as BatchSettings};
use tracing::level_filters::LevelFilter;

/// Attempts to export one batch. The pauses between them are six minutes; what they may keep waiting is bounded by the queue.
const MAX_EXPORT_ATTEMPTS: u32 = 20;

/// The variables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variables {
    pub(crate) sdk: Sdk,
    /// `OTEL_SERVICE_NAME`.
    pub(crate) service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES`, decoded.
    pub(crate) resource_attributes: Vec<(String, String)>,
    pub(crate) sampler: Option<SamplerName>,
    /// `OTEL_PROPAGATORS`.
    pub(crate) propagators: Option<Vec<Propagator>>,
    pub(crate) traces: Destinations,
    pub(crate) metrics: Destinations,
    pub(crate) logs: Destinations,
    /// `OTEL_BSP_*`.
    pub(crate) batch: BatchSettings,
    /// `OTEL_BLRP_*`.
    pub(crate) log_batch: BatchSettings,
    /// `OTEL_METRIC_EXPORT_INTERVAL`.
    pub(crate) metric_interval: Option<Duration>,
    /// `OTEL_METRIC_EXPORT_TIMEOUT`.
    pub(crate) metric_timeout: Option<Duration>,
    pub(crate) limits: Limits,
    /// `RUST_LOG`.
    pub(crate) log_filter: Option<String>,
    /// `OTEL_LOG_LEVEL`: of what telemetry itself logs.
    pub(crate) own_log_level: Option<LevelFilter>,
    /// `HOSTNAME`, for systems without `/proc`.
    pub(crate) host_name: Option<String>,
    /// `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`.
    pub(crate) exception_signal: ExceptionSignal,
    pub(crate) http: HttpVariables,
    /// What was ignored, and what is wanted in its place.
    pub(crate) warnings: Vec<String>,
}

/// `OTEL_SDK_DISABLED`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sdk {
    #[default]
    Enabled,
    /// Nothing is recorded or exported. Trace context still passes through, and logs are written.
    Disabled,
}

/// One of `OTEL_PROPAGATORS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagator {
    TraceContext,
    Baggage,
    None,
}

// === impl Variables ===

impl Variables {
    pub(crate) fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let read = Reader::new(&var);
        let mut variables = Self {
            sdk: if read.flag("OTEL_SDK_DISABLED") {
                Sdk::Disabled
            } else {
                Sdk::Enabled
            },
            service_name: read.text("OTEL_SERVICE_NAME"),
            resource_attributes: resource_attributes(&read),
            sampler: SamplerName::read(&read),
            propagators: read.words(
                "OTEL_PROPAGATORS",
                &[
                    ("tracecontext", Propagator::TraceContext),
                    ("baggage", Propagator::Baggage),
                    ("none", Propagator::None),
                ],
            ),
            traces: Destinations::read(&read, Signal::Traces),
            metrics: Destinations::read(&read, Signal::Metrics),
            logs: Destinations::read(&read, Signal::Logs),
            batch: batch(&read, "OTEL_BSP", patient()),
            log_batch: batch(
                &read,
                "OTEL_BLRP",
                // Logs wait a second, not five: so the specification has it.
                BatchSettings {
                    schedule_delay: Duration::from_secs(1),
                    ..patient()
                },
            ),
            metric_interval: read.milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 1),
            metric_timeout: read.milliseconds("OTEL_METRIC_EXPORT_TIMEOUT", 1),
            limits: Limits::read(&read),
            log_filter: read.text("RUST_LOG"),
            own_log_level: own_log_level(&read),
            host_name: read.text("HOSTNAME"),
            exception_signal: read
                .text("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN")
                .map_or_else(ExceptionSignal::default, |list| {
                    ExceptionSignal::parse(&list)
                }),
            http: HttpVariables::read(&read),
            warnings: Vec::new(),
        };
        variables.warnings = read.into_warnings();
        variables
    }

    /// A resource attribute by its key.
    pub(crate) fn resource_attribute(&self, key: &str) -> Option<&str> {
        let found = self
            .resource_attributes
            .iter()
            .find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// The service's name: `OTEL_SERVICE_NAME` wins over the attribute.
    pub(crate) fn service_name(&self) -> Option<&str> {
        let attribute = || self.resource_attribute(names::SERVICE_NAME);
        self.service_name.as_deref().or_else(attribute)
    }
}

impl Default for Variables {
    /// As if no variable were set.
    fn default() -> Self {
        Self::read(|_name| None)
    }
}

/// The defaults of a page, but for how long an outage may last: a server is there to see its end.
fn patient() -> BatchSettings {
    let mut settings = BatchSettings::default();
    settings.retry.max_attempts = MAX_EXPORT_ATTEMPTS;
    settings
}

fn batch(read: &Reader<'_>, prefix: &str, default: BatchSettings) -> BatchSettings {
    let name = |suffix| format!("{prefix}_{suffix}");
    let milliseconds = |suffix, least| read.milliseconds(&name(suffix), least);
    BatchSettings {
        max_queue_size: read
            .number(&name("MAX_QUEUE_SIZE"), 1)
            .unwrap_or(default.max_queue_size),
        max_export_batch_size: read
            .number(&name("MAX_EXPORT_BATCH_SIZE"), 1)
            .unwrap_or(default.max_export_batch_size),
        schedule_delay: milliseconds("SCHEDULE_DELAY", 0).unwrap_or(default.schedule_delay),
        export_timeout: milliseconds("EXPORT_TIMEOUT", 1).unwrap_or(default.export_timeout),
        ..default
    }
}

fn own_log_level(read: &Reader<'_>) -> Option<LevelFilter> {
    read.word(
        "OTEL_LOG_LEVEL",
        &[
            ("none", LevelFilter::OFF),
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ],
    )
}

/// `key=value,key=value`, values percent-encoded.
fn resource_attributes(read: &Reader<'_>) -> Vec<(String, String)> {
    const NAME: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let list = read.text(NAME).unwrap_or_default();
    let mut attributes = Vec::new();
    for pair in list.split(',').filter(|pair| !pair.trim().is_empty()) {
        let decoded = pair.split_once('=').and_then(|(key, value)| {
            let key = key.trim();
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            (!key.is_empty()).then(|| (key.to_owned(), value.into_owned()))
        });
        match decoded {
            Some(attribute) => attributes.push(attribute),
            None => read.warn(format_args!("a part of {NAME}"), "`key=value` is wanted"),
        }
    }
    attributes
}
