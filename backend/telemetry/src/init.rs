//! The set-up: one call in `main`, before anything else.

mod build;
mod subscriber;

use crate::{
    error,
    exporter::{AnyExporter, ScopedLog},
    http::{ExcludedPaths, HttpSettings, InvalidHttpSetting},
    late,
    metrics::Readers,
    processor::Processing,
    propagate::{Chosen, Propagator},
    resource::Service,
    sampling::{RateLimited, UnsampledCallers},
    settings::Variables,
    telemetry::Telemetry,
    trace::{EncodedSpan, Finish, SpanMatch},
};
use opentelemetry::global;
use opentelemetry_sdk::{
    logs::LogExporter,
    metrics::{Instrument, Stream, exporter::PushMetricExporter},
    trace::{Sampler, ShouldSample, SpanExporter},
};
use std::io;
use tracing::{dispatcher, level_filters::LevelFilter};
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::fmt::{MakeWriter, writer::BoxMakeWriter};

/// Paths that are not traced unless [`Builder::excluded_paths`] says otherwise: telemetry's own, and health checks.
pub const EXCLUDED_PATHS: [&str; 6] = [
    "/v1/traces",
    "/v1/logs",
    "/v1/metrics",
    "/telemetry",
    "/healthz",
    "/readyz",
];

/// How many sets of attributes an application's instrument keeps apart, unless [`Builder::cardinality_limit`] says otherwise.
/// Those of this crate, whose attributes are routes and queries, keep the SDK's 2000.
pub const CARDINALITY_LIMIT: usize = 100;

/// What [`init`] returns: what to set up, and how.
#[derive(Debug)]
#[must_use = "nothing is set up before `install`"]
pub struct Builder {
    service: Service,
    variables: Variables,
    span_exporters: Vec<(Processing, Box<dyn AnyExporter<EncodedSpan>>)>,
    log_exporters: Vec<(Processing, Box<dyn AnyExporter<ScopedLog>>)>,
    readers: Readers,
    sampler: Option<Box<dyn ShouldSample>>,
    /// What decides where no parent does.
    root_sampler: Option<Box<dyn ShouldSample>>,
    unsampled_callers: Option<UnsampledCallers>,
    finish: Finish,
    http: HttpSettings,
    /// None: the standard output and error, as suits them.
    log_writer: Option<BoxMakeWriter>,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The operating system gave no thread, or no event queue, to an exporter.
    #[error(
        "a thread that exports telemetry could not be started: raise the limits of the process"
    )]
    Thread(#[source] io::Error),
    /// The OTLP exporter refused its settings, or a certificate could not be read.
    #[error(
        "no exporter to `{url}` ({reason}): check OTEL_EXPORTER_OTLP_ENDPOINT and the other OTEL_EXPORTER_OTLP_* variables"
    )]
    Otlp {
        /// Where telemetry was to go, without credentials.
        url: String,
        /// What is wrong, without credentials.
        reason: String,
    },
    /// A setting of [`Builder::http`], or a variable in its place, cannot be.
    #[error(transparent)]
    Http(#[from] InvalidHttpSetting),
    /// There is a global `tracing` subscriber already.
    #[error(
        "a tracing subscriber is set already: install telemetry once, and before anything else sets one"
    )]
    SubscriberIsSet,
}

/// Starts the set-up of telemetry for the service of this name.
pub fn init(service_name: impl Into<String>) -> Builder {
    Builder {
        service: Service {
            name: service_name.into(),
            version: None,
            environment: None,
        },
        variables: Variables::default(),
        span_exporters: Vec::new(),
        log_exporters: Vec::new(),
        readers: Readers::default(),
        sampler: None,
        root_sampler: None,
        unsampled_callers: None,
        finish: Finish::default(),
        http: HttpSettings::new(ExcludedPaths::new(EXCLUDED_PATHS.map(str::to_owned))),
        log_writer: None,
    }
}

// === impl Builder ===

impl Builder {
    /// Reads the `OTEL_*` variables and `RUST_LOG` from the environment of the process. They win over the code.
    pub fn from_env(self) -> Self {
        self.from_vars(|name| std::env::var(name).ok())
    }

    /// Reads the variables from a function, for tests and embedders.
    pub fn from_vars(mut self, var: impl Fn(&str) -> Option<String>) -> Self {
        self.variables = Variables::read(var);
        self
    }

