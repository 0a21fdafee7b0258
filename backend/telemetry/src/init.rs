//! The set-up: one call in `main`, before anything else.

use crate::{
    error,
    exporter::AnyExporter,
    http::{ExcludedPaths, HttpSettings, InvalidHttpSetting},
    logs::{JsonLines, log_filter, span_filter},
    processor::{Processing, Processor},
    resource::{self, Service},
    settings::{Sdk, Variables},
    telemetry::Telemetry,
};
use opentelemetry::{
    global,
    trace::{TracerProvider as _, noop::NoopTracerProvider},
};
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, ShouldSample, SpanExporter};
use std::{io, sync::Arc};
use throughline_core::{redact, w3c::W3cPropagator};
use tracing::{Dispatch, dispatcher, level_filters::LevelFilter};
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::{
    Layer,
    fmt::{MakeWriter, writer::BoxMakeWriter},
    layer::SubscriberExt,
};

/// Paths that are not traced unless [`Builder::excluded_paths`] says otherwise: telemetry's own, and health checks.
pub const EXCLUDED_PATHS: [&str; 4] = ["/v1", "/telemetry", "/healthz", "/readyz"];

/// The scope of the spans that `tracing` makes.
const TRACING_SCOPE: &str = "tracing";

/// What [`init`] returns: what to set up, and how.
#[derive(Debug)]
#[must_use = "nothing is set up before `install`"]
pub struct Builder {
    service: Service,
    variables: Variables,
    exporters: Vec<(Processing, Box<dyn AnyExporter>)>,
    sampler: Option<Box<dyn ShouldSample>>,
    http: HttpSettings,
    log_writer: BoxMakeWriter,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The operating system gave no thread, or no event queue, to an exporter.
    #[error("the thread that exports spans could not be started: raise the limits of the process")]
    Thread(#[source] io::Error),
    /// The OTLP exporter refused its settings.
    #[error(
        "no exporter to `{url}`: check OTEL_EXPORTER_OTLP_ENDPOINT and the other OTEL_EXPORTER_OTLP_* variables"
    )]
    Otlp {
        /// Where the spans were to go, without credentials.
        url: String,
        /// What the exporter says.
        source: ExporterBuildError,
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
        exporters: Vec::new(),
        sampler: None,
        http: HttpSettings::new(ExcludedPaths::new(EXCLUDED_PATHS.map(str::to_owned))),
        log_writer: BoxMakeWriter::new(io::stdout),
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
        self.exporters.push((processing, Box::new(exporter)));
        self
    }

    /// Which traces are recorded, unless `OTEL_TRACES_SAMPLER` says so. By default all, but for those whose caller
    /// decided otherwise.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
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

    /// Where the JSON lines go, in place of the standard output.
    pub fn log_to<W>(mut self, writer: W) -> Self
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        self.log_writer = BoxMakeWriter::new(writer);
        self
    }

    /// Sets everything up, for the whole process: the tracer provider and the propagator of `opentelemetry`, the
    /// subscriber of `tracing`, that of the `log` crate if it has none, and a panic hook before the one that is set.
    ///
    /// # Errors
    ///
    /// [`InstallError`]: then nothing global was changed.
    pub fn install(self) -> Result<Telemetry, InstallError> {
        let exception_signal = self.variables.exception_signal;
        let telemetry = self.build()?;
        dispatcher::set_global_default(telemetry.subscriber())
            .map_err(|_already_set| InstallError::SubscriberIsSet)?;
        // An application that has a logger of its own keeps it.
        let _ = LogTracer::builder()
            .with_max_level(LevelFilter::current().as_log())
            .init();
        error::set_exception_signal(exception_signal);
        error::record_panics();
        global::set_text_map_propagator(W3cPropagator::new());
        if let Some(provider) = telemetry.provider() {
            global::set_tracer_provider(provider.clone());
        }
        Ok(telemetry)
    }

    /// Like [`install`](Self::install), but changes nothing global: for tests, of which several run in one process.
    ///
    /// # Errors
    ///
    /// [`InstallError`].
    pub fn build(mut self) -> Result<Telemetry, InstallError> {
        let http = Arc::new(self.http.rules(&self.variables.http)?);
        let directives = self.variables.log_filter.take();
        let directives = directives.as_deref();
        if self.variables.sdk == Sdk::Disabled {
            let logs = JsonLines::new(self.log_writer).with_filter(log_filter(directives));
            let subscriber = tracing_subscriber::registry().with(logs);
            return Ok(Telemetry::disabled(
                NoopTracerProvider::new(),
                http,
                Dispatch::new(subscriber),
            ));
        }
        if let Some(url) = self.variables.otlp_traces_url.take() {
            let exporter = Box::new(otlp(&url)?);
            self.exporters.push((Processing::Batch, exporter));
        }
        let resource = resource::of_this_process(&self.service, &self.variables);
        let batch = self.variables.batch;
        let exporters = self.exporters.into_iter();
        let exporters =
            exporters.map(|(processing, exporter)| (processing.settings(batch), exporter));
        let processor =
            Processor::start(exporters.collect(), &resource).map_err(InstallError::Thread)?;
        let sampler: Box<dyn ShouldSample> = match (self.variables.sampler, self.sampler) {
            (Some(named), _) => named.sampler(),
            (None, Some(given)) => given,
            (None, None) => Box::new(Sampler::parent_based(Sampler::AlwaysOn)),
        };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor.clone())
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        // A span has the attributes that its code gives it, and no others.
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(TRACING_SCOPE))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(span_filter());
        let logs = JsonLines::new(self.log_writer).with_filter(log_filter(directives));
        let subscriber = tracing_subscriber::registry().with(spans).with(logs);
        Ok(Telemetry::enabled(
            provider,
            processor,
            http,
            Dispatch::new(subscriber),
        ))
    }
}

fn otlp(url: &str) -> Result<opentelemetry_otlp::SpanExporter, InstallError> {
    opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(url)
        .build()
        .map_err(|error| InstallError::Otlp {
            url: redact::url(url).into_owned(),
            source: redacted(error),
        })
}

/// People put keys into URLs, and errors into logs.
fn redacted(error: ExporterBuildError) -> ExporterBuildError {
    let redacted = |text: String| redact::url(&text).into_owned();
    match error {
        ExporterBuildError::InvalidConfiguration(text) => {
            ExporterBuildError::InvalidConfiguration(redacted(text))
        }
        ExporterBuildError::InternalFailure(text) => {
            ExporterBuildError::InternalFailure(redacted(text))
        }
    }
}
