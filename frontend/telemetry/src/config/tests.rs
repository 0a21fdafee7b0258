//! Configurations that mean no good. They are made by a generator that is the same in every run.

use std::time::Duration;

use js_sys::{Function, JSON};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::page::Said;
use super::*;
use crate::http::Propagation;

wasm_bindgen_test_configure!(run_in_browser);

const KEYS: [&str; 24] = [
    "endpoint",
    "headers",
    "credentials",
    "environment",
    "version",
    "enabled",
    "sampler",
    "sampler_arg",
    "schedule_delay_ms",
    "export_timeout_ms",
    "max_queue_size",
    "max_batch_size",
    "propagate_to",
    "do_not_propagate_to",
    "ignore",
    "max_attributes",
    "max_attribute_value_bytes",
    "max_events",
    "max_links",
    "max_attributes_per_event",
    "session_idle_ms",
    "session_max_duration_ms",
    "__proto__",
    "toString",
];

/// JSON, most of it valid.
const VALUES: [&str; 32] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "0.5",
    "1e308",
    "1e999",
    "4294967296",
    "9007199254740993",
    r#""""#,
    r#"" ""#,
    r#""NaN""#,
    r#""Infinity""#,
    r#""-1e9""#,
    r#""0x7fffffff""#,
    r#""512""#,
    r#""session""#,
    r#""traceidratio""#,
    r#""include""#,
    r#""javascript:alert(1)""#,
    r#""http://[""#,
    r#""https://collector.example/otel?a#b""#,
    r#""\ud800\u0000😀""#,
    r#"{"x-key":"a","x key":"b"}"#,
    r#"{"x-key":"a\r\nx: y"}"#,
    r#"{"__proto__":{"x":1},"length":4294967295}"#,
    r#"["https://a.example",7,null,["x"]]"#,
    r#"[[[[[[[[[[[[[[[["x"]]]]]]]]]]]]]]]]"#,
    "{",
];

/// xorshift64* (Vigna, 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn value(&mut self) -> String {
        let value = VALUES[self.below(VALUES.len())];
        match self.below(12) {
            0 => format!("\"{}\"", "é".repeat(self.below(5_000))),
            1 => format!("[{}{value}]", "\"x\",".repeat(self.below(60))),
            2 => format!("\"{}\"", ",".repeat(self.below(200))),
            3 => {
                let header = |n| format!("\"x-{n}\":\"{n}\"");
                let headers: Vec<_> = (0..self.below(60)).map(header).collect();
                format!("{{{}}}", headers.join(","))
            }
            4 => self.below(usize::MAX >> 1).to_string(),
            _ => value.to_owned(),
        }
    }
}

fn assert_bounded(config: &Config) {
    let texts = [&config.endpoint, &config.environment, &config.version];
    for text in texts.into_iter().flatten() {
        assert!((1..=2048).contains(&text.len()));
    }
    assert!(config.headers.len() <= 32);
    assert!(
        config
            .headers
            .iter()
            .all(|(_, value)| value.len() <= 2048 && !value.contains('\n'))
    );
    assert!(config.rules.len() <= 3 * 32);
    // What is not ASCII is three times as long in a URL.
    assert!(config.rules.iter().all(|(_, it)| it.len() <= 4 * 2048));
    assert!(config.session.idle.as_secs() <= 86_400 && !config.session.idle.is_zero());
    assert!(config.session.max_duration.as_secs() <= 86_400);
    let pipeline = config.pipeline();
    assert!((1..=65_536).contains(&pipeline.max_queue_size));
    assert!((1..=pipeline.max_queue_size).contains(&pipeline.max_export_batch_size));
    assert!(pipeline.schedule_delay <= Duration::from_mins(10));
    assert!(pipeline.export_timeout <= Duration::from_mins(5));
    assert!(pipeline.export_timeout > Duration::ZERO);
    let limits = config.limits;
    assert!(limits.attribute_value_bytes <= 65_536);
    for count in [
        limits.attributes,
        limits.events,
        limits.links,
        limits.attributes_per_event,
    ] {
        assert!(count <= 1024);
    }
}

/// Calls `told` with each warning instead of showing it; what it gives puts the console back.
fn with_console(told: &Closure<dyn Fn(JsValue, JsValue)>) -> Function {
    let body = "const own = console.warn; console.warn = told; return () => { console.warn = own }";
    Function::new_with_args("told", body)
        .call1(&JsValue::UNDEFINED, told.as_ref())
        .unwrap()
        .unchecked_into()
}

