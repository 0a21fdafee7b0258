//! Trace and span ids: random, from a state that the browser's cryptographic source gives.

use std::cell::Cell;

use js_sys::Uint8Array;
use opentelemetry::trace::{SpanId, TraceId};
use throughline_core::{hex, ids};
use wasm_bindgen::JsValue;

use crate::page;

thread_local! {
    /// Of the generator; zeros before it is first used.
    static STATE: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

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
        hex::push_number(&mut text, byte.into(), 2);
    }
    text
}

fn random_pair() -> u128 {
    u128::from(random()) << 64 | u128::from(random())
}

/// 64 random bits, not all of them zero: an id of zeros is invalid. From a state that is drawn from the browser once.
#[inline(never)]
fn random() -> u64 {
    let state = match STATE.get() {
        (0, 0) => (draw(), draw()),
        state => state,
    };
    let (random, next) = ids::random(state);
    STATE.set(next);
    random
}

/// 64 bits of the browser's cryptographic random source.
fn draw() -> u64 {
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
