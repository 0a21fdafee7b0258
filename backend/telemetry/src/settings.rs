//! What the `OTEL_*` variables, and `RUST_LOG`, say.
//!
//! They are read through a function, so that tests and embedders need no environment.

use crate::error::ExceptionSignal;
use crate::http::HttpVariables;
use opentelemetry_sdk::trace::{Sampler, ShouldSample};
use percent_encoding::percent_decode_str;
use std::{str::FromStr, time::Duration};
use throughline_core::{names::resource as names, pipeline::Settings as BatchSettings};

/// The variables that this crate reads by itself. `OTEL_SPAN_*_LIMIT` and what else belongs to the OTLP exporter
/// (`OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`, `…_COMPRESSION`) are read by `opentelemetry_sdk` and `opentelemetry-otlp`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Variables {
    pub(crate) sdk: Sdk,
    /// `OTEL_SERVICE_NAME`.
    pub(crate) service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES`, decoded.
    pub(crate) resource_attributes: Vec<(String, String)>,
    pub(crate) sampler: Option<SamplerName>,
    /// The URL that traces are posted to.
    pub(crate) otlp_traces_url: Option<String>,
    /// `OTEL_BSP_*`.
    pub(crate) batch: BatchSettings,
    /// `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`.
    pub(crate) exception_signal: ExceptionSignal,
    /// `RUST_LOG`.
    pub(crate) log_filter: Option<String>,
    /// `HOSTNAME`, for systems without `/proc`.
    pub(crate) host_name: Option<String>,
    pub(crate) http: HttpVariables,
}

/// `OTEL_SDK_DISABLED`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sdk {
    #[default]
    Enabled,
    /// No spans are made or exported. Trace context still passes through, and logs are written.
    Disabled,
}

/// `OTEL_TRACES_SAMPLER` with its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SamplerName {
    AlwaysOn,
    AlwaysOff,
    Ratio(f64),
    ParentBasedAlwaysOn,
    ParentBasedAlwaysOff,
    ParentBasedRatio(f64),
}

// === impl Variables ===

impl Variables {
    /// Empty values count as unset, as the specification of the variables says.
    pub(crate) fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let var = |name: &str| {
            let value = var(name)?;
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let disabled = var("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        Self {
            sdk: if disabled {
                Sdk::Disabled
            } else {
                Sdk::Enabled
            },
            service_name: var("OTEL_SERVICE_NAME"),
            resource_attributes: var("OTEL_RESOURCE_ATTRIBUTES")
                .map(|list| resource_attributes(&list))
                .unwrap_or_default(),
            sampler: var("OTEL_TRACES_SAMPLER")
                .and_then(|name| SamplerName::parse(&name, var("OTEL_TRACES_SAMPLER_ARG"))),
            otlp_traces_url: var("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
                let base = var("OTEL_EXPORTER_OTLP_ENDPOINT")?;
                Some(format!("{}/v1/traces", base.trim_end_matches('/')))
            }),
            batch: batch(&var),
            exception_signal: var("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN")
                .map_or_else(ExceptionSignal::default, |list| {
                    ExceptionSignal::parse(&list)
                }),
            log_filter: var("RUST_LOG"),
            host_name: var("HOSTNAME"),
            http: HttpVariables::read(&var),
        }
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

/// What is not a number, or too small to make sense, leaves the default.
fn batch(var: &impl Fn(&str) -> Option<String>) -> BatchSettings {
    fn number<N: FromStr + From<u8> + PartialOrd>(text: Option<String>, least: u8) -> Option<N> {
        let number: N = text?.parse().ok()?;
        (number >= least.into()).then_some(number)
    }
    let default = BatchSettings::default();
    let milliseconds = |name, least| number(var(name), least).map(Duration::from_millis);
    BatchSettings {
        max_queue_size: number(var("OTEL_BSP_MAX_QUEUE_SIZE"), 1).unwrap_or(default.max_queue_size),
        max_export_batch_size: number(var("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), 1)
            .unwrap_or(default.max_export_batch_size),
        schedule_delay: milliseconds("OTEL_BSP_SCHEDULE_DELAY", 0)
            .unwrap_or(default.schedule_delay),
        export_timeout: milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 1)
            .unwrap_or(default.export_timeout),
        ..default
    }
}

/// `key=value,key=value`, values percent-encoded.
fn resource_attributes(list: &str) -> Vec<(String, String)> {
    let pairs = list.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        Some((key.trim().to_owned(), value.into_owned()))
    });
    pairs.filter(|(key, _)| !key.is_empty()).collect()
}

// === impl SamplerName ===

impl SamplerName {
    /// None for a name that is not known: the default then holds.
    fn parse(name: &str, argument: Option<String>) -> Option<Self> {
        let ratio = || {
            let given = argument.and_then(|ratio| ratio.parse::<f64>().ok());
            given
                .filter(|ratio| (0.0..=1.0).contains(ratio))
                .unwrap_or(1.0)
        };
        Some(match name {
            "always_on" => Self::AlwaysOn,
            "always_off" => Self::AlwaysOff,
            "traceidratio" => Self::Ratio(ratio()),
            "parentbased_always_on" => Self::ParentBasedAlwaysOn,
            "parentbased_always_off" => Self::ParentBasedAlwaysOff,
            "parentbased_traceidratio" => Self::ParentBasedRatio(ratio()),
            _ => return None,
        })
    }

    pub(crate) fn sampler(self) -> Box<dyn ShouldSample> {
        match self {
            Self::AlwaysOn => Box::new(Sampler::AlwaysOn),
            Self::AlwaysOff => Box::new(Sampler::AlwaysOff),
            Self::Ratio(ratio) => Box::new(Sampler::TraceIdRatioBased(ratio)),
            Self::ParentBasedAlwaysOn => Box::new(Sampler::parent_based(Sampler::AlwaysOn)),
            Self::ParentBasedAlwaysOff => Box::new(Sampler::parent_based(Sampler::AlwaysOff)),
            Self::ParentBasedRatio(ratio) => {
                Box::new(Sampler::parent_based(Sampler::TraceIdRatioBased(ratio)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables::read(|name| {
            let pair = pairs.iter().find(|(key, _)| *key == name)?;
            Some(pair.1.to_owned())
        })
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let empty = variables(&[("OTEL_SERVICE_NAME", ""), ("OTEL_SDK_DISABLED", " ")]);
        assert_eq!(empty, Variables::default());
    }

    #[test]
    fn resource_attributes_are_decoded() {
        let read = variables(&[("OTEL_RESOURCE_ATTRIBUTES", "a=1, team=data%20base ,junk,=x")]);
        assert_eq!(read.resource_attribute("a"), Some("1"));
        assert_eq!(read.resource_attribute("team"), Some("data base"));
        assert_eq!(read.resource_attributes.len(), 2);
    }

    #[test]
    fn the_variable_for_the_service_name_wins_over_the_attribute() {
        let attribute = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attribute");
        assert_eq!(
            variables(&[attribute]).service_name(),
            Some("from-attribute")
        );
        let both = variables(&[attribute, ("OTEL_SERVICE_NAME", "from-variable")]);
        assert_eq!(both.service_name(), Some("from-variable"));
    }

    #[test]
    fn the_traces_endpoint_is_derived_or_taken_as_it_is() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        let derived = variables(&[base]).otlp_traces_url;
        assert_eq!(derived.as_deref(), Some("http://collector:4318/v1/traces"));
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/here");
        let given = variables(&[base, own]).otlp_traces_url;
        assert_eq!(given.as_deref(), Some("http://traces/here"));
    }

    #[test]
    fn the_limits_of_batches_are_read_and_nonsense_leaves_the_default() {
        let read = variables(&[
            ("OTEL_BSP_SCHEDULE_DELAY", "250"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
        ]);
        let expected = BatchSettings {
            schedule_delay: Duration::from_millis(250),
            ..BatchSettings::default()
        };
        assert_eq!(read.batch, expected);
    }

    #[test]
    fn a_sampler_is_known_by_its_name_and_ratio() {
        let sampler = |name, ratio| {
            let name = ("OTEL_TRACES_SAMPLER", name);
            variables(&[name, ("OTEL_TRACES_SAMPLER_ARG", ratio)]).sampler
        };
        let ratio = sampler("parentbased_traceidratio", "0.25");
        assert_eq!(ratio, Some(SamplerName::ParentBasedRatio(0.25)));
        assert_eq!(sampler("traceidratio", "2"), Some(SamplerName::Ratio(1.0)));
        assert_eq!(sampler("always_off", ""), Some(SamplerName::AlwaysOff));
        assert_eq!(sampler("xray", ""), None);
    }
}
