use opentelemetry::trace::{Status, TraceFlags, TraceState};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OfficialValue;
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span as OfficialSpan};
use prost::Message as _;

use super::*;

const AMPLE: Max = Max {
    count: 8,
    value_bytes: 1000,
};

const LIMITS: Limits = Limits {
    name_bytes: 256,
    attributes: AMPLE,
    events: 1,
    links: 1,
    attributes_per_event: 0,
    attributes_per_link: 0,
};

#[test]
fn what_is_written_here_is_read_by_the_official_messages() {
    let mut attributes = Attributes::of_field(9, 0);
    attributes.set_all(
        &[
            KeyValue::new("text", "é"),
            KeyValue::new("number", -7_i64),
            KeyValue::new("list", Value::Array(Array::F64(vec![0.5, 1.5]))),
            KeyValue::new("false", false),
        ],
        AMPLE,
    );
    attributes.write_dropped(300);
    let mut span = attributes.message;
    span.bytes(1, &[1; 16]);
    span.text(5, "click");
    span.fixed64(7, 1_800_000_000_000_000_001);
    span.fixed64(8, 1_800_000_000_000_000_002);
    span.fixed32(16, 0x103);
    let (ours, other) = (
        named_scope("ours", "1").into_bytes(),
        named_scope("other", "").into_bytes(),
    );
    let span = span.into_bytes();
    let items: [(&[u8], &[u8]); 3] = [(&ours, &span), (&other, &span), (&ours, &span)];

    let read = ExportTraceServiceRequest::decode(&*request(
        of_group(&Message::default(), "schema").as_bytes(),
        &items,
    ))
    .unwrap();

    assert_eq!(read.resource_spans[0].schema_url, "schema");
    let scopes = &read.resource_spans[0].scope_spans;
    let names: Vec<_> = scopes
        .iter()
        .map(|it| it.scope.as_ref().unwrap().name.as_str())
        .collect();
    assert_eq!(names, ["ours", "other"]);
    assert_eq!((scopes[0].spans.len(), scopes[1].spans.len()), (2, 1));
    let read = &scopes[0].spans[1];
    assert_eq!((read.name.as_str(), read.flags), ("click", 0x103));
    assert_eq!(read.end_time_unix_nano - read.start_time_unix_nano, 1);
    assert_eq!(read.dropped_attributes_count, 300);
    let value = |index: usize| read.attributes[index].value.clone().unwrap().value.unwrap();
    assert_eq!(value(0), OfficialValue::StringValue("é".to_owned()));
    assert_eq!(value(1), OfficialValue::IntValue(-7));
    assert!(matches!(value(2), OfficialValue::ArrayValue(list) if list.values.len() == 2));
    assert_eq!(value(3), OfficialValue::BoolValue(false));
}

#[test]
fn an_attribute_is_replaced_by_a_later_one_of_its_key_and_counted_when_there_is_no_room() {
    let attributes = vec![
        KeyValue::new("a", 1),
        KeyValue::new("b", 2),
        KeyValue::new("a", 3),
    ];
    let mut one = Attributes::of_field(9, 0);
    one.set_all(&attributes, Max { count: 1, ..AMPLE });
    one.write_dropped(0);
    let mut expected = Message::default();
    expected.attribute(9, "a", &Any::Int(3), 1000);
    expected.uint(10, 1);
    assert_eq!(one.message.into_bytes(), expected.into_bytes());
}

#[test]
fn a_key_that_looks_like_another_is_not_taken_for_it() {
    let long = "x".repeat(200);
    // Of one length, with one last letter.
    let attributes = vec![
        KeyValue::new("one.a", long.clone()),
        KeyValue::new("two.a", 2),
        KeyValue::new("six.a", 6),
        KeyValue::new("two.a", 7),
    ];
    let mut three = Attributes::of_field(9, 0);
    three.set_all(&attributes, AMPLE);
    let mut expected = Message::default();
    expected.attribute(9, "one.a", &Any::Text(&long), 1000);
    expected.attribute(9, "six.a", &Any::Int(6), 1000);
    expected.attribute(9, "two.a", &Any::Int(7), 1000);
    assert_eq!(three.message.into_bytes(), expected.into_bytes());
}

