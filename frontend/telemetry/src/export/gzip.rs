//! Compression by the browser, where the page has time to wait for it.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableWritablePair, Response};

use super::transport::Body;
use crate::page;

/// Bytes below which a body is sent as it is: compressing would cost more than it saves.
const MIN_BYTES: usize = 1024;

/// Compresses the body, or leaves it as it is where the browser cannot.
pub(super) async fn compress(body: &mut Body) {
    if body.len < MIN_BYTES {
        return;
    }
    if let Ok(bytes) = compressed(body.bytes.unchecked_ref()).await {
        body.len = bytes.length() as usize;
        body.bytes = bytes.into();
        body.is_gzip = true;
    }
}

async fn compressed(bytes: &Uint8Array) -> Result<Uint8Array, JsValue> {
    let stream: Function = page::property(&js_sys::global(), "CompressionStream").dyn_into()?;
    let gzip = Reflect::construct(&stream, &Array::of1(&"gzip".into()))?;
    let plain = Response::new_with_opt_js_u8_array(Some(bytes))?;
    let plain = plain.body().ok_or(JsValue::UNDEFINED)?;
    let pair: &ReadableWritablePair = gzip.unchecked_ref();
    let packed = Response::new_with_opt_readable_stream(Some(&plain.pipe_through(pair)))?;
    let bytes = JsFuture::from(packed.array_buffer()?).await?;
    Ok(Uint8Array::new(&bytes))
}
