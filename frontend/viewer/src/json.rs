//! Reading JSON leniently: what is absent, null or of another type is the default, as in proto3 JSON.

use serde_json::Value;

pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A 64-bit integer is a string in proto3 JSON; receivers take numbers too.
pub(crate) fn unsigned(object: &Value, key: &str) -> u64 {
    match object.get(key) {
        Some(Value::String(digits)) => digits.parse().unwrap_or_default(),
        Some(number) => number.as_u64().unwrap_or_default(),
        None => 0,
    }
}
