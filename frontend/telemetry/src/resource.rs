//! Who sends: the service, this page load, and the browser it runs in.

use opentelemetry::KeyValue;
use throughline_core::limits::MAX_ATTRIBUTES;
use throughline_core::names::{network, resource};
use wasm_bindgen::JsValue;

use crate::config::Config;
use crate::ids;
use crate::otlp::{Any, Attributes, Message};
use crate::page::{self, property};

/// The encoded `Resource`: what the application said, after what we know, so that it has the last word; what has a key of
/// its own in the configuration before any other attribute.
pub(crate) fn encode(config: &Config, from_application: &[KeyValue]) -> Vec<u8> {
    let mut all = Attributes::of_field(1);
    let mut set = |key, text: Option<&str>| {
        if let Some(text) = text {
            all.set(key, &Any::Text(text), MAX_ATTRIBUTES);
        }
    };
    set(resource::TELEMETRY_SDK_NAME, Some("throughline"));
    set(resource::TELEMETRY_SDK_LANGUAGE, Some("rust"));
    set(
        resource::TELEMETRY_SDK_VERSION,
        Some(env!("CARGO_PKG_VERSION")),
    );
    set(resource::SERVICE_INSTANCE_ID, Some(&ids::uuid()));
    set(resource::SERVICE_VERSION, config.version.as_deref());
    set(
        resource::DEPLOYMENT_ENVIRONMENT_NAME,
        config.environment.as_deref(),
    );
    browser(&mut all);
    all.set_all(from_application, MAX_ATTRIBUTES);
    all.write_dropped(0);
    all.message.into_bytes()
}

/// `browser.*` as the semantic conventions have it: from User-Agent Client Hints or not at all.
fn browser(all: &mut Attributes) {
    let navigator = page::global("navigator");
    let hints = property(&navigator, "userAgentData");
    for (key, object, name) in [
        (network::USER_AGENT_ORIGINAL, &navigator, "userAgent"),
        (resource::BROWSER_LANGUAGE, &navigator, "language"),
        (resource::BROWSER_PLATFORM, &hints, "platform"),
    ] {
        if let Some(text) = page::text(object, name) {
            all.set(key, &Any::Text(&text), MAX_ATTRIBUTES);
        }
    }
    if hints.is_undefined() {
        return;
    }
    let mobile = Any::Bool(page::is(&hints, "mobile"));
    all.set(resource::BROWSER_MOBILE, &mobile, MAX_ATTRIBUTES);
    let mut names = Message::default();
    page::find(&property(&hints, "brands"), &mut |it| {
        names.value(1, &Any::Text(&brand(it)));
        false
    });
    all.set(resource::BROWSER_BRANDS, &Any::List(&names), MAX_ATTRIBUTES);
}

/// `brand version`, such as `Chromium 156`.
fn brand(brand: &JsValue) -> String {
    let mut text = page::text(brand, "brand").unwrap_or_default();
    text.push(' ');
    text.push_str(&page::text(brand, "version").unwrap_or_default());
    text
}
