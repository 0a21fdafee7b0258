//! What the page says: `<meta name="throughline-endpoint" content="…">`, and JSON in
//! `<script type="application/json" id="throughline-config">`. Neither is executed, so no Content Security Policy is in
//! their way.

use std::time::Duration;

use js_sys::{Array, Function, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Window;

use super::Config;
use super::value::{self, Refusal};
use crate::limits::Limits;
use crate::otlp::cut;
use crate::page::{property, warn};
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

/// The keys of whole numbers, and their bounds.
const COUNTS: [(&str, u32, u32); 9] = [
    ("schedule_delay_ms", 0, MAX_SCHEDULE_DELAY_MS),
    ("export_timeout_ms", 1, MAX_EXPORT_TIMEOUT_MS),
    ("max_queue_size", 1, MAX_QUEUE_SIZE),
    ("max_batch_size", 1, MAX_BATCH_SIZE),
    ("max_attributes", 0, MAX_COUNT),
    ("max_attribute_value_bytes", 0, MAX_VALUE_BYTES),
    ("max_events", 0, MAX_COUNT),
    ("max_links", 0, MAX_COUNT),
    ("max_attributes_per_event", 0, MAX_COUNT),
];

/// What is said here, key by key, until it is known what the builder left open.
#[derive(Default)]
pub(super) struct Said {
    pub(super) config: Config,
    sampler: Option<fn(f64) -> Sampler>,
    sampler_arg: Option<f64>,
    /// In the order of [`COUNTS`].
    counts: [Option<usize>; COUNTS.len()],
}

/// Fills in what the page says and the builder has not said.
pub(crate) fn read(window: &Window, config: Config) -> Config {
    let mut said = Said {
        config,
        ..Said::default()
    };
    let document = property(window, "document");
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
    said.finish()
}

/// `object[method](argument)`, or `undefined`.
fn call(object: &JsValue, method: &str, argument: &str) -> JsValue {
    let method: Option<Function> = property(object, method).dyn_into().ok();
    let result = method.and_then(|it| it.call1(object, &JsValue::from_str(argument)).ok());
    result.unwrap_or(JsValue::UNDEFINED)
}

// === impl Said ===

impl Said {
    fn read_tags(&mut self, tags: &JsValue) {
        if tags.is_undefined() {
            return;
        }
        let tags = Array::from(tags);
        for index in 0..tags.length().min(MAX_ENTRIES) {
            let tag = tags.get(index);
            let name = property(&tag, "name").as_string().unwrap_or_default();
            let key = name.strip_prefix("throughline-").unwrap_or_default();
            self.entry(key, &property(&tag, "content"));
        }
    }

    pub(super) fn read_json(&mut self, json: &JsValue) {
        let text = json.as_string().filter(|it| it.len() <= MAX_JSON_BYTES);
        let object = text.and_then(|text| JSON::parse(&text).ok());
        let object = object.unwrap_or(JsValue::UNDEFINED);
        match Reflect::own_keys(&object) {
            Ok(keys) if !Array::is_array(&object) => {
                for index in 0..keys.length().min(MAX_ENTRIES) {
                    let key = keys.get(index).as_string().unwrap_or_default();
                    self.entry(&key, &property(&object, &key));
                }
            }
            _ => warn("the configuration is no object in JSON, or too long"),
        }
    }

    pub(super) fn entry(&mut self, key: &str, value: &JsValue) {
        let Err(why) = self.set(key, value) else {
            return;
        };
        let mut text = String::from("configuration: ");
        text.push_str(cut(key, MAX_TOLD_BYTES));
        // A header may be a key to the collector, which has no place in a console.
        if key != "headers" {
            let value = value
                .as_string()
                .or_else(|| JSON::stringify(value).ok()?.as_string());
            text.push_str(" \"");
            text.push_str(cut(&value.unwrap_or_default(), MAX_TOLD_BYTES));
            text.push('"');
        }
        text.push(' ');
        text.push_str(why);
        warn(&text);
    }

    fn set(&mut self, key: &str, value: &JsValue) -> Result<(), Refusal> {
        let config = &mut self.config;
        match key {
            "endpoint" => fill(&mut config.endpoint, value::address(value)),
            "headers" => fill(&mut config.headers, value::headers(value)),
            "credentials" => fill(&mut config.credentials, value::credentials(value)),
            "environment" => fill(&mut config.environment, value::text(value)),
            "version" => fill(&mut config.version, value::text(value)),
            "enabled" => fill(&mut config.enabled, value::bool(value)),
            "sampler" => fill(&mut self.sampler, sampler(value)),
            "sampler_arg" => fill(&mut self.sampler_arg, value::number(value, 0.0, 1.0)),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            "propagate_to" => fill(&mut config.propagate_to, value::list(value)),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            "do_not_propagate_to" => fill(&mut config.do_not_propagate_to, value::list(value)),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            "ignore" => fill(&mut config.ignore, value::list(value)),
            _ => self.set_count(key, value),
        }
    }

    fn set_count(&mut self, key: &str, value: &JsValue) -> Result<(), Refusal> {
        for ((known, least, most), slot) in COUNTS.iter().zip(&mut self.counts) {
            if *known == key {
                return fill(slot, value::count(value, *least, *most));
            }
        }
        Err("is no key that is known here")
    }

    pub(super) fn finish(self) -> Config {
        let mut config = self.config;
        if config.sampler.is_none()
            && let Some(sampler) = self.sampler
        {
            config.sampler = Some(sampler(self.sampler_arg.unwrap_or(1.0)).parent_based());
        }
        let [
            delay,
            timeout,
            queue,
            batch,
            attributes,
            bytes,
            events,
            links,
            per_event,
        ] = self.counts;
        config.schedule_delay = config.schedule_delay.or(delay.map(duration));
        config.export_timeout = config.export_timeout.or(timeout.map(duration));
        config.max_queue_size = config.max_queue_size.or(queue);
        config.max_batch_size = config.max_batch_size.or(batch);
        if config.limits.is_none() {
            let mut limits = Limits::default();
            limits.attributes = attributes.unwrap_or(limits.attributes);
            limits.attribute_value_bytes = bytes.unwrap_or(limits.attribute_value_bytes);
            limits.events = events.unwrap_or(limits.events);
            limits.links = links.unwrap_or(limits.links);
            limits.attributes_per_event = per_event.unwrap_or(limits.attributes_per_event);
            config.limits = Some(limits);
        }
        config
    }
}

/// The first to say something has the word; what is wrong is told in any case.
fn fill<T>(slot: &mut Option<T>, value: Result<T, Refusal>) -> Result<(), Refusal> {
    let value = value?;
    if slot.is_none() {
        *slot = Some(value);
    }
    Ok(())
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

fn duration(millis: usize) -> Duration {
    Duration::from_millis(millis as u64)
}
