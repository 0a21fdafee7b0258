//! The subscriber of `tracing`: spans, lines, and log records.

use crate::{
    error::ErrorEvents,
    logs::{Correlation, JsonLines, LogFilter, OtlpLogs, span_filter},
    resource::Service,
    settings::Variables,
    telemetry::Providers,
};
use opentelemetry::trace::TracerProvider as _;
use std::{
    io::{self, IsTerminal},
    sync::Arc,
};
use throughline_core::names::resource as names;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::{
    Layer, Registry,
    fmt::{self, writer::BoxMakeWriter},
    layer::SubscriberExt,
    registry::LookupSpan,
};

/// The scope of the spans that `tracing` makes.
const TRACING_SCOPE: &str = "tracing";

type BoxLayer<S> = Box<dyn Layer<S> + Send + Sync>;

/// What the layers for logs have in common.
struct Logging<'a> {
    variables: &'a Variables,
    service: &'a Service,
    filter: LogFilter,
    correlation: Arc<Correlation>,
}

/// Lines only.
pub(super) fn without_providers(
    variables: &Variables,
    writer: Option<BoxMakeWriter>,
    service: &Service,
) -> Dispatch {
    let logging = Logging::new(variables, service);
    let lines: Vec<BoxLayer<Registry>> = logging.lines(writer);
    logging.dispatch(tracing_subscriber::registry().with(lines))
}

/// Everything.
pub(super) fn with_providers(
    variables: &Variables,
    writer: Option<BoxMakeWriter>,
    service: &Service,
    providers: &Providers,
) -> Dispatch {
    // A span has the attributes that its code gives it, and no others.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(providers.traces.tracer(TRACING_SCOPE))
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .and_then(ErrorEvents)
        .with_filter(span_filter());
    let logging = Logging::new(variables, service);
    let mut logs = logging.lines(writer);
    if let Some(logs_out) = &providers.logs {
        let correlation = Arc::clone(&logging.correlation);
        let length = variables.limits.log_value_length;
        let records = OtlpLogs::new(&logs_out.provider, correlation, length);
        logs.push(Box::new(records.with_filter(logging.filter.exported())));
    }
    logging.dispatch(tracing_subscriber::registry().with(spans).with(logs))
}

// === impl Logging ===

impl<'a> Logging<'a> {
    fn new(variables: &'a Variables, service: &'a Service) -> Self {
        Self {
            variables,
            service,
            filter: LogFilter {
                directives: variables.log_filter.clone(),
                own_level: variables.own_log_level,
            },
            correlation: Arc::default(),
        }
    }

    /// For people on a terminal, and as JSON for everybody else: see [`Builder::log_to`](super::Builder::log_to).
    fn lines<S>(&self, writer: Option<BoxMakeWriter>) -> Vec<BoxLayer<S>>
    where
        S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        let somebody_looks = io::stderr().is_terminal();
        let mut layers: Vec<BoxLayer<S>> = Vec::new();
        if writer.is_none() && somebody_looks {
            let people = fmt::layer().with_writer(io::stderr);
            layers.push(Box::new(people.with_filter(self.filter.written())));
        }
        if writer.is_some() || !somebody_looks || !io::stdout().is_terminal() {
            let writer = writer.unwrap_or_else(|| BoxMakeWriter::new(io::stdout));
            let json = JsonLines::new(writer, Arc::clone(&self.correlation), self.members());
            layers.push(Box::new(json.with_filter(self.filter.written())));
        }
        layers
    }

    /// What every JSON line ends with.
    fn members(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let name = self.variables.service_name().unwrap_or(&self.service.name);
        let told = self.variables.resource_attribute(names::SERVICE_VERSION);
        let version = told.or(self.service.version.as_deref());
        let version = version.map(|version| (names::SERVICE_VERSION, version.to_owned()));
        [(names::SERVICE_NAME, name.to_owned())]
            .into_iter()
            .chain(version)
    }

    fn dispatch<S>(&self, subscriber: S) -> Dispatch
    where
        S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        let dispatch = Dispatch::new(subscriber.with(self.filter.wanted()));
        self.correlation.register(&dispatch);
        dispatch
    }
}
