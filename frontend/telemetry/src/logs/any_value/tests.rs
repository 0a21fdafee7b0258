use opentelemetry::logs::AnyValue;
use opentelemetry_proto::tonic::common::v1::AnyValue as Official;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "so it is asked for")]
fn read(value: AnyValue) -> Option<Value> {
    Official::decode(&*encode(&value).into_bytes())
        .unwrap()
        .value
}

#[test]
fn every_kind_of_value_is_read_by_the_official_messages() {
    assert_eq!(read(AnyValue::Int(0)), Some(Value::IntValue(0)));
    assert_eq!(read(AnyValue::Double(0.5)), Some(Value::DoubleValue(0.5)));
    assert_eq!(read(false.into()), Some(Value::BoolValue(false)));
    assert_eq!(read("é".into()), Some(Value::StringValue("é".to_owned())));
    assert_eq!(
        read((&[0_u8, 255][..]).into()),
        Some(Value::BytesValue(vec![0, 255]))
    );
    let Some(Value::ArrayValue(list)) = read(AnyValue::from_iter([1_i64, 2])) else {
        panic!("no list")
    };
    assert_eq!(list.values[1].value, Some(Value::IntValue(2)));
    let Some(Value::KvlistValue(map)) = read(AnyValue::from_iter([("key", "value")])) else {
        panic!("no map")
    };
    assert_eq!(map.values[0].key, "key");
    let value = map.values[0].value.clone().unwrap().value;
    assert_eq!(value, Some(Value::StringValue("value".to_owned())));
}

#[test]
fn what_is_too_deep_is_left_empty() {
    let mut value = AnyValue::Int(1);
    for _ in 0..1000 {
        value = AnyValue::ListAny(Box::new(vec![value]));
    }
    let mut depth = 0;
    let mut read = read(value);
    while let Some(Value::ArrayValue(mut list)) = read {
        depth += 1;
        read = list.values.pop().unwrap().value;
    }
    assert_eq!((depth, read), (MAX_DEPTH, None));
}

#[test]
fn what_is_too_long_ends_at_the_limit() {
    let max = limits::get().attributes.value_bytes;
    let text = "x".repeat(max);
    let list: AnyValue = std::iter::repeat_n(text.clone(), 20).collect();
    let many: AnyValue = std::iter::repeat_n(list, 20).collect();
    let map: AnyValue = (0..20).map(|it| (it.to_string(), text.clone())).collect();
    let bytes = AnyValue::Bytes(Box::new(vec![0; 1_000_000]));
    for value in [many, map, bytes] {
        let length = encode(&value).len();
        assert!(max <= length && length <= 2 * max, "{length} bytes");
    }
}
