use proptest::prelude::*;

use super::*;

/// Headers in which all that the parsers look at is frequent.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            PARENT,
            "00",
            "cc",
            "-",
            ",",
            "=",
            ";",
            " ",
            "\t",
            "a",
            "a@b@c=1",
            "k=v",
            "%",
            "%41",
            "é",
            "12345678901234567890123456789012",
            "1234567890123456",
        ])
        .prop_map(String::from),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn valid_parent() -> impl Strategy<Value = TraceParent> {
    (1..=u128::MAX, 1..=u64::MAX, any::<u8>()).prop_map(|(trace, span, flags)| {
        let (trace, span) = (TraceId::from(trace), SpanId::from(span));
        TraceParent::new(trace, span, TraceFlags::new(flags)).unwrap()
    })
}

proptest! {
    #[test]
    fn a_traceparent_reads_back_as_it_was_written(parent in valid_parent()) {
        let text = parent.to_string();
        prop_assert_eq!(text.len(), 55);
        prop_assert_eq!(TraceParent::parse(&text), Some(parent));
    }

    #[test]
    fn what_came_in_goes_on_and_then_stays_as_it_is(
        parent in prop_oneof![valid_parent().prop_map(|it| it.to_string()), hostile()],
        state in hostile(),
        baggage in hostile(),
    ) {
        let came = [(TRACEPARENT, &*parent), (TRACESTATE, &*state), (BAGGAGE, &*baggage)];
        let once = inject(&extract(came));
        let again = W3cPropagator::new().extract_with_context(&Context::new(), &once);
        prop_assert_eq!(&inject(&again), &once);
        for value in once.values() {
            prop_assert!(!value.is_empty());
            prop_assert!(value.bytes().all(|it| matches!(it, b' '..=b'~' | b'\t')), "{value:?}");
        }
    }

    #[test]
    fn baggage_of_any_value_arrives(value in any::<String>()) {
        use opentelemetry::KeyValue;
        use opentelemetry::baggage::BaggageExt;

        let cx = Context::new().with_baggage([KeyValue::new("key", value.clone())]);
        let cx = W3cPropagator::new().extract_with_context(&Context::new(), &inject(&cx));
        prop_assert_eq!(cx.baggage().get("key").unwrap().as_str(), value);
    }
}