    /// `service.version`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.service.version = Some(version.into());
        self
    }

    /// `deployment.environment.name`; `development` if nobody says otherwise.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.service.environment = Some(name.into());
        self
    }

    /// Exports spans to `exporter` too, in batches. Each exporter has a queue and a thread of its own: one that is down
    /// or slow does not hold up another.
    ///
    /// [`SpanExporter::export`] runs on a tokio runtime of that thread, with telemetry suppressed.
    pub fn export_to(self, exporter: impl SpanExporter + 'static) -> Self {
        self.export_with(Processing::Batch, exporter)
    }

    /// Like [`export_to`](Self::export_to), and says when spans leave for this exporter.
    pub fn export_with(
        mut self,
        processing: Processing,
        exporter: impl SpanExporter + 'static,
    ) -> Self {
        self.span_exporters.push((processing, Box::new(exporter)));
        self
    }

    /// Exports metrics to `exporter` too, every `OTEL_METRIC_EXPORT_INTERVAL` (60 s), from a thread of its own.
    pub fn export_metrics_to(mut self, exporter: impl PushMetricExporter) -> Self {
        self.readers.push(exporter);
        self
    }

    /// Exports logs to `exporter` too: the events that are also written as lines, but for those of the exporters' crates.
    pub fn export_logs_to(self, exporter: impl LogExporter + 'static) -> Self {
        self.export_logs_with(Processing::Batch, exporter)
    }

    /// Like [`export_logs_to`](Self::export_logs_to), and says when logs leave for this exporter.
    pub fn export_logs_with(
        mut self,
        processing: Processing,
        exporter: impl LogExporter + 'static,
    ) -> Self {
        self.log_exporters.push((processing, Box::new(exporter)));
        self
    }

    /// How many sets of attributes an application's instrument keeps apart, in place of [`CARDINALITY_LIMIT`]. Measurements
    /// with further ones are added up under `otel.metric.overflow=true`. 0 counts as 1.
    pub fn cardinality_limit(mut self, sets: usize) -> Self {
        // The SDK refuses the largest number, for it adds one.
        self.readers.cardinality_limit = sets.clamp(1, usize::MAX - 1);
        self
    }

    /// What an instrument's metric looks like: another name, other buckets, another limit. The first view with an answer
    /// counts, in place of [`cardinality_limit`](Self::cardinality_limit).
    pub fn metric_view(
        mut self,
        view: impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static,
    ) -> Self {
        self.readers.view(Box::new(view));
        self
    }

    /// Records this part of all traces, from 0 to 1, where no caller has decided. `OTEL_TRACES_SAMPLER` wins.
    /// [`sampling`](crate::sampling) says what to choose.
    pub fn sample_ratio(mut self, ratio: f64) -> Self {
        self.root_sampler = Some(Box::new(Sampler::TraceIdRatioBased(ratio)));
        self
    }

    /// Records so many traces a second at most, where no caller has decided. `OTEL_TRACES_SAMPLER` wins.
    pub fn sample_per_second(mut self, traces: f64) -> Self {
        self.root_sampler = Some(Box::new(RateLimited::new(traces)));
        self
    }

    /// What becomes of requests whose caller does not record its part: by default they are decided here.
    ///
    /// The samplers that `OTEL_TRACES_SAMPLER` calls `parentbased_…` respect such callers, as they are specified, unless
    /// this is called.
    pub fn unsampled_callers(mut self, unsampled: UnsampledCallers) -> Self {
        self.unsampled_callers = Some(unsampled);
        self
    }

    /// Decides by itself which spans are recorded, parents or not, unless `OTEL_TRACES_SAMPLER` says so.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// Does not export these spans, nor count them in ledgers. Unlike a sampler, it sees how they ended; it leaves their
    /// children without a parent.
    pub fn drop_spans(mut self, spans: SpanMatch) -> Self {
        self.finish.dropped.push(spans);
        self
    }

    /// Writes `REDACTED` for the value of this attribute, on spans, their events and links.
    pub fn redact_attribute(mut self, key: impl Into<String>) -> Self {
        self.finish.redacted.push(key.into());
        self
    }

    /// Takes this attribute from spans, their events and links.
    pub fn remove_attribute(mut self, key: impl Into<String>) -> Self {
        self.finish.removed.push(key.into());
        self
    }

    /// The path prefixes that are not traced, in place of [`EXCLUDED_PATHS`]. A prefix ends at the border of a segment.
    pub fn excluded_paths(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.http.excluded_paths = ExcludedPaths::new(prefixes.into_iter().map(Into::into));
        self
    }

    /// Changes how HTTP exchanges are recorded: trusted proxies, headers, hooks, what is an error.
    pub fn http(mut self, change: impl FnOnce(HttpSettings) -> HttpSettings) -> Self {
        self.http = change(self.http);
        self
    }

    /// Where the JSON lines go. Without this they go to the standard output, unless somebody looks at a terminal: then
    /// lines for people go to the standard error, and JSON lines only to a standard output that leads elsewhere.
    pub fn log_to<W>(mut self, writer: W) -> Self
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        self.log_writer = Some(BoxMakeWriter::new(writer));
        self
    }

    /// Sets everything up, for the whole process: the providers and the propagator of `opentelemetry`, the subscriber of
    /// `tracing`, that of the `log` crate if it has none, and a panic hook before the one that is set.
    ///
    /// # Errors
    ///
    /// [`InstallError`]: then nothing global was changed.
    pub fn install(self) -> Result<Telemetry, InstallError> {
        let chosen = Chosen::of(self.variables.propagators.as_deref());
        let exception_signal = self.variables.exception_signal;
        let known_methods = self.variables.http.known_methods();
        let telemetry = self.build()?;
        dispatcher::set_global_default(telemetry.subscriber())
            .map_err(|_already_set| InstallError::SubscriberIsSet)?;
        // An application that has a logger of its own keeps it.
        let _ = LogTracer::builder()
            .with_max_level(LevelFilter::current().as_log())
            .init();
        error::set_exception_signal(exception_signal);
        error::record_panics();
        chosen.set_for_this_process();
        known_methods.set_for_clients();
        global::set_text_map_propagator(Propagator::new(chosen));
        if let Some(providers) = telemetry.providers() {
            global::set_meter_provider(providers.metrics.provider.clone());
            global::set_tracer_provider(providers.traces.clone());
        }
        // Last: it is how instrumentation notices that telemetry is there, or is disabled.
        late::install(telemetry.providers().map(|it| &it.traces));
        Ok(telemetry)
    }

    /// Like [`install`](Self::install), but changes nothing global: for tests, of which several run in one process.
    ///
    /// # Errors
    ///
    /// [`InstallError`].
    pub fn build(self) -> Result<Telemetry, InstallError> {
        build::telemetry(self)
    }
}
