//! What the page says: `<meta name="throughline-endpoint" content="…">`, and JSON in
//! `<script type="application/json" id="throughline-config">`. Neither is executed, so no Content Security Policy is in
//! their way.

use std::time::Duration;

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

use super::Config;
use super::value::{self, Refusal};
#[cfg(any(feature = "fetch", feature = "xhr"))]
use crate::http::{self, Propagation};
use crate::otlp::cut;
use crate::page::{self, property, text};
use crate::sampler::Sampler;

/// Entries of one source that are looked at.
const MAX_ENTRIES: u32 = 64;
/// Bytes of the JSON.
const MAX_JSON_BYTES: usize = 65_536;
/// Bytes of a refused value that are told to the developer.
const MAX_TOLD_BYTES: usize = 64;
/// Ten minutes: the longest wait of a span for others.
const MAX_SCHEDULE_DELAY_MS: u32 = 600_000;
/// Five minutes: the longest export.
const MAX_EXPORT_TIMEOUT_MS: u32 = 300_000;
/// Items in a queue.
const MAX_QUEUE_SIZE: u32 = 65_536;
/// Items in a request.
const MAX_BATCH_SIZE: u32 = 8_192;
/// Attributes, events and links of a span, attributes of an event.
const MAX_COUNT: u32 = 1_024;
/// Bytes of a text in an attribute.
const MAX_VALUE_BYTES: u32 = 65_536;

/// A day: the longest session, and the longest pause in one.
#[cfg(feature = "session")]
const MAX_SESSION_MS: u32 = 86_400_000;

/// What is configured once the page has been heard.
#[derive(Default)]
pub(super) struct Said {
    pub(super) config: Config,
    sampler: Option<fn(f64) -> Sampler>,
    sampler_arg: Option<f64>,
}

/// Fills in what the page says and the builder has not said.
pub(crate) fn read(config: &mut Config) {
    let mut said = Said {
        config: std::mem::take(config),
        ..Said::default()
    };
    let document = property(&js_sys::global(), "document");
    said.read_tags(&call(
        &document,
        "querySelectorAll",
        "meta[name^=throughline-]",
    ));
    let script = call(&document, "getElementById", "throughline-config");
    let json = property(&script, "textContent");
    if !json.is_undefined() {
        said.read_json(&json);
    }
    *config = said.finish();
}

/// `object[method](argument)`, or `undefined`.
fn call(object: &JsValue, method: &str, argument: impl Into<JsValue>) -> JsValue {
    page::call(object, method, argument, JsValue::UNDEFINED).unwrap_or_default()
}

// === impl Said ===

impl Said {
    fn read_tags(&mut self, tags: &JsValue) {
        for index in 0..MAX_ENTRIES {
            let tag = call(tags, "item", index);
            let Some(name) = text(&tag, "name") else {
                return;
            };
            let key = name.strip_prefix("throughline-").unwrap_or_default();
            self.entry(key, &property(&tag, "content"));
        }
    }

    pub(super) fn read_json(&mut self, json: &JsValue) {
        let json = json.as_string().filter(|it| it.len() <= MAX_JSON_BYTES);
        let object = json.and_then(|text| JSON::parse(&text).ok());
        let object = object.unwrap_or(JsValue::UNDEFINED);
        match Reflect::own_keys(&object) {
            Ok(keys) if !Array::is_array(&object) => {
                for index in 0..keys.length().min(MAX_ENTRIES) {
                    let key = keys.get(index).as_string().unwrap_or_default();
                    self.entry(&key, &property(&object, &key));
                }
            }
            _ => page::warn("the configuration is no object in JSON, or too long"),
        }
    }

    pub(super) fn entry(&mut self, key: &str, value: &JsValue) {
        // What is wrong is told even if somebody else has the word.
        let mut unheard = Self::default();
        let is_said = self.config.said.iter().any(|it| it == key);
        let set = if is_said { &mut unheard } else { &mut *self }.set(key, value);
        match set {
            Ok(()) => self.config.said(&[key]),
            Err(why) => refuse(key, value, why),
        }
    }