#[wasm_bindgen_test]
fn ten_thousand_hostile_configurations_panic_nothing_and_unbound_nothing() {
    let count = std::rc::Rc::new(std::cell::Cell::new(0_u32));
    let told = {
        let count = std::rc::Rc::clone(&count);
        Closure::<dyn Fn(JsValue, JsValue)>::new(move |_, text: JsValue| {
            let length = text.as_string().unwrap().len();
            assert!(length < 256, "{length}");
            count.set(count.get() + 1);
        })
    };
    let console = with_console(&told);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut heard = 0;
    for _ in 0..10_000 {
        let mut config = Config::default();
        let mut said = Said::of(&mut config);
        let mut json = String::from("{");
        for entry in 0..random.below(8) {
            let (key, value) = (KEYS[random.below(KEYS.len())], random.value());
            // As a tag has it, as JSON has it, and as a text that is cut anywhere.
            said.entry(key, &JsValue::from_str(&value));
            if let Ok(value) = JSON::parse(&value) {
                said.entry(key, &value);
            }
            json += &format!("{}\"{key}\":{value}", if entry > 0 { "," } else { "" });
        }
        json.push('}');
        if random.below(4) == 0 {
            json.truncate(json.floor_char_boundary(random.below(json.len())));
        }
        said.read_json(&JsValue::from_str(&json));
        said.finish();
        assert_bounded(&config);
        heard += u32::from(config.version.is_some());
    }
    console.call0(&JsValue::UNDEFINED).unwrap();
    assert!(count.get() > 10_000, "{} were told of", count.get());
    assert!(heard > 100, "{heard} said something right");
}

#[wasm_bindgen_test]
fn a_configuration_without_an_end_is_not_read() {
    let mut config = Config::default();
    let mut said = Said::of(&mut config);
    said.read_json(&JsValue::from_str("{\"environment\":\"1\"}"));
    let long = format!("{{\"version\":\"1\"}}{}", " ".repeat(65_536));
    said.read_json(&JsValue::from_str(&long));
    let many: String = (0..1000).map(|n| format!("\"k{n}\":1,")).collect();
    said.read_json(&JsValue::from_str(&format!("{{{many}\"version\":\"1\"}}")));
    said.finish();
    assert_eq!(config.environment.as_deref(), Some("1"));
    assert_eq!(config.version, None);
}

#[wasm_bindgen_test]
fn every_key_can_be_said_in_a_tag() {
    let mut config = Config::default();
    let mut said = Said::of(&mut config);
    for (key, value) in [
        ("endpoint", "https://collector.example/otel"),
        ("credentials", "omit"),
        ("environment", "staging"),
        ("version", "2"),
        ("enabled", "false"),
        ("sampler", "traceidratio"),
        ("sampler_arg", "0"),
        ("schedule_delay_ms", "1000"),
        ("export_timeout_ms", " 2000 "),
        ("max_queue_size", "100"),
        ("max_batch_size", "500"),
        ("propagate_to", "https://a.example, https://b.example"),
        ("ignore", "/poll*"),
        ("max_attributes", "8"),
        ("max_attribute_value_bytes", "9"),
        ("max_events", "10"),
        ("max_links", "11"),
        ("max_attributes_per_event", "0"),
        ("session_idle_ms", "60000"),
        ("session_max_duration_ms", "3600000"),
    ] {
        said.entry(key, &value.into());
    }
    said.finish();
    assert_eq!(
        config.endpoint.as_deref(),
        Some("https://collector.example/otel")
    );
    assert_eq!(config.credentials, Credentials::Omit);
    assert_eq!(config.environment.as_deref(), Some("staging"));
    assert_eq!(config.version.as_deref(), Some("2"));
    assert!(!config.is_enabled);
    assert_eq!(config.session.idle, Duration::from_mins(1));
    assert_eq!(config.session.max_duration, Duration::from_hours(1));
    let pipeline = config.pipeline();
    assert_eq!(pipeline.schedule_delay, Duration::from_secs(1));
    assert_eq!(pipeline.export_timeout, Duration::from_secs(2));
    assert_eq!(
        (pipeline.max_queue_size, pipeline.max_export_batch_size),
        (100, 100)
    );
    let of = |wanted| {
        let patterns = config.rules.iter().filter(move |it| it.0 == wanted);
        patterns.map(|it| it.1.as_str()).collect::<Vec<_>>()
    };
    let origins = ["https://a.example/*", "https://b.example/*"];
    assert_eq!(of(Propagation::TraceAndBaggage), origins);
    assert!(of(Propagation::Untraced)[0].ends_with("/poll*"));
    let limits = config.limits;
    let (attributes, bytes) = (limits.attributes, limits.attribute_value_bytes);
    assert_eq!((attributes, bytes, limits.events), (8, 9, 10));
    assert_eq!((limits.links, limits.attributes_per_event), (11, 0));
}
