//! Compression by the browser, where the page has time to wait for it.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableWritablePair, Response};

use crate::page;

/// Bytes below which a body is sent as it is: compressing would cost more than it saves.
const MIN_BYTES: u32 = 1024;

/// The compressed bytes, where that is worth it and the browser can do it.
pub(super) async fn compressed(bytes: &JsValue) -> Result<JsValue, JsValue> {
    let bytes: &Uint8Array = bytes.unchecked_ref();
    if bytes.length() < MIN_BYTES {
        return Err(JsValue::UNDEFINED);
    }
    let stream: Function = page::property(&js_sys::global(), "CompressionStream").dyn_into()?;
    let gzip = Reflect::construct(&stream, &Array::of1(&"gzip".into()))?;
    let plain = Response::new_with_opt_js_u8_array(Some(bytes))?;
    let plain = plain.body().ok_or(JsValue::UNDEFINED)?;
    let pair: &ReadableWritablePair = gzip.unchecked_ref();
    let packed = Response::new_with_opt_readable_stream(Some(&plain.pipe_through(pair)))?;
    let bytes = JsFuture::from(packed.array_buffer()?).await?;
    Ok(Uint8Array::new(&bytes).into())
}
