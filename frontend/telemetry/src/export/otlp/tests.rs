use opentelemetry_proto::tonic::collector::trace::v1 as official;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OfficialValue;

use super::*;

#[test]
fn what_is_written_here_is_read_by_the_official_messages() {
    let (attributes, _) = attributes(
        [
            ApiKeyValue::new("text", "é"),
            ApiKeyValue::new("number", -7_i64),
            ApiKeyValue::new("list", Value::Array(Array::F64(vec![0.5, 1.5]))),
        ],
        8,
    );
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "click".to_owned(),
        kind: 1,
        start_time_unix_nano: 1_800_000_000_000_000_001,
        end_time_unix_nano: 1_800_000_000_000_000_002,
        attributes,
        status: Some(Status {
            message: "no".to_owned(),
            code: 2,
        }),
        flags: 0x103,
        ..Span::default()
    };
    let scope = Scope {
        name: "test".to_owned(),
        ..Scope::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Resource::default().encode_to_vec().into(),
            scope_spans: vec![ScopeSpans {
                scope: scope.encode_to_vec().into(),
                spans: vec![span.encode_to_vec().into(), span.encode_to_vec().into()],
            }],
        }],
    };

    let read = official::ExportTraceServiceRequest::decode(&*request.encode_to_vec()).unwrap();

    let scope_spans = &read.resource_spans[0].scope_spans[0];
    assert_eq!(scope_spans.scope.as_ref().unwrap().name, "test");
    assert_eq!(scope_spans.spans.len(), 2);
    let read = &scope_spans.spans[1];
    assert_eq!((read.name.as_str(), read.flags), ("click", 0x103));
    assert_eq!(read.end_time_unix_nano - read.start_time_unix_nano, 1);
    assert_eq!(read.status.as_ref().unwrap().code, 2);
    let value = |index: usize| read.attributes[index].value.clone().unwrap().value.unwrap();
    assert_eq!(value(0), OfficialValue::StringValue("é".to_owned()));
    assert_eq!(value(1), OfficialValue::IntValue(-7));
    assert!(matches!(value(2), OfficialValue::ArrayValue(list) if list.values.len() == 2));
}

#[test]
fn an_attribute_is_replaced_by_a_later_one_of_its_key_and_counted_when_there_is_no_room() {
    let (kept, dropped) = attributes(
        [
            ApiKeyValue::new("a", 1),
            ApiKeyValue::new("b", 2),
            ApiKeyValue::new("a", 3),
        ],
        1,
    );
    assert_eq!(kept, [KeyValue::from(ApiKeyValue::new("a", 3))]);
    assert_eq!(dropped, 1);
}

#[test]
fn a_long_text_is_cut_between_two_characters() {
    assert_eq!(cut("añb", 2), "a");
    assert_eq!(cut("añb", 3), "añ");
    assert_eq!(cut("ab", 9), "ab");
}
