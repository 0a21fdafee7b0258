use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OfficialValue;
use prost::Message as _;

use super::*;

#[test]
fn what_is_written_here_is_read_by_the_official_messages() {
    let mut attributes = Attributes::of_field(9);
    attributes.set_all(
        &[
            KeyValue::new("text", "é"),
            KeyValue::new("number", -7_i64),
            KeyValue::new("list", Value::Array(Array::F64(vec![0.5, 1.5]))),
            KeyValue::new("false", false),
        ],
        8,
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

    let read = ExportTraceServiceRequest::decode(&*request(&[], &items)).unwrap();

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
    let mut one = Attributes::of_field(9);
    one.set_all(&attributes, 1);
    one.write_dropped(0);
    let mut expected = Message::default();
    expected.attribute(9, "a", &Any::Int(3));
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
    let mut three = Attributes::of_field(9);
    three.set_all(&attributes, 8);
    let mut expected = Message::default();
    expected.attribute(9, "one.a", &Any::Text(&long));
    expected.attribute(9, "six.a", &Any::Int(6));
    expected.attribute(9, "two.a", &Any::Int(7));
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
fn an_answer_of_any_bytes_is_read_or_not_but_never_trusted() {
    let mut state = 7_u64;
    for length in 0..2000_usize {
        let mut body = Vec::new();
        for _ in 0..length % 40 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            body.push((state >> 56) as u8);
        }
        let partial = response::partial_success(&body);
        assert!(partial.error_message.len() <= body.len());
    }
}
