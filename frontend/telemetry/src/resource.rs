//! Who sends: the service, this page load, and the browser it runs in.

use js_sys::Array;
use opentelemetry::{KeyValue, StringValue, Value};
use prost::Message;
use prost::bytes::Bytes;
use throughline_core::{limits, names};
use wasm_bindgen::JsValue;
use web_sys::Navigator;

use crate::export::otlp;
use crate::ids;
use crate::page;

/// The encoded [`otlp::Resource`]: what the application said, after what we know, so that it has the last word.
pub(crate) fn encode(from_application: Vec<KeyValue>) -> Bytes {
    let mut all = vec![
        KeyValue::new(names::resource::SERVICE_INSTANCE_ID, ids::uuid()),
        KeyValue::new(names::resource::TELEMETRY_SDK_NAME, "throughline"),
        KeyValue::new(names::resource::TELEMETRY_SDK_LANGUAGE, "rust"),
        KeyValue::new(
            names::resource::TELEMETRY_SDK_VERSION,
            env!("CARGO_PKG_VERSION"),
        ),
    ];
    if let Some(window) = page::window() {
        browser(&window.navigator(), &mut all);
    }
    all.extend(from_application);
    let (attributes, _) = otlp::attributes(all, limits::MAX_ATTRIBUTES);
    otlp::Resource { attributes }.encode_to_vec().into()
}

/// `browser.*` as the semantic conventions have it: from User-Agent Client Hints or not at all.
fn browser(navigator: &Navigator, all: &mut Vec<KeyValue>) {
    if let Ok(user_agent) = navigator.user_agent() {
        all.push(KeyValue::new(
            names::network::USER_AGENT_ORIGINAL,
            user_agent,
        ));
    }
    if let Some(language) = navigator.language() {
        all.push(KeyValue::new(names::resource::BROWSER_LANGUAGE, language));
    }
    let hints = page::property(navigator, "userAgentData");
    let brands = page::property(&hints, "brands");
    if Array::is_array(&brands) {
        let brands: Vec<StringValue> = Array::from(&brands).iter().map(|it| brand(&it)).collect();
        let brands = Value::Array(opentelemetry::Array::String(brands));
        all.push(KeyValue::new(names::resource::BROWSER_BRANDS, brands));
    }
    if let Some(platform) = page::property(&hints, "platform").as_string() {
        all.push(KeyValue::new(names::resource::BROWSER_PLATFORM, platform));
    }
    if let Some(mobile) = page::property(&hints, "mobile").as_bool() {
        all.push(KeyValue::new(names::resource::BROWSER_MOBILE, mobile));
    }
}

/// `brand version`, such as `Chromium 156`.
fn brand(brand: &JsValue) -> StringValue {
    let name = page::property(brand, "brand")
        .as_string()
        .unwrap_or_default();
    let version = page::property(brand, "version")
        .as_string()
        .unwrap_or_default();
    format!("{name} {version}").into()
}
