//! What an entry of the performance timeline says, as attributes.

use throughline_core::names::{browser, http, network, url};
use throughline_core::redact;
use wasm_bindgen::JsValue;

use crate::otlp;
use crate::performance::{number, text};
use crate::span::Span;

/// What is told of a request. What has no value did not happen, or is not ours to know: of another origin, which does
/// not say `Timing-Allow-Origin`, there is the start and the end.
const OF_REQUEST: &str = "initiatorType renderBlockingStatus deliveryType redirectStart redirectEnd workerStart \
    fetchStart domainLookupStart domainLookupEnd connectStart secureConnectionStart connectEnd requestStart \
    responseStart responseEnd transferSize encodedBodySize decodedBodySize ";

/// Where it is from.
pub(super) fn url(entry: &JsValue, span: &mut Span) {
    span.set_text(url::FULL, &redact::url(&text(entry, "name")));
}

/// The attributes of a request.
pub(super) fn request(entry: &JsValue, span: &mut Span) {
    self::url(entry, span);
    let status = number(entry, "responseStatus");
    // 0 is that of a response which is not ours to see.
    if status > 0.0 {
        span.set(http::RESPONSE_STATUS_CODE, &otlp::int(int(status)));
    }
    // `http/1.1`, `h2`, `h3`.
    let protocol = text(entry, "nextHopProtocol");
    if let Some(version) = protocol.strip_prefix('h') {
        let version = version.strip_prefix("ttp/").unwrap_or(version);
        span.set_text(network::PROTOCOL_VERSION, version);
    }
    copy(entry, browser::RESOURCE_TIMING, OF_REQUEST, span);
}

/// Sets the properties of these names, each with a space after it, that say something: in snake case behind `prefix`.
/// Sizes are integers.
pub(super) fn copy(entry: &JsValue, prefix: &str, names: &str, span: &mut Span) {
    let mut name = String::new();
    let mut key = prefix.to_owned();
    for byte in names.bytes() {
        if byte != b' ' {
            if byte.is_ascii_uppercase() {
                key.push('_');
            }
            name.push(char::from(byte));
            key.push(char::from(byte.to_ascii_lowercase()));
            continue;
        }
        let text = text(entry, &name);
        let number = number(entry, &name);
        if !text.is_empty() {
            span.set_text(&key, &text);
        } else if number > 0.0 {
            let value = match name.ends_with("Size") {
                true => otlp::int(int(number)),
                false => otlp::double(number),
            };
            span.set(&key, &value);
        }
        name.clear();
        key.truncate(prefix.len());
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn int(number: f64) -> i64 {
    number as i64
}

/// Whether it is a request that a script made.
#[cfg(feature = "resources")]
pub(super) fn is_by_script(entry: &JsValue) -> bool {
    matches!(
        text(entry, "initiatorType").as_str(),
        "fetch" | "xmlhttprequest" | "beacon"
    )
}
