//! What cannot be sent is kept, and sent later, once.
#![cfg(target_arch = "wasm32")]

mod support;

use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer};
use support::*;
use throughline_browser::{DropReason, ledger};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Event;

wasm_bindgen_test_configure!(run_in_browser);

fn span() -> String {
    let span = global::tracer("test").start("test");
    span.span_context().trace_id().to_string()
}

async fn all_settled() {
    until(|| ledger().queued + ledger().exporting == 0).await;
}

#[wasm_bindgen_test]
async fn what_was_not_taken_is_stored_and_arrives_once_when_the_collector_is_back() {
    set_up();
    settle_store().await;
    let before = ledger();
    be_down(true);
    let mut traces = Vec::new();
    for _ in 0..20 {
        traces.push(span());
        throughline_browser::flush();
        next_macrotask().await;
        assert!(ledger().balances(), "{:?}", ledger());
    }
    until(|| ledger().queued - before.queued == 20).await;
    assert_eq!(ledger().dropped_total(), before.dropped_total());

    be_down(false);
    window()
        .dispatch_event(&Event::new("online").unwrap())
        .unwrap();
    all_settled().await;
    assert!(ledger().balances());
    assert_eq!(ledger().exported - before.exported, 20);
    for trace in traces {
        assert_eq!(exported(&trace).len(), 1, "{trace}");
    }
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_while_the_collector_is_down_stores_what_it_has() {
    set_up();
    settle_store().await;
    be_down(true);
    an_outage().await;
    let requests = export_sizes().len();
    let trace = span();
    window()
        .dispatch_event(&Event::new("pagehide").unwrap())
        .unwrap();
    assert_eq!(
        export_sizes().len(),
        requests,
        "not sent, which could come to it arriving twice"
    );
    until(|| ledger().queued == 2 && ledger().exporting == 0).await;

    be_down(false);
    window()
        .dispatch_event(&Event::new("online").unwrap())
        .unwrap();
    all_settled().await;
    assert_eq!(exported(&trace).len(), 1);
}

#[wasm_bindgen_test]
async fn what_is_stored_is_dropped_when_the_user_withdraws_consent() {
    set_up();
    settle_store().await;
    let before = ledger();
    be_down(true);
    an_outage().await;
    throughline_browser::disable();
    assert_eq!(ledger().queued, 0);
    let disabled = DropReason::Disabled;
    assert!(ledger().dropped(disabled) > before.dropped(disabled));
    throughline_browser::enable();
    be_down(false);
    window()
        .dispatch_event(&Event::new("online").unwrap())
        .unwrap();
    next_macrotask().await;
    all_settled().await;
    assert_eq!(ledger().exported, before.exported);
}

/// A span is tried, and stored.
async fn an_outage() {
    let requests = export_sizes().len();
    span();
    until(|| export_sizes().len() > requests && ledger().exporting == 0).await;
    assert_eq!(ledger().queued, 1);
}

/// The store is opened in the background; and what another test left in it is sent.
async fn settle_store() {
    be_down(false);
    for _ in 0..20 {
        next_macrotask().await;
    }
    window()
        .dispatch_event(&Event::new("online").unwrap())
        .unwrap();
    all_settled().await;
}