    fn set(&mut self, key: &str, value: &JsValue) -> Result<(), Refusal> {
        let config = &mut self.config;
        match key {
            "endpoint" => config.endpoint = Some(value::address(value)?),
            "headers" => config.headers = value::headers(value)?,
            "credentials" => config.credentials = value::credentials(value)?,
            "environment" => config.environment = Some(value::text(value)?),
            "version" => config.version = Some(value::text(value)?),
            "enabled" => config.is_enabled = value::bool(value)?,
            "sampler" => self.sampler = Some(sampler(value)?),
            "sampler_arg" => self.sampler_arg = Some(value::number(value, 0.0, 1.0)?),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            "propagate_to" => return set_rules(config, Propagation::TraceAndBaggage, value),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            "do_not_propagate_to" => return set_rules(config, Propagation::Nothing, value),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            "ignore" => return set_rules(config, Propagation::Untraced, value),
            _ => return set_number(config, key, value),
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Config {
        if let Some(sampler) = self.sampler {
            self.config.sampler = sampler(self.sampler_arg.unwrap_or(1.0)).parent_based();
        }
        self.config
    }
}

#[cfg(any(feature = "fetch", feature = "xhr"))]
fn set_rules(
    config: &mut Config,
    propagation: Propagation,
    value: &JsValue,
) -> Result<(), Refusal> {
    for address in value::list(value)? {
        http::add_rule(&mut config.rules, propagation, &address);
    }
    Ok(())
}

/// The keys of whole numbers, and their bounds.
fn set_number(config: &mut Config, key: &str, value: &JsValue) -> Result<(), Refusal> {
    let (pipeline, limits) = (&mut config.pipeline, &mut config.limits);
    let (slot, least, most) = match key {
        "max_queue_size" => (&mut pipeline.max_queue_size, 1, MAX_QUEUE_SIZE),
        "max_batch_size" => (&mut pipeline.max_export_batch_size, 1, MAX_BATCH_SIZE),
        "max_attributes" => (&mut limits.attributes, 0, MAX_COUNT),
        "max_attribute_value_bytes" => (&mut limits.attribute_value_bytes, 0, MAX_VALUE_BYTES),
        "max_events" => (&mut limits.events, 0, MAX_COUNT),
        "max_links" => (&mut limits.links, 0, MAX_COUNT),
        "max_attributes_per_event" => (&mut limits.attributes_per_event, 0, MAX_COUNT),
        _ => return set_duration(config, key, value),
    };
    *slot = value::count(value, least, most)?;
    Ok(())
}

/// The keys of milliseconds, and their bounds.
fn set_duration(config: &mut Config, key: &str, value: &JsValue) -> Result<(), Refusal> {
    let pipeline = &mut config.pipeline;
    let (slot, least, most) = match key {
        "schedule_delay_ms" => (&mut pipeline.schedule_delay, 0, MAX_SCHEDULE_DELAY_MS),
        "export_timeout_ms" => (&mut pipeline.export_timeout, 1, MAX_EXPORT_TIMEOUT_MS),
        #[cfg(feature = "session")]
        "session_idle_ms" => (&mut config.session.idle, 1, MAX_SESSION_MS),
        #[cfg(feature = "session")]
        "session_max_duration_ms" => (&mut config.session.max_duration, 1, MAX_SESSION_MS),
        _ => return Err("is no key that is known here"),
    };
    *slot = Duration::from_millis(value::count(value, least, most)? as u64);
    Ok(())
}

/// Tells the developer.
fn refuse(key: &str, value: &JsValue, why: Refusal) {
    let mut told = String::from("configuration: ");
    told.push_str(cut(key, MAX_TOLD_BYTES));
    // A header may be a key to the collector, which has no place in a console.
    if key != "headers" {
        let value = value
            .as_string()
            .or_else(|| JSON::stringify(value).ok()?.as_string());
        told.push_str(" \"");
        told.push_str(cut(&value.unwrap_or_default(), MAX_TOLD_BYTES));
        told.push('"');
    }
    told.push(' ');
    told.push_str(why);
    page::warn(&told);
}

fn sampler(value: &JsValue) -> Result<fn(f64) -> Sampler, Refusal> {
    match value.as_string().as_deref() {
        Some("always_on") => Ok(|_| Sampler::ALWAYS_ON),
        Some("always_off") => Ok(|_| Sampler::ALWAYS_OFF),
        Some("traceidratio") => Ok(Sampler::trace_id_ratio),
        #[cfg(feature = "session")]
        Some("session") => Ok(Sampler::session_ratio),
        _ => Err("is none of always_on, always_off, traceidratio, session"),
    }
}
