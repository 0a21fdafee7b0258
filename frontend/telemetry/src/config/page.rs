//! What the page says: `<meta name="throughline-endpoint" content="…">`, and JSON in
//! `<script type="application/json" id="throughline-config">`. Neither is executed, so no Content Security Policy is in
//! their way.

use std::mem::{swap, take};
use std::time::Duration;

use throughline_core::otlp::cut;
use wasm_bindgen::JsValue;

use super::keys::{KEYS, Kind};
use super::value::{self, Value};
use super::{Config, Key};
use crate::export::Credentials;
#[cfg(any(feature = "fetch", feature = "xhr"))]
use crate::http::{self, Propagation};
use crate::page::{self, property, text};
use crate::sampler::Sampler;

/// Entries of one source that are looked at.
const MAX_ENTRIES: u32 = 64;
/// Bytes of the JSON.
const MAX_JSON_BYTES: usize = 65_536;
/// Bytes of a refused value that are told to the developer.
const MAX_TOLD_BYTES: usize = 64;
/// What the names of tags begin with.
const PREFIX: &str = "throughline-";

/// What is configured while the page is heard.
pub(super) struct Said<'a> {
    config: &'a mut Config,
    /// The place of its name among the samplers.
    sampler: Option<u8>,
    sampler_arg: f64,
}

/// Fills in what the page says and the builder has not said.
pub(crate) fn read(config: &mut Config) {
    let mut said = Said::of(config);
    let document = page::global("document");
    let tags = page::ask(&document, "querySelectorAll", "meta[name^=throughline-]");
    said.read_all(&tags, &JsValue::UNDEFINED);
    let script = page::ask(&document, "getElementById", "throughline-config");
    let json = property(&script, "textContent");
    if !json.is_undefined() {
        said.read_json(&json);
    }
    said.finish();
}

// === impl Said ===

impl<'a> Said<'a> {
    pub(super) fn of(config: &'a mut Config) -> Self {
        Self {
            config,
            sampler: None,
            sampler_arg: 1.0,
        }
    }

    pub(super) fn read_json(&mut self, json: &JsValue) {
        let is_short = json
            .as_string()
            .is_some_and(|it| it.len() <= MAX_JSON_BYTES);
        let object = if is_short {
            value::call("JSON", "parse", json)
        } else {
            JsValue::UNDEFINED
        };
        let keys = value::call("Reflect", "ownKeys", &object);
        if keys.is_undefined() || value::call("Array", "isArray", &object).is_truthy() {
            page::warn("the configuration is no object in JSON, or too long");
        } else {
            self.read_all(&keys, &object);
        }
    }

    /// Hears each of these: tags, or keys of `object`.
    fn read_all(&mut self, all: &JsValue, object: &JsValue) {
        let mut left = MAX_ENTRIES;
        page::find(all, &mut |it| {
            match it.as_string() {
                Some(key) => self.entry(&key, &property(object, &key)),
                None => {
                    let name = text(it, "name").unwrap_or_default();
                    let key = name.get(PREFIX.len()..).unwrap_or_default();
                    self.entry(key, &property(it, "content"));
                }
            }
            left -= 1;
            left == 0
        });
    }

    /// What is wrong is told even if somebody else has the word.
    pub(super) fn entry(&mut self, name: &str, value: &JsValue) {
        let mut said = Value::of(value);
        let entry = KEYS.iter().find(|it| it.name == name);
        match entry {
            Some(it) if said.read(it.kind, value) => {
                if !self.config.has_said(it.key) {
                    self.config.said(&[it.key]);
                    self.set(it.key, &mut said);
                }
            }
            _ => refuse(name, &said.text, entry.map(|it| it.kind)),
        }
    }

    fn set(&mut self, key: Key, value: &mut Value) {
        let config = &mut *self.config;
        let text = match key {
            Key::Endpoint => &mut config.endpoint,
            Key::Environment => &mut config.environment,
            Key::Version => &mut config.version,
            Key::Headers => return swap(&mut config.headers, &mut value.list),
            _ => return self.set_number(key, value),
        };
        *text = Some(take(&mut value.text));
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "all keys have bounds that fit"
    )]
    fn set_number(&mut self, key: Key, value: &Value) {
        let config = &mut *self.config;
        let count = value.number as u32;
        let duration = match key {
            Key::ScheduleDelayMs => &mut config.pipeline.schedule_delay,
            Key::ExportTimeoutMs => &mut config.pipeline.export_timeout,
            #[cfg(feature = "session")]
            Key::SessionIdleMs => &mut config.session.idle,
            #[cfg(feature = "session")]
            Key::SessionMaxDurationMs => &mut config.session.max_duration,
            Key::Credentials => {
                config.credentials = match count {
                    0 => Credentials::SameOrigin,
                    1 => Credentials::Include,
                    _ => Credentials::Omit,
                };
                return;
            }
            Key::Enabled => return config.is_enabled = count > 0,
            Key::Sampler => return self.sampler = Some(count as u8),
            Key::SamplerArg => return self.sampler_arg = value.number,
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            Key::PropagateTo | Key::DoNotPropagateTo | Key::Ignore => {
                return add_rules(config, key, value);
            }
            _ => return set_count(config, key, count as usize),
        };
        *duration = Duration::from_millis(count.into());
    }

    pub(super) fn finish(self) {
        let sampler = match self.sampler {
            None => return,
            Some(0) => Sampler::ALWAYS_ON,
            Some(1) => Sampler::ALWAYS_OFF,
            #[cfg(feature = "session")]
            Some(3) => Sampler::session_ratio(self.sampler_arg),
            _ => Sampler::trace_id_ratio(self.sampler_arg),
        };
        self.config.sampler = sampler.parent_based();
    }
}

#[cfg(any(feature = "fetch", feature = "xhr"))]
fn add_rules(config: &mut Config, key: Key, value: &Value) {
    let propagation = match key {
        Key::PropagateTo => Propagation::TraceAndBaggage,
        Key::DoNotPropagateTo => Propagation::Nothing,
        _ => Propagation::Untraced,
    };
    for (address, _) in &value.list {
        http::add_rule(&mut config.rules, propagation, address);
    }
}

fn set_count(config: &mut Config, key: Key, count: usize) {
    let (pipeline, limits) = (&mut config.pipeline, &mut config.limits);
    *match key {
        Key::MaxQueueSize => &mut pipeline.max_queue_size,
        Key::MaxBatchSize => &mut pipeline.max_export_batch_size,
        Key::MaxAttributes => &mut limits.attributes,
        Key::MaxAttributeValueBytes => &mut limits.attribute_value_bytes,
        Key::MaxEvents => &mut limits.events,
        Key::MaxLinks => &mut limits.links,
        _ => &mut limits.attributes_per_event,
    } = count;
}

/// Tells the developer.
fn refuse(name: &str, text: &str, kind: Option<Kind>) {
    let (before, value, after) = match kind {
        // A header may be a key to the collector, which has no place in a console.
        Some(Kind::Headers) => (" is ", "", ""),
        Some(Kind::Choice(_)) => (" \"", cut(text, MAX_TOLD_BYTES), "\" is none of "),
        _ => (" \"", cut(text, MAX_TOLD_BYTES), "\" is "),
    };
    let name = cut(name, MAX_TOLD_BYTES);
    let why = kind.map_or("no key that is known here", Kind::refusal);
    page::warn(&["configuration: ", name, before, value, after, why].concat());
}
