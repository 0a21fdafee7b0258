//! Compression by the browser, where the page has time to wait for it.

use wasm_bindgen::JsValue;

use crate::page;

/// Bytes below which a body is sent as it is: compressing would cost more than it saves.
const MIN_BYTES: f64 = 1024.0;

/// The promise of the compressed bytes: an `ArrayBuffer`. `None` where that is not worth it, or the browser cannot do it.
pub(super) fn compressed(bytes: &JsValue) -> Option<JsValue> {
    if page::number(bytes, "length") < MIN_BYTES {
        return None;
    }
    let gzip = page::new("CompressionStream", "gzip");
    if gzip.is_undefined() {
        return None;
    }
    let plain = page::property(&page::new("Response", bytes), "body");
    let packed = page::call(&plain, "pipeThrough", gzip, JsValue::UNDEFINED).ok()?;
    let packed = page::new("Response", packed);
    page::call(
        &packed,
        "arrayBuffer",
        JsValue::UNDEFINED,
        JsValue::UNDEFINED,
    )
    .ok()
}
