//! Values as they come, texts of `<meta>` tags or values of JSON, made into what is configured, or refused for a reason.
//!
//! Every bound is here: whatever the page says, nothing grows without one.

#[cfg(any(feature = "fetch", feature = "xhr"))]
use js_sys::Array;
use js_sys::Reflect;
#[cfg(any(feature = "fetch", feature = "xhr"))]
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use web_sys::Headers;

use crate::export::Credentials;
use crate::page::{self, property};

/// Bytes of one text.
const MAX_TEXT_BYTES: usize = 2048;
/// Texts in one list, and headers.
const MAX_LIST: u32 = 32;

/// Why a value is refused.
pub(super) type Refusal = &'static str;

const NO_TEXT: Refusal = "is no text of 1 to 2048 bytes";
#[cfg(any(feature = "fetch", feature = "xhr"))]
const NO_LIST: Refusal = "is no list of 32 texts at most";

/// A text that is not empty.
pub(super) fn text(value: &JsValue) -> Result<String, Refusal> {
    let text = value.as_string().unwrap_or_default();
    if (1..=MAX_TEXT_BYTES).contains(&text.len()) {
        Ok(text)
    } else {
        Err(NO_TEXT)
    }
}

/// A number within these bounds, or a text of it.
pub(super) fn number(value: &JsValue, least: f64, most: f64) -> Result<f64, Refusal> {
    let is_candidate = match value.as_string() {
        // An empty text would be 0.
        Some(text) => !text.trim_ascii().is_empty(),
        None => value.as_f64().is_some(),
    };
    let number = if is_candidate {
        value.unchecked_into_f64()
    } else {
        f64::NAN
    };
    if least <= number && number <= most {
        Ok(number)
    } else {
        Err("is no number within the bounds")
    }
}

/// A whole number within these bounds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within bounds that fit"
)]
pub(super) fn count(value: &JsValue, least: u32, most: u32) -> Result<usize, Refusal> {
    Ok(number(value, least.into(), most.into())? as usize)
}

pub(super) fn bool(value: &JsValue) -> Result<bool, Refusal> {
    match (value.as_bool(), value.as_string().as_deref()) {
        (Some(it), _) => Ok(it),
        (_, Some("true")) => Ok(true),
        (_, Some("false")) => Ok(false),
        _ => Err("is neither true nor false"),
    }
}

/// Texts in an array, or in one text with commas between them.
#[cfg(any(feature = "fetch", feature = "xhr"))]
pub(super) fn list(value: &JsValue) -> Result<Vec<String>, Refusal> {
    let mut list = Vec::new();
    if let Ok(text) = text(value) {
        let mut rest = text.as_str();
        while let Some(comma) = rest.bytes().position(|byte| byte == b',') {
            let (part, after) = rest.split_at_checked(comma).ok_or(NO_LIST)?;
            list.push(part.trim_ascii().to_owned());
            rest = after.get(1..).unwrap_or_default();
        }
        list.push(rest.trim_ascii().to_owned());
    } else if Array::is_array(value) {
        let array: &Array = value.unchecked_ref();
        // One more than allowed, to be refused below.
        for index in 0..array.length().min(MAX_LIST + 1) {
            list.push(text(&array.get(index))?);
        }
    }
    if (1..=MAX_LIST as usize).contains(&list.len()) {
        Ok(list)
    } else {
        Err(NO_LIST)
    }
}

/// The address of a collector.
pub(super) fn address(value: &JsValue) -> Result<String, Refusal> {
    let text = text(value)?;
    let protocol = page::resolved(&text).and_then(|it| page::text(&it, "protocol"));
    match protocol.as_deref() {
        Some("http:" | "https:") => Ok(text),
        _ => Err("is no address of HTTP"),
    }
}

/// Names and values, in an object, that `fetch` accepts.
pub(super) fn headers(value: &JsValue) -> Result<Vec<(String, String)>, Refusal> {
    const REFUSAL: Refusal = "is no object of 32 headers at most";
    let names = Reflect::own_keys(value).map_err(|_| REFUSAL)?;
    let probe = Headers::new().map_err(|_| REFUSAL)?;
    if names.length() > MAX_LIST {
        return Err(REFUSAL);
    }
    let mut headers = Vec::new();
    for name in names.iter() {
        let name = text(&name)?;
        let value = text(&property(value, &name))?;
        page::call(&probe, "set", &*name, &*value).map_err(|_| REFUSAL)?;
        headers.push((name, value));
    }
    Ok(headers)
}

pub(super) fn credentials(value: &JsValue) -> Result<Credentials, Refusal> {
    match value.as_string().as_deref() {
        Some("same-origin") => Ok(Credentials::SameOrigin),
        Some("include") => Ok(Credentials::Include),
        Some("omit") => Ok(Credentials::Omit),
        _ => Err("is none of same-origin, include, omit"),
    }
}
