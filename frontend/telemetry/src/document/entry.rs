//! What an entry of the performance timeline says, as attributes.

use throughline_core::names::{browser, http, network, url};
use throughline_core::otlp::Any;
use throughline_core::redact;
use wasm_bindgen::JsValue;

use crate::performance::{number, text};
use crate::span::Span;

/// What is told of a request. What has no value did not happen, or is not ours to know: of another origin, which does
/// not say `Timing-Allow-Origin`, there is the start and the end.
const OF_REQUEST: &[&str] = &[
    #[cfg(feature = "resources")]
    "initiatorType",
    #[cfg(feature = "resources")]
    "renderBlockingStatus",
    "deliveryType",
    "redirectStart",
    "redirectEnd",
    "fetchStart",
    "domainLookupStart",
    "domainLookupEnd",
    "connectStart",
    "secureConnectionStart",
    "connectEnd",
    "requestStart",
    "responseStart",
    "responseEnd",
    "transferSize",
    "encodedBodySize",
    "decodedBodySize",
];

/// Sets where it is from.
pub(super) fn set_url(span: &mut Span, entry: &JsValue) {
    span.set_text(url::FULL, &redact::url(&text(entry, "name")));
}

/// Sets the attributes of a request.
pub(super) fn set_request(span: &mut Span, entry: &JsValue) {
    set_url(span, entry);
    let status = number(entry, "responseStatus");
    // 0 is that of a response which is not ours to see.
    if status > 0.0 {
        span.set(http::RESPONSE_STATUS_CODE, &int(status));
    }
    // The number in `http/1.1`, `h2`, `h3`.
    let protocol = text(entry, "nextHopProtocol");
    let letters = protocol.bytes().take_while(|it| !it.is_ascii_digit());
    let version = protocol.get(letters.count()..).unwrap_or_default();
    if !version.is_empty() {
        span.set_text(network::PROTOCOL_VERSION, version);
    }
    set_properties(span, entry, browser::RESOURCE_TIMING, OF_REQUEST);
}

/// Sets the properties of these names that say something, in snake case behind `prefix`. Sizes are integers.
pub(super) fn set_properties(span: &mut Span, entry: &JsValue, prefix: &str, names: &[&str]) {
    for name in names {
        let number = number(entry, name);
        let said;
        let value = if number > 0.0 {
            match name.ends_with("Size") {
                true => int(number),
                false => Any::Double(number),
            }
        } else {
            said = text(entry, name);
            if said.is_empty() {
                continue;
            }
            Any::Text(&said)
        };
        let mut key = prefix.to_owned();
        for byte in name.bytes() {
            if byte.is_ascii_uppercase() {
                key.push('_');
            }
            key.push(char::from(byte.to_ascii_lowercase()));
        }
        span.set(&key, &value);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn int(number: f64) -> Any<'static> {
    Any::Int(number as i64)
}

/// Whether it is a request that a script made.
#[cfg(feature = "resources")]
pub(super) fn is_by_script(entry: &JsValue) -> bool {
    matches!(
        text(entry, "initiatorType").as_str(),
        "fetch" | "xmlhttprequest" | "beacon"
    )
}
