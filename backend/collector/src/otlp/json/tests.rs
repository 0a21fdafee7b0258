//! What the specification allows is read, what is not OTLP is refused, and what is written is read back the same.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{
        AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
    },
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use proptest::{collection::vec, option, prelude::*};

use super::{request, traces};

/// The one span of a request in which it has `fields`.
fn span(fields: &str) -> Span {
    let json = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields}}}]}}]}}]}}"#);
    let request = request(json.as_bytes()).unwrap_or_else(|error| panic!("{fields}: {error}"));
    request.resource_spans[0].scope_spans[0].spans[0].clone()
}

/// The value of its one attribute.
fn value(json: &str) -> Option<Value> {
    let mut span = span(&format!(r#""attributes":[{{"key":"k","value":{json}}}]"#));
    span.attributes.remove(0).value?.value
}

#[test]
fn an_empty_request_is_a_request() {
    assert_eq!(
        request(b"{}").unwrap(),
        ExportTraceServiceRequest::default()
    );
    assert_eq!(
        request(br#"{"resourceSpans":null}"#).unwrap(),
        ExportTraceServiceRequest::default()
    );
}

#[test]
fn null_is_the_default_of_every_field() {
    let fields = "traceId traceState flags name kind startTimeUnixNano attributes events links status \
                  droppedAttributesCount";
    for field in fields.split_whitespace() {
        assert_eq!(
            span(&format!(r#""{field}":null"#)),
            Span::default(),
            "{field}"
        );
    }
}

#[test]
fn ids_are_hexadecimal_in_any_case() {
    let span = span(r#""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174""#);
    assert_eq!(
        crate::hex::encode(&span.trace_id),
        "5b8efff798038103d269b633813fc60c"
    );
    assert_eq!(crate::hex::encode(&span.span_id), "eee19b7ec3c1b174");
}

#[test]
fn what_is_not_hexadecimal_is_an_id_that_no_span_can_have() {
    for id in ["xyz", "eee19b7ec3c1b17", "g0g0g0g0g0g0g0g0", "ä"] {
        assert_eq!(
            span(&format!(r#""spanId":"{id}""#)).span_id.len(),
            1,
            "{id}"
        );
    }
}

#[test]
fn large_integers_are_text_or_numbers() {
    for time in ["1544712660300000001", r#""1544712660300000001""#] {
        let span = span(&format!(r#""startTimeUnixNano":{time}"#));
        assert_eq!(span.start_time_unix_nano, 1_544_712_660_300_000_001);
    }
    assert_eq!(
        span(r#""startTimeUnixNano":1e3"#).start_time_unix_nano,
        1000
    );
    assert_eq!(value(r#"{"intValue":"-5"}"#), Some(Value::IntValue(-5)));
    assert_eq!(
        value(r#"{"intValue":9223372036854775807}"#),
        Some(Value::IntValue(i64::MAX))
    );
}

#[test]
fn every_kind_of_value_is_read() {
    assert_eq!(value("{}"), None);
    assert_eq!(value("null"), None);
    assert_eq!(value(r#"{"stringValue":null}"#), None);
    assert_eq!(
        value(r#"{"stringValue":""}"#),
        Some(Value::StringValue(String::new()))
    );
    assert_eq!(
        value(r#"{"boolValue":false}"#),
        Some(Value::BoolValue(false))
    );
    assert_eq!(value(r#"{"doubleValue":2}"#), Some(Value::DoubleValue(2.0)));
    assert_eq!(
        value(r#"{"doubleValue":"-Infinity"}"#),
        Some(Value::DoubleValue(f64::NEG_INFINITY))
    );
    assert!(matches!(value(r#"{"doubleValue":"NaN"}"#), Some(Value::DoubleValue(v)) if v.is_nan()));
    assert_eq!(
        value(r#"{"arrayValue":{}}"#),
        Some(Value::ArrayValue(ArrayValue::default()))
    );
    let mixed = r#"{"arrayValue":{"values":[{"intValue":"1"},{},{"kvlistValue":{"values":[{"key":"a"}]}}]}}"#;
    let Some(Value::ArrayValue(mixed)) = value(mixed) else {
        panic!()
    };
    assert_eq!(mixed.values.len(), 3);
    for bytes in ["-_8=", "-_8", "+/8=", "+/8"] {
        let bytes = value(&format!(r#"{{"bytesValue":"{bytes}"}}"#));
        assert_eq!(bytes, Some(Value::BytesValue(vec![0xfb, 0xff])));
    }
}

#[test]
fn unknown_fields_are_ignored() {
    assert_eq!(
        span(r#""trace_id":"00","later":{"a":[1,{"b":null}]},"name":"n""#).name,
        "n"
    );
}

#[test]
fn what_is_not_otlp_is_refused() {
    let refused = [
        "",
        "null and more",
        "[]",
        "\"text\"",
        "7",
        "{",
        r#"{"resourceSpans":{}}"#,
        r#"{"resourceSpans":[7]}"#,
        r#"{"resourceSpans":[[]]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":7}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":-1}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1.5}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":4294967296}]}]}]}"#,
    ];
    for json in refused {
        assert!(request(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let open = r#"{"arrayValue":{"values":["#.repeat(10_000);
    let json = format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"value":{open}"#);
    assert!(request(json.as_bytes()).is_err());
}

#[test]
fn written_json_has_the_form_of_the_specification() {
    let span = Span {
        trace_id: vec![0xab; 16],
        span_id: vec![1; 8],
        name: "GET /".to_owned(),
        kind: 2,
        flags: 0x101,
        start_time_unix_nano: 1_544_712_660_300_000_001,
        attributes: vec![KeyValue {
            key: "n".to_owned(),
            value: Some(AnyValue {
                value: Some(Value::IntValue(-7)),
            }),
            ..KeyValue::default()
        }],
        status: Some(Status {
            code: 2,
            ..Status::default()
        }),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans: vec![span],
        ..ScopeSpans::default()
    }];
    let json = traces(&[ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    }])
    .unwrap();
    assert_eq!(
        String::from_utf8(json).unwrap(),
        concat!(
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"#,
            r#""traceId":"abababababababababababababababab","spanId":"0101010101010101","flags":257,"#,
            r#""name":"GET /","kind":2,"startTimeUnixNano":"1544712660300000001","#,
            r#""endTimeUnixNano":"0","attributes":[{"key":"n","value":{"intValue":"-7"}}],"#,
            r#""status":{"code":2}}]}]}]}"#
        )
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_the_same(resource_spans in vec(resource_spans(), 0..3)) {
        let json = traces(&resource_spans).unwrap();
        prop_assert_eq!(request(&json).unwrap(), ExportTraceServiceRequest { resource_spans });
    }

    #[test]
    fn no_text_makes_the_reader_panic(json in "[\\[\\]{}:,\"a-zA-Z0-9]{0,200}") {
        let _ = request(json.as_bytes());
    }
}

fn resource_spans() -> impl Strategy<Value = ResourceSpans> {
    (option::of(attributes()), vec(scope_spans(), 0..3), text()).prop_map(
        |(resource, scope_spans, schema_url)| ResourceSpans {
            resource: resource.map(|attributes| Resource {
                attributes,
                ..Resource::default()
            }),
            scope_spans,
            schema_url,
        },
    )
}

fn scope_spans() -> impl Strategy<Value = ScopeSpans> {
    let scope = (text(), text(), attributes()).prop_map(|(name, version, attributes)| {
        InstrumentationScope {
            name,
            version,
            attributes,
            ..InstrumentationScope::default()
        }
    });
    (option::of(scope), vec(any_span(), 0..3), text()).prop_map(|(scope, spans, schema_url)| {
        ScopeSpans {
            scope,
            spans,
            schema_url,
        }
    })
}

fn any_span() -> impl Strategy<Value = Span> {
    let ids = (
        vec(any::<u8>(), 16),
        vec(any::<u8>(), 8),
        prop_oneof![vec(any::<u8>(), 8), Just(vec![])],
    );
    let numbers = (
        any::<u32>(),
        any::<i32>(),
        any::<u64>(),
        any::<u64>(),
        any::<u32>(),
    );
    let status = (text(), 0..3).prop_map(|(message, code)| Status { message, code });
    let event =
        (any::<u64>(), text(), attributes()).prop_map(|(time_unix_nano, name, attributes)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count: 1,
        });
    let link = (vec(any::<u8>(), 16), vec(any::<u8>(), 8), attributes()).prop_map(
        |(trace_id, span_id, attributes)| Link {
            trace_id,
            span_id,
            attributes,
            ..Link::default()
        },
    );
    let lists = (attributes(), vec(event, 0..2), vec(link, 0..2));
    (ids, numbers, option::of(status), lists, text()).prop_map(
        |((trace_id, span_id, parent_span_id), numbers, status, lists, name)| Span {
            trace_id,
            span_id,
            parent_span_id,
            flags: numbers.0,
            kind: numbers.1,
            start_time_unix_nano: numbers.2,
            end_time_unix_nano: numbers.3,
            dropped_attributes_count: numbers.4,
            trace_state: name.clone(),
            name,
            status,
            attributes: lists.0,
            events: lists.1,
            links: lists.2,
            ..Span::default()
        },
    )
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((text(), option::of(any_value())).prop_map(key_value), 0..3)
}

fn key_value((key, value): (String, Option<AnyValue>)) -> KeyValue {
    KeyValue {
        key,
        value,
        ..KeyValue::default()
    }
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let double = any::<f64>().prop_filter("NaN is not equal to itself", |v| !v.is_nan());
    let scalar = prop_oneof![
        Just(None),
        text().prop_map(|v| Some(Value::StringValue(v))),
        any::<bool>().prop_map(|v| Some(Value::BoolValue(v))),
        any::<i64>().prop_map(|v| Some(Value::IntValue(v))),
        double.prop_map(|v| Some(Value::DoubleValue(v))),
        vec(any::<u8>(), 0..9).prop_map(|v| Some(Value::BytesValue(v))),
    ];
    scalar
        .prop_map(|value| AnyValue { value })
        .prop_recursive(4, 16, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4)
                    .prop_map(|values| Value::ArrayValue(ArrayValue { values })),
                vec((text(), option::of(inner)).prop_map(key_value), 0..4)
                    .prop_map(|values| Value::KvlistValue(KeyValueList { values })),
            ]
            .prop_map(|value| AnyValue { value: Some(value) })
        })
}

/// With what JSON has to escape.
fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..6).prop_map(String::from_iter)
}
