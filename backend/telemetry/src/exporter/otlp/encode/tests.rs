use super::*;
use opentelemetry::{
    StringValue, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
use proptest::{collection::vec, prelude::*};
use prost::Message;
use std::time::Duration;

/// What opentelemetry-proto and prost make of the same.
fn theirs(spans: &[Arc<SpanData>], resource: &Resource) -> Vec<u8> {
    let spans = spans.iter().map(|span| SpanData::clone(span)).collect();
    let resource = ResourceAttributesWithSchema::from(resource);
    let resource_spans = group_spans_by_resource_and_scope(spans, &resource);
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,200}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        vec(any::<bool>(), 0..3).prop_map(|it| Value::Array(it.into())),
        vec(any::<i64>(), 0..3).prop_map(|it| Value::Array(it.into())),
        vec(any::<f64>(), 0..3).prop_map(|it| Value::Array(it.into())),
        vec(".{0,9}".prop_map(StringValue::from), 0..3).prop_map(|it| Value::Array(it.into())),
    ]
}

fn attribute_lists() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = ("[a-z.]{0,150}", values()).prop_map(|(key, value)| KeyValue::new(key, value));
    vec(attribute, 0..5)
}

prop_compose! {
    fn contexts()(
        trace in any::<u128>(),
        span in any::<u64>(),
        flags in any::<u8>(),
        is_remote in any::<bool>(),
        state in prop_oneof![Just(""), Just("a=1"), Just("a=1,b=2")],
    ) -> SpanContext {
        let state = state.parse::<TraceState>().unwrap();
        SpanContext::new(TraceId::from(trace), span.into(), TraceFlags::new(flags), is_remote, state)
    }
}

fn times() -> impl Strategy<Value = SystemTime> {
    any::<u64>().prop_map(|nanos| UNIX_EPOCH + Duration::from_nanos(nanos))
}

prop_compose! {
    fn event_lists()(events in vec((".{0,20}", times(), attribute_lists(), any::<u32>()), 0..3), dropped in any::<u32>()) -> SpanEvents {
        let events = events.into_iter().map(|(name, at, attributes, dropped)| Event::new(name, at, attributes, dropped));
        let mut all = SpanEvents::default();
        all.events = events.collect();
        all.dropped_count = dropped;
        all
    }
}

prop_compose! {
    fn link_lists()(links in vec((contexts(), attribute_lists(), any::<u32>()), 0..3), dropped in any::<u32>()) -> SpanLinks {
        let links = links.into_iter().map(|(context, attributes, dropped)| Link::new(context, attributes, dropped));
        let mut all = SpanLinks::default();
        all.links = links.collect();
        all.dropped_count = dropped;
        all
    }
}

fn statuses() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Unset),
        Just(Status::Ok),
        ".{0,20}".prop_map(Status::error),
    ]
}

fn kinds() -> impl Strategy<Value = SpanKind> {
    prop_oneof![
        Just(SpanKind::Internal),
        Just(SpanKind::Server),
        Just(SpanKind::Client),
        Just(SpanKind::Producer),
        Just(SpanKind::Consumer),
    ]
}

prop_compose! {
    fn spans()(
        (span_context, parent_span_id, parent_span_is_remote) in (contexts(), any::<u64>(), any::<bool>()),
        (span_kind, name, status) in (kinds(), ".{0,40}", statuses()),
        (start_time, end_time) in (times(), times()),
        (attributes, dropped_attributes_count) in (attribute_lists(), any::<u32>()),
        (events, links) in (event_lists(), link_lists()),
    ) -> SpanData {
        SpanData {
            span_context,
            parent_span_id: parent_span_id.into(),
            parent_span_is_remote,
            span_kind,
            name: name.into(),
            start_time,
            end_time,
            attributes,
            dropped_attributes_count,
            events,
            links,
            status,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }
}

fn with_scope(mut span: SpanData, scope: &InstrumentationScope) -> Arc<SpanData> {
    span.instrumentation_scope = scope.clone();
    Arc::new(span)
}

proptest! {
    #[test]
    fn the_bytes_are_those_that_prost_writes(
        spans in vec(spans(), 0..4),
        resource in vec(("[a-z.]{1,9}", values()), 0..2),
        names in ("[a-z]{0,9}", "[0-9.]{0,5}", attribute_lists()),
    ) {
        let (name, version, attributes) = names;
        let scope = InstrumentationScope::builder(name)
            .with_version(version)
            .with_schema_url("https://opentelemetry.io/schemas/1.42.0")
            .with_attributes(attributes)
            .build();
        let spans: Vec<_> = spans.into_iter().map(|span| with_scope(span, &scope)).collect();
        let resource = Resource::builder_empty()
            .with_schema_url(
                resource.into_iter().map(|(key, value)| KeyValue::new(key, value)),
                "https://opentelemetry.io/schemas/1.42.0",
            )
            .build();
        let ours = SpanEncoder::new(&resource).request(&spans);
        prop_assert_eq!(ours, theirs(&spans, &resource));
    }

    #[test]
    fn spans_are_grouped_by_their_scopes(spans in vec((spans(), 0..3_usize), 0..6)) {
        let scopes = ["a", "b", "c"].map(|name| InstrumentationScope::builder(name).build());
        let spans: Vec<_> = spans.into_iter().map(|(span, scope)| with_scope(span, &scopes[scope])).collect();
        let resource = Resource::builder_empty().build();
        let ours = SpanEncoder::new(&resource).request(&spans);
        prop_assert_eq!(ours, theirs(&spans, &resource));
    }
}
