//! The Rust half of the benchmark page: it does with the client what `page/bench.js` does with OpenTelemetry's JavaScript
//! SDK, span for span and attribute for attribute.
#![allow(
    unreachable_pub,
    clippy::needless_pass_by_value,
    reason = "what JavaScript calls"
)]

use std::cell::RefCell;

use opentelemetry::global::{self, BoxedSpan};
use opentelemetry::trace::{
    Span, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue};
use wasm_bindgen::prelude::wasm_bindgen;

/// Requests of one trace.
const FETCHES_A_PARENT: usize = 8;

thread_local! {
    static ITEMS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static OPEN: RefCell<Vec<BoxedSpan>> = const { RefCell::new(Vec::new()) };
}

/// Installs the client, over the `fetch` that is there now.
#[wasm_bindgen]
pub fn install() {
    throughline_browser::init("bench")
        .version("1.0.0")
        .install();
}

/// What the spans of [`create_and_end`] tell of: to make it is not the client's work.
#[wasm_bindgen]
pub fn set_items(items: Vec<String>) {
    ITEMS.set(items);
}

/// Creates and ends a span for each of the items, with five attributes, of every type.
#[wasm_bindgen]
pub fn create_and_end() {
    let tracer = global::tracer("bench");
    ITEMS.with_borrow(|items| {
        for (n, item) in (0_i64..).zip(items) {
            let attributes = [
                KeyValue::new("app.section", "checkout"),
                KeyValue::new("item.id", item.clone()),
                KeyValue::new("item.count", n),
                KeyValue::new("item.price", 9.5),
                KeyValue::new("item.in_stock", true),
            ];
            let builder = tracer.span_builder("bench").with_attributes(attributes);
            builder.start(&tracer).end();
        }
    });
}

/// Starts spans such as those of fetches, and keeps them: eight for each parent (`trace id-span id`).
#[wasm_bindgen]
pub fn start_fetches(parents: Vec<String>) {
    let tracer = global::tracer("bench");
    for (index, parent) in parents.iter().enumerate() {
        let parent = Context::new().with_remote_span_context(context(parent));
        for n in 0..FETCHES_A_PARENT {
            let id = index * FETCHES_A_PARENT + n;
            let attributes = [
                KeyValue::new("http.request.method", "GET"),
                KeyValue::new(
                    "url.full",
                    format!("https://shop.example/api/v1/items/{id}?page=2"),
                ),
                KeyValue::new("server.address", "shop.example"),
                KeyValue::new("server.port", 443),
            ];
            let builder = tracer.span_builder("GET").with_kind(SpanKind::Client);
            let builder = builder.with_attributes(attributes);
            let mut span = builder.start_with_context(&tracer, &parent);
            span.set_attribute(KeyValue::new("http.response.status_code", 200));
            OPEN.with_borrow_mut(|open| open.push(span));
        }
    }
}

/// Ends what was started.
#[wasm_bindgen]
pub fn end_fetches() {
    for mut span in OPEN.take() {
        span.end();
    }
}

/// Spans that have not been sent, or not been answered.
#[wasm_bindgen]
pub fn pending() -> f64 {
    let ledger = throughline_browser::ledger();
    (ledger.queued + ledger.exporting) as f64
}

/// Sends what waits.
#[wasm_bindgen]
pub fn flush() {
    throughline_browser::flush();
}

fn context(parent: &str) -> SpanContext {
    let (trace, span) = parent.split_once('-').unwrap_or_default();
    SpanContext::new(
        TraceId::from_hex(trace).unwrap_or(TraceId::INVALID),
        SpanId::from_hex(span).unwrap_or(SpanId::INVALID),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    )
}
