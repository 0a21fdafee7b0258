//! From what is to be set up to what is.

use super::{Builder, InstallError, subscriber};
use crate::{
    exporter::{AnyExporter, ConsoleSpans, OtlpError, OwnRuntime, ScopedLog},
    http::Rules,
    metrics::{self, Metrics, Readers},
    processor::{Item, Lanes, LogRecords, Processing, Route},
    resource,
    sampling::{ParentBased, Traced, UnsampledCallers},
    settings::{SamplerName, Sdk, Variables},
    telemetry::{Logs, Providers, Telemetry},
    trace::{EncodedSpan, Finish, SpanSettings, TracerProvider},
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    trace::{Sampler, ShouldSample},
};
use std::{mem, sync::Arc};
use throughline_core::pipeline::Settings as BatchSettings;
use tracing::dispatcher;

pub(super) fn telemetry(mut builder: Builder) -> Result<Telemetry, InstallError> {
    let http = Arc::new(builder.http.clone().rules(&builder.variables.http)?);
    let warnings = mem::take(&mut builder.variables.warnings);
    let telemetry = if builder.variables.sdk == Sdk::Disabled {
        let subscriber =
            subscriber::without_providers(&builder.variables, builder.log_writer, &builder.service);
        Telemetry::disabled(http, subscriber)
    } else {
        enabled(builder, http)?
    };
    dispatcher::with_default(&telemetry.subscriber(), || {
        for warning in warnings {
            tracing::warn!("{warning}");
        }
    });
    Ok(telemetry)
}

fn enabled(builder: Builder, http: Arc<Rules>) -> Result<Telemetry, InstallError> {
    let variables = &builder.variables;
    let resource = resource::of_this_process(&builder.service, variables);
    let spans = span_lanes(builder.span_exporters, variables, &resource)?;
    let logs = log_lanes(builder.log_exporters, variables, &resource)?;
    let metrics = meter_provider(builder.readers, variables, &resource)?;
    observe(&metrics, &spans, &logs);

    let sampler_reads_attributes = builder.sampler.is_some();
    let sampler = sampler(
        variables.sampler,
        builder.sampler,
        builder.root_sampler,
        builder.unsampled_callers,
    );
    let settings = SpanSettings {
        sampler: Box::new(Traced(sampler)),
        sampler_reads_attributes,
        limits: variables.limits.of_spans(),
        finish: Finish {
            value_length: variables.limits.span_value_length,
            ..builder.finish
        },
    };
    let traces = TracerProvider::new(settings, spans);
    let logs = (!logs.is_empty()).then(|| {
        let records = LogRecords { lanes: logs };
        let provider = SdkLoggerProvider::builder()
            .with_log_processor(records.clone())
            .with_resource(resource)
            .build();
        Logs { provider, records }
    });
    let providers = Providers {
        traces,
        metrics,
        logs,
    };
    let subscriber =
        subscriber::with_providers(variables, builder.log_writer, &builder.service, &providers);
    Ok(Telemetry::enabled(providers, http, subscriber))
}

fn span_lanes(
    given: Vec<(Processing, Box<dyn AnyExporter<EncodedSpan>>)>,
    variables: &Variables,
    resource: &Resource,
) -> Result<Lanes<EncodedSpan>, InstallError> {
    let mut routes = routes(given, variables.batch)?;
    if let Some(otlp) = &variables.traces.otlp {
        let exporter = Box::new(otlp.span_exporter()?);
        routes.push(route(variables.batch, exporter)?);
    }
    if variables.traces.console {
        let settings = Processing::Simple.settings(variables.batch);
        routes.push(route(settings, Box::new(ConsoleSpans))?);
    }
    Lanes::start(routes, resource).map_err(InstallError::Thread)
}

/// Logs are on the console already: `OTEL_LOGS_EXPORTER=console` adds nothing to the lines.
fn log_lanes(
    given: Vec<(Processing, Box<dyn AnyExporter<ScopedLog>>)>,
    variables: &Variables,
    resource: &Resource,
) -> Result<Lanes<ScopedLog>, InstallError> {
    let mut routes = routes(given, variables.log_batch)?;
    if let Some(otlp) = &variables.logs.otlp {
        let exporter = Box::new(otlp.log_exporter()?);
        routes.push(route(variables.log_batch, exporter)?);
    }
    Lanes::start(routes, resource).map_err(InstallError::Thread)
}

fn routes<T: Item>(
    given: Vec<(Processing, Box<dyn AnyExporter<T>>)>,
    batch: BatchSettings,
) -> Result<Vec<Route<T>>, InstallError> {
    given
        .into_iter()
        .map(|(processing, exporter)| route(processing.settings(batch), exporter))
        .collect()
}

fn route<T>(
    settings: BatchSettings,
    exporter: Box<dyn AnyExporter<T>>,
) -> Result<Route<T>, InstallError> {
    Ok(Route {
        settings,
        runtime: OwnRuntime::new().map_err(InstallError::Thread)?,
        exporter,
    })
}

fn meter_provider(
    mut readers: Readers,
    variables: &Variables,
    resource: &Resource,
) -> Result<Metrics, InstallError> {
    if let Some(otlp) = &variables.metrics.otlp {
        readers.push(otlp.metric_exporter()?);
    }
    if variables.metrics.console {
        readers.push_console();
    }
    readers
        .build(
            resource.clone(),
            variables.metric_interval,
            variables.metric_timeout,
        )
        .map_err(InstallError::Thread)
}

fn observe(metrics: &Metrics, spans: &Lanes<EncodedSpan>, logs: &Lanes<ScopedLog>) {
    let meter = metrics.own_meter();
    metrics::observe_process(&meter);
    metrics::observe_runtime(&meter);
    metrics::observe_lanes(&meter, spans);
    metrics::observe_lanes(&meter, logs);
}

/// The environment wins, then the application's own sampler, then its choice for where no parent decides.
fn sampler(
    named: Option<SamplerName>,
    given: Option<Box<dyn ShouldSample>>,
    root: Option<Box<dyn ShouldSample>>,
    unsampled_callers: Option<UnsampledCallers>,
) -> Box<dyn ShouldSample> {
    let parent_based = |root, unless_told| {
        Box::new(ParentBased {
            root,
            unsampled_callers: unsampled_callers.unwrap_or(unless_told),
        })
    };
    let specified = |root: Sampler| parent_based(Box::new(root), UnsampledCallers::Respect);
    match (named, given) {
        (Some(SamplerName::AlwaysOn), _) => Box::new(Sampler::AlwaysOn),
        (Some(SamplerName::AlwaysOff), _) => Box::new(Sampler::AlwaysOff),
        (Some(SamplerName::Ratio(ratio)), _) => Box::new(Sampler::TraceIdRatioBased(ratio)),
        (Some(SamplerName::ParentBasedAlwaysOn), _) => specified(Sampler::AlwaysOn),
        (Some(SamplerName::ParentBasedAlwaysOff), _) => specified(Sampler::AlwaysOff),
        (Some(SamplerName::ParentBasedRatio(ratio)), _) => {
            specified(Sampler::TraceIdRatioBased(ratio))
        }
        (None, Some(given)) => given,
        (None, None) => parent_based(
            root.unwrap_or_else(|| Box::new(Sampler::AlwaysOn)),
            UnsampledCallers::default(),
        ),
    }
}

impl From<OtlpError> for InstallError {
    fn from(error: OtlpError) -> Self {
        Self::Otlp {
            url: error.url,
            reason: error.reason,
        }
    }
}
