//! Who sends: the service, this page load, and the browser it runs in.

use js_sys::Array;
use opentelemetry::KeyValue;
use throughline_core::names::{network, resource};
use wasm_bindgen::{JsCast, JsValue};

use crate::otlp::{self, Any, Attributes, Message};
use crate::page::{self, property};
use crate::{ids, limits};

/// The encoded `Resource`: what the application said, after what we know, so that it has the last word.
pub(crate) fn encode(from_application: &[KeyValue]) -> Vec<u8> {
    let max = limits::get().attributes;
    let mut all = Attributes::of_field(1);
    let texts = [
        (resource::TELEMETRY_SDK_NAME, "throughline"),
        (resource::TELEMETRY_SDK_LANGUAGE, "rust"),
        (resource::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION")),
        (resource::SERVICE_INSTANCE_ID, &ids::uuid()),
    ];
    for (key, text) in texts {
        all.set(key, &otlp::text(text), max);
    }
    browser(&mut all, max);
    all.set_all(from_application, max);
    all.write_dropped(0);
    all.message.into_bytes()
}

/// `browser.*` as the semantic conventions have it: from User-Agent Client Hints or not at all.
fn browser(all: &mut Attributes, max: usize) {
    let navigator = property(&js_sys::global(), "navigator");
    let hints = property(&navigator, "userAgentData");
    let texts = [
        (network::USER_AGENT_ORIGINAL, &navigator, "userAgent"),
        (resource::BROWSER_LANGUAGE, &navigator, "language"),
        (resource::BROWSER_PLATFORM, &hints, "platform"),
    ];
    for (key, object, name) in texts {
        if let Some(text) = page::text(object, name) {
            all.set(key, &otlp::text(&text), max);
        }
    }
    if let Some(mobile) = property(&hints, "mobile").as_bool() {
        all.set(resource::BROWSER_MOBILE, &otlp::bool(mobile), max);
    }
    let brands = property(&hints, "brands");
    if Array::is_array(&brands) {
        let brands: &Array = brands.unchecked_ref();
        let mut names = Message::default();
        for index in 0..brands.length() {
            names.value(1, &otlp::text(&brand(&brands.get(index))));
        }
        all.set(resource::BROWSER_BRANDS, &Any::List(&names), max);
    }
}

/// `brand version`, such as `Chromium 156`.
fn brand(brand: &JsValue) -> String {
    let mut text = page::text(brand, "brand").unwrap_or_default();
    text.push(' ');
    text.push_str(&page::text(brand, "version").unwrap_or_default());
    text
}
