//! Trace and span ids from the browser's cryptographic random source.

use js_sys::Uint8Array;
use opentelemetry::trace::{SpanId, TraceId};
use throughline_core::hex;
use wasm_bindgen::JsValue;

use crate::page;

/// A new trace id: 128 random bits, so that the random flag of `traceparent` is true.
pub(crate) fn trace_id() -> TraceId {
    TraceId::from(random_pair())
}

/// A new span id.
pub(crate) fn span_id() -> SpanId {
    SpanId::from(random())
}

/// A version 4 UUID, as `crypto.randomUUID()` gives it: that one exists in secure contexts only.
pub(crate) fn uuid() -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in random_pair().to_ne_bytes().into_iter().enumerate() {
        let byte = match index {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => byte,
        };
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        hex::push(&mut text, &[byte]);
    }
    text
}

fn random_pair() -> u128 {
    u128::from(random()) << 64 | u128::from(random())
}

/// 64 random bits, not all of them zero: an id of zeros is invalid.
#[inline(never)]
fn random() -> u64 {
    let mut bytes = [0; 8];
    let drawn = Uint8Array::from(&bytes[..]);
    let crypto = page::property(&js_sys::global(), "crypto");
    drop(page::call(
        &crypto,
        "getRandomValues",
        &drawn,
        JsValue::UNDEFINED,
    ));
    drawn.copy_to(&mut bytes);
    match u64::from_ne_bytes(bytes) {
        0 => fallback(),
        random => random,
    }
}

/// Without `crypto` (very old browsers) ids are less random, but there are ids.
fn fallback() -> u64 {
    1 + crate::clock::from_millis(js_sys::Math::random() * 1e12)
}
