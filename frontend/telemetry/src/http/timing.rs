//! What the browser measured of a request's way through the network, from Resource Timing.
//!
//! The entry of a request is made when its body is complete. A span never waits for it: an `XMLHttpRequest` ends there
//! and has its timings; a `fetch` is answered by the headers, before its entry is there (40 of 40 small responses in
//! Chromium), and has them only where the page was too busy to take the headers before the body was complete. Nothing
//! is told of a cross-origin request without `Timing-Allow-Origin`, nor once the page's buffer is full (250 entries,
//! unless the page sets another size or clears it: it is the page's).

use std::cell::Cell;

use js_sys::Array;
use throughline_core::names::network::PROTOCOL_VERSION;
use wasm_bindgen::{JsCast, JsValue};

use super::{Open, call};
use crate::{otlp, page};

/// Milliseconds, a double, of each phase that took place: a connection that was open already has no `dns`, `connect`
/// and `tls`. `request` is from the request's first byte to the answer's first, `response` from there to its last.
/// `connect` includes `tls`.
const PHASES: [(&str, &str, &str); 5] = [
    (
        "throughline.network.dns_ms",
        "domainLookupStart",
        "domainLookupEnd",
    ),
    (
        "throughline.network.connect_ms",
        "connectStart",
        "connectEnd",
    ),
    (
        "throughline.network.tls_ms",
        "secureConnectionStart",
        "connectEnd",
    ),
    (
        "throughline.network.request_ms",
        "requestStart",
        "responseStart",
    ),
    (
        "throughline.network.response_ms",
        "responseStart",
        "responseEnd",
    ),
];

const PROTOCOL_NAME: &str = "network.protocol.name";
const BODY_SIZE: &str = "http.response.body.size";

/// Entries of one address that are looked at, the last ones.
const MAX_LOOKED_AT: u32 = 32;
/// Entries that are remembered as used.
const MAX_USED: usize = 16;
/// A look-up goes through the page's whole buffer, which has no limit that we know: after one that took longer than
/// this, there is none for [`PAUSE_FACTOR`] times as long.
const MAX_LOOK_UP_MILLIS: f64 = 2.0;
const PAUSE_FACTOR: f64 = 100.0;

thread_local! {
    static USED: Cell<[f64; MAX_USED]> = const { Cell::new([0.0; MAX_USED]) };
    static PAUSE_UNTIL: Cell<f64> = const { Cell::new(0.0) };
}

/// A request's address and time.
#[derive(Debug)]
pub(crate) struct Begun {
    url: String,
    /// On the clock of `performance.now()`, in milliseconds.
    at: f64,
}

// === impl Begun ===

impl Begun {
    pub(crate) fn now(address: &str) -> Self {
        Self {
            url: address.to_owned(),
            at: now(&performance()),
        }
    }

    /// The first entry after the request that no other has had. Requests to the same address at the same time could
    /// else be taken for one another.
    fn entry(&self) -> Option<JsValue> {
        let performance = performance();
        let begin = now(&performance);
        if begin < PAUSE_UNTIL.get() {
            return None;
        }
        let look_up = page::property(&performance, "getEntriesByName");
        let what = Array::of2(
            &JsValue::from_str(&self.url),
            &JsValue::from_str("resource"),
        );
        let entries: Array = call(&look_up, &performance, &what).ok()?.dyn_into().ok()?;
        let end = now(&performance);
        if end - begin > MAX_LOOK_UP_MILLIS {
            PAUSE_UNTIL.set(end + (end - begin) * PAUSE_FACTOR);
        }

        let length = entries.length();
        let mut used = USED.get();
        for index in length.saturating_sub(MAX_LOOKED_AT)..length {
            let entry = entries.get(index);
            let start = number(&entry, "startTime");
            if start >= self.at && !used.contains(&start) {
                used.rotate_right(1);
                if let Some(last) = used.first_mut() {
                    *last = start;
                }
                USED.set(used);
                return Some(entry);
            }
        }
        None
    }
}

/// The timings of a request, if they are there.
pub(crate) fn timing(request: &mut Open) {
    let Open { span, begun, .. } = request;
    let Some(entry) = begun.entry() else { return };
    for (key, from, to) in PHASES {
        let (from, to) = (number(&entry, from), number(&entry, to));
        if from > 0.0 && to > from {
            span.set(key, &otlp::double(to - from));
        }
    }
    let protocol = page::property(&entry, "nextHopProtocol").as_string();
    let version = match protocol.as_deref() {
        Some("h2" | "h2c") => "2",
        Some("h3") => "3",
        Some(other) => other.strip_prefix("http/").unwrap_or_default(),
        None => "",
    };
    if !version.is_empty() {
        span.set_text(PROTOCOL_NAME, "http");
        span.set_text(PROTOCOL_VERSION, version);
    }
    let size = number(&entry, "encodedBodySize");
    if size > 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
        span.set(BODY_SIZE, &otlp::int(size as i64));
    }
}

fn performance() -> JsValue {
    page::window().map_or(JsValue::UNDEFINED, |window| {
        page::property(&window, "performance")
    })
}

fn now(performance: &JsValue) -> f64 {
    call(
        &page::property(performance, "now"),
        performance,
        &Array::new(),
    )
    .ok()
    .and_then(|it| it.as_f64())
    .unwrap_or_default()
}

fn number(entry: &JsValue, name: &str) -> f64 {
    page::property(entry, name).as_f64().unwrap_or_default()
}