#[test]
fn a_message_written_in_place_has_its_length_before_it_however_long_it_is() {
    for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
        let text = "x".repeat(length);
        let mut apart = Message::default();
        apart.text(1, &text);
        let mut expected = Message::default();
        expected.message(3, &apart);
        expected.uint(4, 7);

        let mut message = Message::default();
        let inner = message.begin(3);
        message.text(1, &text);
        message.end(inner);
        message.uint(4, 7);
        assert_eq!(message.into_bytes(), expected.into_bytes(), "{length}");
    }
}

#[test]
fn a_long_text_is_cut_between_two_characters() {
    assert_eq!(cut("añb", 2), "a");
    assert_eq!(cut("añb", 3), "añ");
    assert_eq!(cut("ab", 9), "ab");
}

#[test]
fn a_scope_says_all_that_it_was_told_however_long_its_name_is() {
    for length in [1, 200] {
        let name = "n".repeat(length);
        let told = InstrumentationScope::builder(name.clone())
            .with_version("2")
            .with_schema_url("schema")
            .with_attributes([KeyValue::new("team", "checkout")])
            .build();
        let said = ScopeSpans::decode(scope(&told, 5).as_bytes()).unwrap();
        assert_eq!(said.schema_url, "schema");
        let said = said.scope.unwrap();
        assert_eq!((said.name, said.version.as_str()), (name.clone(), "2"));
        let team = said.attributes[0].value.clone().unwrap().value;
        assert_eq!(team, Some(OfficialValue::StringValue("check".to_owned())));

        let said = ScopeSpans::decode(named_scope(&name, "2").as_bytes()).unwrap();
        assert_eq!(said.scope.unwrap().name, name);
    }
}

#[test]
fn ids_are_written_in_the_order_of_their_bytes() {
    let trace_id = TraceId::from(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
    let span_id = SpanId::from(0x1112_1314_1516_1718);
    let own = SpanContext::new(
        trace_id,
        span_id,
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let none = Attributes::of_field(SPAN_ATTRIBUTES, 0);
    let mut span = Recording::new("".into(), 1, &own, &own, 3, none);
    span.push_link(&own, &[], 0, &LIMITS);
    let span = OfficialSpan::decode(span.complete(&own, 4, &LIMITS).as_bytes()).unwrap();
    let (trace_id, span_id) = (trace_id.to_bytes().to_vec(), span_id.to_bytes().to_vec());
    assert_eq!((&span.trace_id, &span.span_id), (&trace_id, &span_id));
    assert_eq!(span.parent_span_id, span_id);
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (3, 4));
    let link = &span.links[0];
    assert_eq!((&link.trace_id, &link.span_id), (&trace_id, &span_id));
}

#[test]
fn a_request_is_whole_however_long_its_items_are() {
    let scope = named_scope("s", "").into_bytes();
    for length in [0, 1, 120, 127, 128, 16_000, 16_383, 16_384, 2_097_152] {
        let mut span = Message::default();
        span.text(5, &"x".repeat(length));
        let span = span.into_bytes();
        let items: [(&[u8], &[u8]); 2] = [(&scope, &span); 2];
        let request = request(&[], &items);
        let read = ExportTraceServiceRequest::decode(&*request).unwrap();
        let spans = &read.resource_spans[0].scope_spans[0].spans;
        assert_eq!([spans[0].name.len(), spans[1].name.len()], [length; 2]);
        assert_eq!(read.encode_to_vec(), request);
    }
}

#[test]
fn a_status_says_the_most_that_it_was_told() {
    let told = |statuses: &[Status]| {
        let context = SpanContext::NONE;
        let none = Attributes::of_field(SPAN_ATTRIBUTES, 0);
        let mut span = Recording::new("".into(), 1, &context, &context, 1, none);
        statuses.iter().cloned().for_each(|it| span.set_status(it));
        let span = span.complete(&context, 2, &LIMITS).into_bytes();
        let status = OfficialSpan::decode(&*span).unwrap().status;
        status.map(|it| (it.code, it.message))
    };
    let error = Status::error;
    assert_eq!(told(&[Status::Unset]), None);
    let twice = [error("a"), error("b"), error("")];
    assert_eq!(told(&twice), Some((2, "b".to_owned())));
    assert_eq!(told(&[error(""), Status::Unset]), Some((2, String::new())));
    assert_eq!(told(&[Status::Ok, error("a")]), Some((1, String::new())));
}
