//! What the page says is heard, but for what the builder has said already.
#![cfg(all(target_arch = "wasm32", feature = "config"))]

mod support;

use js_sys::Reflect;
use opentelemetry::trace::{Span as _, Tracer};
use opentelemetry::{KeyValue, global};
use support::*;
use throughline_browser::Credentials;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const PAGE: &str = r#"
    <meta name="throughline-endpoint" content="/otel/">
    <meta name="throughline-version" content="from a tag">
    <meta name="throughline-environment" content="from a tag">
    <meta name="throughline-environment" content="from a second tag">
    <meta name="throughline-max_queue_size" content="-1">
    <meta name="throughline-max_attributes" content="3">
    <meta name="throughline-headers" content="x-key: 1">
    <meta name="throughline-colour" content="blue">
    <script type="application/json" id="throughline-config">{
        "endpoint": "/from-json",
        "environment": "from JSON",
        "credentials": "omit",
        "headers": { "x-key": "of JSON" },
        "max_attributes": 100,
        "max_attribute_value_bytes": 5,
        "ignore": ["*"],
        "sampler": "maybe"
    }</script>"#;

/// The page as the server sends it, and what is told in the console.
fn set_up_configured() {
    let body = "if (!window.configured) {
        window.configured = true;
        document.head.insertAdjacentHTML('beforeend', page);
    }";
    script("page", body)
        .call1(&JsValue::UNDEFINED, &PAGE.into())
        .unwrap();
    set_up_with(|builder| builder.credentials(Credentials::SameOrigin));
}

async fn exported_span() -> Span {
    let text = |key: &'static str| KeyValue::new(key, "123456789");
    let mut span = global::tracer("test").start("test");
    for key in ["a", "b", "c", "d"] {
        span.set_attribute(text(key));
    }
    let trace = span.span_context().trace_id().to_string();
    drop(span);
    finished(&trace).await.remove(0)
}

#[wasm_bindgen_test]
async fn the_builder_wins_over_a_tag_and_a_tag_over_json() {
    set_up_configured();
    exported_span().await;
    assert_eq!(resource("service.version").unwrap(), "1.2.3");
    let environment = resource("deployment.environment.name");
    assert_eq!(environment.unwrap(), "from a tag");
    let (url, init) = last_export();
    assert!(url.ends_with("/otel/v1/traces"), "{url}");
    let of_init = |name: &str| Reflect::get(&init, &name.into()).unwrap();
    assert_eq!(of_init("credentials"), "same-origin");
    let key = Reflect::get(&of_init("headers"), &"x-key".into()).unwrap();
    assert_eq!(key, "of JSON");
}

#[wasm_bindgen_test]
async fn limits_and_addresses_are_kept_to() {
    set_up_configured();
    let span = exported_span().await;
    assert_eq!(span.attributes.len(), 3);
    assert!(
        span.attributes
            .iter()
            .all(|it| span.text(&it.key).unwrap().len() <= 5)
    );
    let asked_before = asked("/").len();
    get("/ignored").await.unwrap();
    assert_eq!(asked("/").len(), asked_before, "untouched");
}

#[wasm_bindgen_test]
async fn what_is_wrong_is_told_with_its_key_and_its_reason() {
    set_up_configured();
    let expected = [
        r#"configuration: max_queue_size "-1" is no number within the bounds"#,
        "configuration: headers is no object of 32 headers at most",
        r#"configuration: colour "blue" is no key that is known here"#,
        r#"configuration: sampler "maybe" is none of always_on, always_off, traceidratio, session"#,
    ];
    assert_eq!(set_up_warnings(), expected);
}
