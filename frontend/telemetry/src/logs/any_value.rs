//! The values that only log records have: bytes, lists and maps of anything.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use opentelemetry::Value;
use opentelemetry::logs::AnyValue;

use crate::limits;
use crate::otlp::{self, Message, cut};

/// Lists and maps in one another at most: what is deeper is left empty.
const MAX_DEPTH: usize = 8;

/// An `AnyValue` message. Texts and bytes are cut at their limit; a list or map ends where it reaches that limit itself.
pub(super) fn encode(value: AnyValue) -> Message {
    encode_at(value, 0)
}

fn encode_at(value: AnyValue, depth: usize) -> Message {
    let max_bytes = limits::get().attribute_value_bytes;
    let mut message = Message::default();
    match value {
        AnyValue::Int(it) => return otlp::value(&Value::I64(it)),
        AnyValue::Double(it) => return otlp::value(&Value::F64(it)),
        AnyValue::Boolean(it) => return otlp::value(&Value::Bool(it)),
        AnyValue::String(it) => message.bytes(1, cut(it.as_str(), max_bytes).as_bytes()),
        AnyValue::Bytes(it) => message.bytes(7, it.get(..max_bytes).unwrap_or(&it)),
        _ if depth >= MAX_DEPTH => {}
        AnyValue::ListAny(all) => {
            let mut list = Message::default();
            for it in *all {
                if list.len() >= max_bytes {
                    break;
                }
                list.message(1, &encode_at(it, depth + 1));
            }
            message.message(5, &list);
        }
        AnyValue::Map(all) => {
            let mut map = Message::default();
            for (key, it) in *all {
                if map.len() >= max_bytes {
                    break;
                }
                let key = cut(key.as_str(), max_bytes);
                map.message(1, &otlp::pair(key, &encode_at(it, depth + 1)));
            }
            message.message(6, &map);
        }
        // The API's enum may grow: what is new has no value here.
        _ => {}
    }
    message
}
