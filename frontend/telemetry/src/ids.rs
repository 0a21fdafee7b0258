//! Trace and span ids from the browser's cryptographic random source, drawn in batches.

use std::cell::RefCell;

use opentelemetry::trace::{SpanId, TraceId};

use crate::page;

/// One call into the page serves this many bytes: 10 traces or 32 spans.
const POOL_BYTES: usize = 256;

struct Pool {
    bytes: [u8; POOL_BYTES],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_BYTES], used: POOL_BYTES }) };
}

/// A new trace id: 128 random bits, so that the random flag of `traceparent` is true.
pub(crate) fn trace_id() -> TraceId {
    TraceId::from_bytes(random())
}

/// A new span id.
pub(crate) fn span_id() -> SpanId {
    SpanId::from_bytes(random())
}

/// A version 4 UUID, as `crypto.randomUUID()` gives it: that one exists in secure contexts only.
pub(crate) fn uuid() -> String {
    let mut bytes = random::<16>();
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter_mut().enumerate() {
        match index {
            6 => *byte = *byte & 0x0f | 0x40,
            8 => *byte = *byte & 0x3f | 0x80,
            _ => {}
        }
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [*byte >> 4, *byte & 0xf] {
            text.extend(char::from_digit(nibble.into(), 16));
        }
    }
    text
}

/// Random bytes, not all of them zero: an id of zeros is invalid.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let drawn = POOL.with(|pool| pool.try_borrow_mut().ok().and_then(|mut pool| pool.draw()));
    match drawn {
        Some(bytes) if bytes != [0; N] => bytes,
        _ => fallback(),
    }
}

/// Without `crypto` (very old browsers) ids are less random, but there are ids.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 1 to 255"
)]
fn fallback<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| 1 + (js_sys::Math::random() * 255.0) as u8)
}

// === impl Pool ===

impl Pool {
    fn draw<const N: usize>(&mut self) -> Option<[u8; N]> {
        if self.used + N > self.bytes.len() {
            let crypto = page::window()?.crypto().ok()?;
            crypto
                .get_random_values_with_u8_array(&mut self.bytes)
                .ok()?;
            self.used = 0;
        }
        let drawn = self.bytes.get(self.used..self.used + N)?.try_into().ok()?;
        self.used += N;
        Some(drawn)
    }
}
