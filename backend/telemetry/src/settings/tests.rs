//! What is read, and what is warned about.

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
    let url = |destinations: Destinations| destinations.otlp.map(|otlp| otlp.url);
    let derived = url(variables(&[base]).traces);
    assert_eq!(derived.as_deref(), Some("http://collector:4318/v1/traces"));
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/here");
    let given = url(variables(&[base, own]).traces);
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
        ..patient()
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

#[test]
fn what_makes_no_sense_is_warned_about_without_its_value() {
    let read = variables(&[
        ("OTEL_BSP_MAX_QUEUE_SIZE", "hunter2"),
        ("OTEL_SDK_DISABLED", "hunter2"),
        ("OTEL_TRACES_SAMPLER", "hunter2"),
        ("OTEL_PROPAGATORS", "tracecontext,hunter2"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "hunter2"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "hunter2"),
        ("OTEL_LOG_LEVEL", "hunter2"),
    ]);
    let warnings = read.warnings.join("\n");
    for name in [
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_SDK_DISABLED",
        "OTEL_TRACES_SAMPLER",
        "OTEL_PROPAGATORS",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
        "OTEL_LOG_LEVEL",
    ] {
        assert!(warnings.contains(name), "{name} in {warnings}");
    }
    assert!(!warnings.contains("hunter2"), "{warnings}");
    assert_eq!(read.propagators, Some(vec![Propagator::TraceContext]));
}

#[test]
fn headers_are_decoded_and_never_printed() {
    let read = variables(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Api-Key=hunter%202, team=a"),
    ]);
    let otlp = read.traces.otlp.clone().unwrap();
    let expected = [("api-key", "hunter 2"), ("team", "a")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(otlp.headers.0, expected);
    assert!(!format!("{read:?}").contains("hunter"));
}

#[test]
fn a_signal_goes_where_its_own_variables_say() {
    let read = variables(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ]);
    let traces = read.traces.otlp.unwrap();
    assert_eq!(traces.protocol, Protocol::Grpc);
    assert_eq!(traces.url, "http://collector:4317");
    assert_eq!(traces.compression, Compression::Gzip);
    assert_eq!(traces.timeout, Duration::from_millis(2500));
    let metrics = read.metrics.otlp.unwrap();
    assert_eq!(metrics.url, "http://collector:4317/v1/metrics");
    assert_eq!(read.logs, Destinations::default());
}

#[test]
fn an_exporter_without_an_endpoint_sends_to_this_machine() {
    let url = |protocol| {
        let read = variables(&[
            ("OTEL_TRACES_EXPORTER", "otlp,console"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocol),
        ]);
        assert!(read.traces.console);
        assert_eq!(read.metrics, Destinations::default());
        read.traces.otlp.unwrap().url
    };
    assert_eq!(url("http/protobuf"), "http://localhost:4318/v1/traces");
    assert_eq!(url("grpc"), "http://localhost:4317");
}

#[test]
fn the_limit_for_spans_wins_over_the_one_for_all_attributes() {
    let read = variables(&[
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "3"),
    ]);
    assert_eq!(read.limits.span_value_length, Some(10));
    assert_eq!(read.limits.log_value_length, Some(100));
    assert_eq!(read.limits.of_spans().attributes_per_event, 3);
    assert_eq!(read.limits.of_spans().attributes.count, 128);
}
