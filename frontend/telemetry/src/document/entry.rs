//! What an entry of the performance timeline says, as attributes.

use opentelemetry::{KeyValue, Value};
use throughline_core::names::{browser, http, network, url};
use throughline_core::redact;
use wasm_bindgen::JsValue;

use crate::page::property;
use crate::performance::text;

/// What is told of a request. What has no value did not happen, or is not ours to know: of another origin, which does
/// not say `Timing-Allow-Origin`, there is the start and the end.
const OF_REQUEST: [&str; 15] = [
    "initiatorType",
    "renderBlockingStatus",
    "deliveryType",
    "redirectStart",
    "redirectEnd",
    "workerStart",
    "fetchStart",
    "domainLookupStart",
    "domainLookupEnd",
    "connectStart",
    "secureConnectionStart",
    "connectEnd",
    "requestStart",
    "responseStart",
    "responseEnd",
];

const SIZES: [(&str, &str); 4] = [
    (http::RESPONSE_STATUS_CODE, "responseStatus"),
    (http::RESPONSE_SIZE, "transferSize"),
    (http::RESPONSE_BODY_SIZE, "encodedBodySize"),
    (browser::DECODED_BODY_SIZE, "decodedBodySize"),
];

/// Where it is from.
pub(super) fn url(entry: &JsValue) -> KeyValue {
    KeyValue::new(url::FULL, redact::url(&text(entry, "name")).into_owned())
}

/// The attributes of a request.
pub(super) fn request(entry: &JsValue) -> Vec<KeyValue> {
    let mut attributes = vec![url(entry)];
    for (key, name) in SIZES {
        // Status 0 is that of a response which is not ours to see.
        if let Some(value) = property(entry, name).as_f64().filter(|it| *it > 0.0) {
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers; saturates")]
            attributes.push(KeyValue::new(key, value as i64));
        }
    }
    // `http/1.1`, `h2`, `h3`.
    let protocol = text(entry, "nextHopProtocol");
    if let Some(version) = protocol.strip_prefix('h') {
        let version = version.strip_prefix("ttp/").unwrap_or(version).to_owned();
        attributes.push(KeyValue::new(network::PROTOCOL_VERSION, version));
    }
    copy(
        entry,
        browser::RESOURCE_TIMING,
        &OF_REQUEST,
        &mut attributes,
    );
    attributes
}

/// Adds the properties of these names that say something, in snake case behind `prefix`.
pub(super) fn copy(entry: &JsValue, prefix: &str, names: &[&str], attributes: &mut Vec<KeyValue>) {
    for name in names {
        let property = property(entry, name);
        let value: Value = match (property.as_f64(), property.as_string()) {
            (Some(millis), _) if millis > 0.0 => millis.into(),
            (_, Some(text)) if !text.is_empty() => text.into(),
            _ => continue,
        };
        let mut key = prefix.to_owned();
        for byte in name.bytes() {
            if byte.is_ascii_uppercase() {
                key.push('_');
            }
            key.push(char::from(byte.to_ascii_lowercase()));
        }
        attributes.push(KeyValue::new(key, value));
    }
}

/// Whether it is a request that a script made.
#[cfg(feature = "resources")]
pub(super) fn is_by_script(entry: &JsValue) -> bool {
    matches!(
        text(entry, "initiatorType").as_str(),
        "fetch" | "xmlhttprequest" | "beacon"
    )
}
