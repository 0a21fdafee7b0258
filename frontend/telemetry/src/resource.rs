//! Who sends: the service, this page load, and the browser it runs in.

use opentelemetry::KeyValue;
use throughline_core::limits::{MAX_ATTRIBUTE_VALUE_BYTES, MAX_ATTRIBUTES};
use throughline_core::names::{network, resource};
use throughline_core::otlp::{Any, Attributes, Max, Message};
use wasm_bindgen::JsValue;

use crate::config::Config;
use crate::ids;
use crate::page::{self, property};

/// What the resource may hold, whatever the limits of others are (specification, Exempt Entities).
const MAX: Max = Max {
    count: MAX_ATTRIBUTES,
    value_bytes: MAX_ATTRIBUTE_VALUE_BYTES,
};

/// The encoded `Resource`, as the first field of its group: what the application said, after what we know, so that it has
/// the last word; what has a key of its own in the configuration before any other attribute.
pub(crate) fn encode(config: &Config, from_application: &[KeyValue]) -> Message {
    let mut all = Attributes::of_field(1, 0);
    let mut set = |key, text: Option<&str>| {
        if let Some(text) = text {
            all.set(key, &Any::Text(text), MAX);
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
    all.set_all(from_application, MAX);
    all.write_dropped(0);
    let mut group = Message::default();
    group.message(1, &all.message);
    group
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
            all.set(key, &Any::Text(&text), MAX);
        }
    }
    if hints.is_undefined() {
        return;
    }
    let mobile = Any::Bool(page::is(&hints, "mobile"));
    all.set(resource::BROWSER_MOBILE, &mobile, MAX);
    let mut names = Message::default();
    page::find(&property(&hints, "brands"), &mut |it| {
        names.value(1, &Any::Text(&brand(it)), MAX.value_bytes);
        false
    });
    all.set(resource::BROWSER_BRANDS, &Any::List(&names), MAX);
}

/// `brand version`, such as `Chromium 156`.
fn brand(brand: &JsValue) -> String {
    let mut text = page::text(brand, "brand").unwrap_or_default();
    text.push(' ');
    text.push_str(&page::text(brand, "version").unwrap_or_default());
    text
}
