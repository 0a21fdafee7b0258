//! Who sends: the service, this page load, and the browser it runs in.

use js_sys::Array;
use opentelemetry::{KeyValue, StringValue, Value};
use throughline_core::names::{network, resource};
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::otlp::{Attributes, Message};
use crate::page::property;
use crate::{ids, limits};

/// The encoded `Resource`: what the application said, after what we know, so that it has the last word.
pub(crate) fn encode(window: &Window, from_application: Vec<KeyValue>) -> Vec<u8> {
    let text = |key, value: &'static str| KeyValue::new(key, value);
    let mut all = vec![
        KeyValue::new(resource::SERVICE_INSTANCE_ID, ids::uuid()),
        text(resource::TELEMETRY_SDK_NAME, "throughline"),
        text(resource::TELEMETRY_SDK_LANGUAGE, "rust"),
        text(resource::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION")),
    ];
    browser(&property(window, "navigator"), &mut all);
    all.extend(from_application);
    let mut message = Message::default();
    Attributes::new(all, limits::get().attributes).write(&mut message, 1, 0);
    message.into_bytes()
}

/// `browser.*` as the semantic conventions have it: from User-Agent Client Hints or not at all.
fn browser(navigator: &JsValue, all: &mut Vec<KeyValue>) {
    let hints = property(navigator, "userAgentData");
    let texts = [
        (network::USER_AGENT_ORIGINAL, navigator, "userAgent"),
        (resource::BROWSER_LANGUAGE, navigator, "language"),
        (resource::BROWSER_PLATFORM, &hints, "platform"),
    ];
    for (key, object, name) in texts {
        if let Some(text) = property(object, name).as_string() {
            all.push(KeyValue::new(key, text));
        }
    }
    if let Some(mobile) = property(&hints, "mobile").as_bool() {
        all.push(KeyValue::new(resource::BROWSER_MOBILE, mobile));
    }
    let brands = property(&hints, "brands");
    if Array::is_array(&brands) {
        let mut names: Vec<StringValue> = Vec::new();
        for it in Array::from(&brands).iter() {
            names.push(brand(&it).into());
        }
        let brands = Value::Array(opentelemetry::Array::String(names));
        all.push(KeyValue::new(resource::BROWSER_BRANDS, brands));
    }
}

/// `brand version`, such as `Chromium 156`.
fn brand(brand: &JsValue) -> String {
    let text = |name| property(brand, name).as_string().unwrap_or_default();
    text("brand") + " " + &text("version")
}
