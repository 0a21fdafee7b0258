use opentelemetry::KeyValue;
use opentelemetry::baggage::{Baggage, BaggageExt, BaggageMetadata};

use super::*;

fn value(cx: &Context, key: &str) -> Option<String> {
    cx.baggage().get(key).map(|value| value.as_str().to_owned())
}

fn sent(baggage: Baggage) -> Option<String> {
    inject(&Context::new().with_baggage(baggage)).remove(BAGGAGE)
}

#[test]
fn values_are_decoded_and_may_hold_an_equals_sign() {
    let cx = extract([(BAGGAGE, "a=1, b = x=y== ,c=%C3%A9%20%2C,d=%F0%zz,e=")]);
    let values = ["a", "b", "c", "d", "e"].map(|key| value(&cx, key).unwrap());
    assert_eq!(values, ["1", "x=y==", "é ,", "\u{fffd}%zz", ""]);
}

#[test]
fn baggage_needs_no_trace_and_a_trace_no_baggage() {
    assert!(!extract([(BAGGAGE, "a=1")]).has_active_span());
    assert_eq!(inject(&extract([(TRACEPARENT, PARENT)])).get(BAGGAGE), None);
}

#[test]
fn several_headers_are_one_baggage() {
    let cx = extract([(BAGGAGE, "a=1"), (BAGGAGE, "b=2")]);
    assert_eq!(inject(&cx)[BAGGAGE], "a=1,b=2");
}

#[test]
fn properties_go_on_with_their_value() {
    let cx = extract([(BAGGAGE, "a=1;p;q=2, b=2")]);
    let (_, properties) = cx.baggage().get_with_metadata("a").unwrap();
    assert_eq!(properties.as_str(), "p;q=2");
    assert_eq!(inject(&cx)[BAGGAGE], "a=1;p;q=2,b=2");
}

#[test]
fn an_invalid_member_is_skipped_alone() {
    let cx = extract([(BAGGAGE, "novalue,=1,b c=1,k\"=1,v=a b,w=\",x=\\,y=é,,ok=1")]);
    assert_eq!(inject(&cx)[BAGGAGE], "ok=1");
    assert_eq!(cx.baggage().len(), 1);
}

#[test]
fn what_exceeds_the_limits_is_left_out() {
    let many = (0..70)
        .map(|n| format!("k{n}=1"))
        .collect::<Vec<_>>()
        .join(",");
    assert_eq!(extract([(BAGGAGE, &*many)]).baggage().len(), 64);
    let large = format!("a={},b={},c=1", "1".repeat(5000), "2".repeat(5000));
    let cx = extract([(BAGGAGE, &*large)]);
    assert_eq!(
        (value(&cx, "b"), value(&cx, "c").as_deref()),
        (None, Some("1"))
    );
}

#[test]
fn baggage_of_exactly_the_limit_goes_on() {
    let header = format!("a={},b={}", "1".repeat(4000), "2".repeat(8192 - 4005));
    assert_eq!(header.len(), 8192);
    assert_eq!(inject(&extract([(BAGGAGE, &*header)]))[BAGGAGE], header);
}

#[test]
fn beside_baggage_that_is_given_already_both_keep_to_the_limit() {
    let values = [KeyValue::new("a", "1"), KeyValue::new("b", "22")];
    let cx = Context::new().with_baggage(values);
    assert_eq!(baggage_beside(&cx, 8192 - 2 - 8), "a=1,b=22");
    assert_eq!(baggage_beside(&cx, 8192 - 2 - 7), "a=1");
    assert_eq!(baggage_beside(&cx, 8192 - 1), "");
}

#[test]
fn an_encoded_value_that_exceeds_the_limit_is_not_sent() {
    let values = [
        KeyValue::new("a", "é".repeat(2000)),
        KeyValue::new("b", "2"),
    ];
    assert_eq!(sent(Baggage::from(values)).unwrap(), "b=2");
}

#[test]
fn values_are_encoded_and_properties_that_are_no_header_are_left_out() {
    let mut baggage = Baggage::new();
    baggage.insert("a", "é=+,;\n");
    baggage.insert_with_metadata("b", "1", BaggageMetadata::from("x\r\ny: z"));
    assert_eq!(sent(baggage).unwrap(), "a=%C3%A9%3D%2B%2C%3B%0A,b=1");
}

#[test]
fn a_propagator_without_baggage_neither_reads_nor_writes_it() {
    let propagator = W3cPropagator::new().without_baggage();
    let headers = Headers::from([(TRACEPARENT, PARENT), (BAGGAGE, "a=1")]);
    let cx = propagator.extract_with_context(&Context::new(), &headers);
    assert!(cx.has_active_span() && cx.baggage().is_empty());
    let mut sent = HashMap::new();
    let cx = cx.with_baggage([KeyValue::new("a", "1")]);
    propagator.inject_context(&cx, &mut sent);
    assert_eq!(sent.get(BAGGAGE), None);
}
