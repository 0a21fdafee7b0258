//! The values that only log records have: bytes, lists and maps of anything.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use opentelemetry::logs::AnyValue;
use throughline_core::otlp::{Any, Message, cut};

use crate::limits;

/// Lists and maps in one another at most: what is deeper is left empty.
const MAX_DEPTH: usize = 8;

/// An `AnyValue` message. Texts and bytes are cut at their limit; a list or map ends where it reaches that limit itself.
pub(super) fn encode(value: &AnyValue) -> Message {
    let mut message = Message::default();
    write(&mut message, value, 0);
    message
}

fn write(message: &mut Message, value: &AnyValue, depth: usize) {
    let max_bytes = limits::get().attributes.value_bytes;
    match value {
        AnyValue::Int(it) => message.any(&Any::Int(*it), max_bytes),
        AnyValue::Double(it) => message.any(&Any::Double(*it), max_bytes),
        AnyValue::Boolean(it) => message.any(&Any::Bool(*it), max_bytes),
        AnyValue::String(it) => message.any(&Any::Text(it.as_str()), max_bytes),
        AnyValue::Bytes(it) => message.bytes(7, it.get(..max_bytes).unwrap_or(it)),
        _ if depth >= MAX_DEPTH => {}
        AnyValue::ListAny(all) => {
            let list = message.begin(5);
            let begin = message.len();
            for it in all.iter() {
                if message.len() - begin >= max_bytes {
                    break;
                }
                write_field(message, 1, it, depth + 1);
            }
            message.end(list);
        }
        AnyValue::Map(all) => {
            let map = message.begin(6);
            let begin = message.len();
            for (key, it) in all.iter() {
                if message.len() - begin >= max_bytes {
                    break;
                }
                let pair = message.begin(1);
                message.text(1, cut(key.as_str(), max_bytes));
                write_field(message, 2, it, depth + 1);
                message.end(pair);
            }
            message.end(map);
        }
        // The API's enum may grow: what is new has no value here.
        _ => {}
    }
}

fn write_field(message: &mut Message, field: u32, value: &AnyValue, depth: usize) {
    let within = message.begin(field);
    write(message, value, depth);
    message.end(within);
}
