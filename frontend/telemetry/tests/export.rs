//! Every span arrives, or is accounted for.
#![cfg(target_arch = "wasm32")]

mod support;

use js_sys::Promise;
use opentelemetry::trace::{Span as _, SpanBuilder, Tracer};
use opentelemetry::{KeyValue, global};
use support::*;
use throughline_browser::{DropReason, ledger};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Event;

wasm_bindgen_test_configure!(run_in_browser);

fn set_up() {
    set_up_with(|it| it.header("x-tenant", "blue").header("x key", "secret"));
}

/// What the script gives.
fn eval(body: &str) -> JsValue {
    script("", body).call0(&JsValue::UNDEFINED).unwrap()
}

/// Starts and ends a span with an attribute of so many bytes; its trace.
fn span(bytes: usize) -> String {
    let span =
        SpanBuilder::from_name("test").with_attributes([KeyValue::new("text", "x".repeat(bytes))]);
    let span = global::tracer("test").build(span);
    span.span_context().trace_id().to_string()
}

async fn all_settled() {
    until(|| ledger().queued + ledger().exporting == 0).await;
    assert!(ledger().balances());
}

#[wasm_bindgen_test]
async fn the_quota_of_keepalive_is_given_back_after_each_export() {
    set_up();
    let before = keepalive_exports();
    for _ in 0..24 {
        let trace = span(8 * 1024);
        until(|| !exported(&trace).is_empty()).await;
        all_settled().await;
    }
    assert_eq!(keepalive_exports() - before, 24);
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_sends_all_it_has_in_requests_that_fit_the_quota() {
    set_up();
    all_settled().await;
    let (spans, requests) = (ledger().exported, export_sizes().len());
    for _ in 0..300 {
        span(1024);
    }
    window()
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    // Nothing was awaited: but for the batch that was full already, they are with the browser.
    assert_eq!(export_sizes().len() - requests, 6);
    all_settled().await;
    let sizes = export_sizes().split_off(requests);
    assert!(sizes.iter().all(|size| *size <= 60 * 1024), "{sizes:?}");
    assert_eq!(ledger().exported - spans, 300);
}

#[wasm_bindgen_test]
async fn what_was_refused_for_now_is_sent_again_and_what_was_refused_is_counted() {
    set_up();
    all_settled().await;
    let before = ledger();
    refuse(503);
    let trace = span(1);
    until(|| exported(&trace).len() == 1).await;
    all_settled().await;
    assert_eq!(ledger().exported - before.exported, 1);

    refuse(400);
    span(1);
    all_settled().await;
    let rejected = DropReason::Rejected;
    assert_eq!(ledger().dropped(rejected) - before.dropped(rejected), 1);
}

#[wasm_bindgen_test]
async fn what_finds_no_room_is_dropped_and_counted() {
    set_up();
    all_settled().await;
    let before = ledger();
    for _ in 0..3000 {
        span(1);
    }
    let dropped = ledger().dropped(DropReason::QueueFull) - before.dropped(DropReason::QueueFull);
    assert_eq!(dropped, 3000 - 2048);
    all_settled().await;
    assert_eq!(ledger().exported - before.exported, 2048);
}

#[wasm_bindgen_test]
async fn what_was_not_answered_in_time_waits_for_its_next_attempt() {
    set_up();
    all_settled().await;
    let (requests, exported) = (export_sizes().len(), ledger().exported);
    refuse(TIMED_OUT);
    span(1);
    throughline_browser::flush();
    while export_sizes().len() == requests {
        next_macrotask().await;
    }
    next_macrotask().await;
    assert_eq!(export_sizes().len() - requests, 1, "sent again at once");
    all_settled().await;
    assert_eq!(ledger().exported - exported, 1);
}

#[wasm_bindgen_test]
async fn a_collector_that_is_not_there_is_told_of_once() {
    set_up();
    all_settled().await;
    let warnings = warnings();
    for _ in 0..3 {
        refuse(404);
        span(1);
        all_settled().await;
    }
    assert_eq!(warnings.get(), 1);
    span(1);
    all_settled().await;
    refuse(404);
    span(1);
    all_settled().await;
    assert_eq!(warnings.get(), 2, "it was there meanwhile");
    span(1);
    all_settled().await;
    refuse(503);
    span(1);
    all_settled().await;
    assert_eq!(warnings.get(), 3, "and was not for a moment");
}

#[wasm_bindgen_test]
async fn a_header_that_fetch_refuses_is_told_of_and_left_out() {
    set_up();
    let told: Vec<_> = set_up_warnings()
        .into_iter()
        .filter(|it| it.contains("header"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("x key") && !told[0].contains("secret"));
    let trace = span(1);
    until(|| !exported(&trace).is_empty()).await;
    let headers = js_sys::Reflect::get(&last_export().1, &"headers".into()).unwrap();
    let header = |name: &str| js_sys::Reflect::get(&headers, &name.into()).unwrap();
    assert_eq!(header("x-tenant"), "blue");
    assert!(header("x key").is_undefined());
}

#[wasm_bindgen_test]
async fn what_the_handlers_of_a_page_that_is_left_begin_is_sent_too() {
    set_up();
    all_settled().await;
    eval("addEventListener('pagehide', () => { fetch('/never?at=pagehide') }, { once: true });
        document.addEventListener('visibilitychange', () => { fetch('/never?at=hidden') }, { once: true })");
    window()
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    be_hidden(true);
    for at in ["pagehide", "hidden"] {
        let url = format!("/never?at={at}");
        let is_it = |it: &Span| it.text("url.full").is_some_and(|it| it.ends_with(&url));
        // Nothing was awaited.
        let sent: Vec<_> = spans("GET").into_iter().filter(is_it).collect();
        assert_eq!(sent.len(), 1, "{at}");
        assert_eq!(sent[0].bool("throughline.fetch.unanswered"), Some(true));
    }
    be_hidden(false);
}

#[wasm_bindgen_test]
async fn a_span_that_ends_while_the_page_is_being_hidden_is_sent_at_once_and_later_ones_wait() {
    set_up();
    all_settled().await;
    be_hidden(true);
    let requests = export_sizes().len();
    let trace = span(1);
    assert_eq!(exported(&trace).len(), 1);
    be_hidden(false);
    for _ in 0..3 {
        next_macrotask().await;
    }
    span(1);
    assert_eq!(export_sizes().len() - requests, 1);
    all_settled().await;
}

#[wasm_bindgen_test]
async fn an_answer_that_does_not_end_is_not_read_to_its_end() {
    set_up();
    all_settled().await;
    let before = ledger().exported;
    eval("window.pulled = 0; window.cancelled = false");
    let endless = "return new Response(new ReadableStream({
        pull(to) { window.pulled += 1; to.enqueue(new Uint8Array(16 * 1024)) },
        cancel() { window.cancelled = true },
    }))";
    answer_next_export_with(Promise::resolve(&eval(endless)));
    span(1);
    all_settled().await;
    assert_eq!(ledger().exported - before, 1);
    assert!(eval("return window.cancelled").is_truthy());
    assert!(eval("return window.pulled").as_f64().unwrap() < 10.0);
}
