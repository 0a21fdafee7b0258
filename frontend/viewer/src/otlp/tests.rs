use super::*;

fn value(json: &str) -> Value {
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{json}}}]}}}}]}}"#
    );
    Trace::parse(&body).unwrap().resources[0].attributes[0]
        .value
        .clone()
}

#[test]
fn a_trace_is_read_with_its_services_kinds_and_times() {
    let trace = Trace::parse(include_str!("../../testdata/sign_in.json")).unwrap();
    assert_eq!(trace.spans.len(), 8);
    let click = &trace.spans[0];
    assert_eq!(&*click.name, "click sign-in");
    assert_eq!(&*trace.service(click), "rag-admin-frontend");
    assert_eq!((click.kind, click.parent.clone()), (Kind::Internal, None));
    assert_eq!(click.nanos(), 287_400_000);
    assert_eq!(trace.scope(click).unwrap().name, "throughline-browser");
    assert_eq!(trace.spans[1].parent, Some(click.span_id.clone()));
}

#[test]
fn missing_null_and_unknown_fields_cost_nothing_else() {
    let body = r#"{"resourceSpans":[{"resource":null,"unknown":1,"scopeSpans":[{"spans":[
        {"traceId":"AB","spanId":"CD","attributes":null,"links":{},"status":null,"kind":99,"new":[]},
        {"traceId":"ab","spanId":""}, 7, null]}]}, {}]}"#;
    let trace = Trace::parse(body).unwrap();
    assert_eq!(trace.spans.len(), 1);
    let span = &trace.spans[0];
    assert_eq!(span.span_id.as_str(), "cd");
    assert_eq!(
        (span.kind, &span.status, span.nanos()),
        (Kind::Unspecified, &Status::Unset, 0)
    );
    assert_eq!(&*trace.service(span), "unknown_service");
    assert!(Trace::parse("{}").unwrap().spans.is_empty());
    assert!(Trace::parse("<html>").is_err());
}

#[test]
fn a_span_that_ends_before_it_starts_has_no_duration() {
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"traceId":"ab","spanId":"cd","startTimeUnixNano":"20","endTimeUnixNano":10}]}]}]}"#;
    assert_eq!(Trace::parse(body).unwrap().spans[0].nanos(), 0);
}

#[test]
fn ids_of_zeros_are_no_ids() {
    assert_eq!(Id::parse("0000000000000000"), None);
    assert_eq!(Id::parse(""), None);
    assert_eq!(Id::parse("../logout"), None);
    assert_eq!(Id::parse("00F0").unwrap().as_str(), "00f0");
}

#[test]
fn values_of_every_type_keep_it() {
    let cases = [
        (r#"{"stringValue":"a"}"#, "string", "a"),
        (r#"{"boolValue":false}"#, "bool", "false"),
        (
            r#"{"intValue":"-9223372036854775808"}"#,
            "int",
            "-9223372036854775808",
        ),
        (r#"{"intValue":200}"#, "int", "200"),
        (r#"{"doubleValue":0.5}"#, "double", "0.5"),
        (r#"{"doubleValue":"NaN"}"#, "double", "NaN"),
        (r#"{"bytesValue":"AAE="}"#, "bytes", "AAE="),
        (r#"{"arrayValue":{}}"#, "array", "[]"),
        (
            r#"{"arrayValue":{"values":[{"intValue":1},{}]}}"#,
            "array",
            "[1, (empty)]",
        ),
        (
            r#"{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}},{"key":"b"}]}}"#,
            "map",
            "{a: 1, b: (empty)}",
        ),
        (r"{}", "empty", "(empty)"),
        (r"null", "empty", "(empty)"),
        (r#"{"futureValue":1}"#, "empty", "(empty)"),
    ];
    for (json, type_name, text) in cases {
        let value = value(json);
        assert_eq!(
            (value.type_name(), value.to_string().as_str()),
            (type_name, text),
            "{json}"
        );
    }
}
