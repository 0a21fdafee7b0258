use super::*;
use opentelemetry::{
    InstrumentationScope, KeyValue, StringValue, TraceFlags, TraceId, Value,
    trace::{Event, Link, SpanContext, SpanId, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use proptest::{collection::vec, prelude::*};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use throughline_core::otlp::{self, Attributes, Limits, Max, Recording, SPAN_ATTRIBUTES};

const UNLIMITED: Limits = Limits {
    name_bytes: usize::MAX,
    attributes: Max::UNLIMITED,
    events: usize::MAX,
    links: usize::MAX,
    attributes_per_event: usize::MAX,
    attributes_per_link: usize::MAX,
};

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,200}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        vec(any::<bool>(), 1..3).prop_map(|it| Value::Array(it.into())),
        vec(any::<i64>(), 1..3).prop_map(|it| Value::Array(it.into())),
        vec(-1e9..1e9, 1..3).prop_map(|it| Value::Array(it.into())),
        vec(".{0,9}".prop_map(StringValue::from), 0..3).prop_map(|it| Value::Array(it.into())),
    ]
}

fn attribute_lists() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = ("[a-z.]{0,150}", values()).prop_map(|(key, value)| KeyValue::new(key, value));
    // Of one key there is one value.
    vec(attribute, 0..5).prop_map(|mut all| {
        let mut keys = HashSet::new();
        all.retain(|it| keys.insert(it.key.clone()));
        all
    })
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
        let (trace, span) = (TraceId::from(trace), SpanId::from(span));
        SpanContext::new(trace, span, TraceFlags::new(flags), is_remote, state)
    }
}

fn times() -> impl Strategy<Value = SystemTime> {
    any::<u64>().prop_map(|nanos| UNIX_EPOCH + Duration::from_nanos(nanos))
}

prop_compose! {
    fn event_lists()(events in vec((".{0,20}", times(), attribute_lists(), any::<u32>()), 0..3)) -> SpanEvents {
        let events = events.into_iter().map(|(name, at, attributes, dropped)| Event::new(name, at, attributes, dropped));
        let mut all = SpanEvents::default();
        all.events = events.collect();
        all
    }
}

prop_compose! {
    fn link_lists()(links in vec((contexts(), attribute_lists(), any::<u32>()), 0..3)) -> SpanLinks {
        let links = links.into_iter().map(|(context, attributes, dropped)| Link::new(context, attributes, dropped));
        let mut all = SpanLinks::default();
        all.links = links.collect();
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
        (own, parent) in (contexts(), contexts()),
        (span_kind, name, status) in (kinds(), ".{0,40}", statuses()),
        (start_time, took) in (times(), any::<u32>()),
        (attributes, events, links) in (attribute_lists(), event_lists(), link_lists()),
    ) -> SpanData {
        let state = own.trace_state().clone();
        SpanData {
            span_context: SpanContext::new(own.trace_id(), own.span_id(), own.trace_flags(), false, state),
            parent_span_id: parent.span_id(),
            parent_span_is_remote: parent.is_remote(),
            span_kind,
            name: name.into(),
            start_time,
            end_time: start_time + Duration::from_nanos(took.into()),
            attributes,
            dropped_attributes_count: 0,
            events,
            links,
            status,
            instrumentation_scope: InstrumentationScope::builder("test").with_version("1").build(),
        }
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap();
    since.as_nanos().try_into().unwrap()
}

/// The span, written step by step.
fn written(span: &SpanData) -> EncodedSpan {
    let own = &span.span_context;
    let (trace, flags) = (own.trace_id(), own.trace_flags());
    let state = TraceState::default();
    let is_remote = span.parent_span_is_remote;
    let parent = SpanContext::new(trace, span.parent_span_id, flags, is_remote, state);
    let mut attributes = Attributes::of_field(SPAN_ATTRIBUTES, 0);
    attributes.set_all(&span.attributes, Max::UNLIMITED);
    let (kind, start) = (otlp::kind(&span.span_kind), nanos(span.start_time));
    let name = span.name.clone();
    let mut recording = Recording::new(name, kind, own, &parent, start, attributes);
    for it in &span.events.events {
        let (at, dropped) = (nanos(it.timestamp), it.dropped_attributes_count);
        recording.push_event(&it.name, at, &it.attributes, dropped, &UNLIMITED);
    }
    for it in &span.links.links {
        let dropped = it.dropped_attributes_count;
        recording.push_link(&it.span_context, &it.attributes, dropped, &UNLIMITED);
    }
    recording.set_status(span.status.clone());
    let bytes = recording.complete(own, nanos(span.end_time), &UNLIMITED);
    let scope = Scope::new(span.instrumentation_scope.clone());
    EncodedSpan {
        scope: Arc::new(scope),
        bytes: bytes.into_bytes().into(),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_what_an_exporter_reads(span in spans()) {
        prop_assert_eq!(read::span_data(&written(&span)), span);
    }
}
