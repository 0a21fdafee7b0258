//! What cannot be sent is kept, and sent later, once.
#![cfg(target_arch = "wasm32")]

mod support;

use js_sys::{Function, Promise};
use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer};
use support::*;
use throughline_browser::{DropReason, ledger};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Event, Response};

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

#[wasm_bindgen_test]
async fn without_locks_what_is_being_sent_is_not_there_for_another_tab_and_comes_back_if_it_fails()
{
    set_up();
    settle_store().await;
    let before = ledger();
    script(
        "",
        "Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true })",
    )
    .call0(&JsValue::UNDEFINED)
    .unwrap();
    be_down(true);
    an_outage().await;
    assert_eq!(stored().await, 1);

    // Refused for now: it is back.
    let requests = export_sizes().len();
    window()
        .dispatch_event(&Event::new("online").unwrap())
        .unwrap();
    until(|| export_sizes().len() > requests).await;
    settle().await;
    assert_eq!(stored().await, 1);
    assert_eq!(ledger().queued, 1);

    // On its way: nobody else finds it.
    be_down(false);
    let (answer, give) = promise();
    answer_next_export_with(answer);
    let requests = export_sizes().len();
    window()
        .dispatch_event(&Event::new("online").unwrap())
        .unwrap();
    until(|| export_sizes().len() > requests).await;
    assert_eq!(stored().await, 0);
    give.call1(&JsValue::UNDEFINED, &Response::new().unwrap())
        .unwrap();
    all_settled().await;
    assert_eq!(ledger().exported - before.exported, 1);
    script("", "delete navigator.locks")
        .call0(&JsValue::UNDEFINED)
        .unwrap();
}

/// A promise, and what fulfils it.
fn promise() -> (Promise, Function) {
    let mut give = None;
    let promise = Promise::new(&mut |resolve, _| give = Some(resolve));
    (promise, give.unwrap())
}

/// Lets what is under way in the database come to its end.
async fn settle() {
    for _ in 0..20 {
        next_macrotask().await;
    }
}

/// The batches in the database, as another tab would see them.
async fn stored() -> u32 {
    let body = "return new Promise((resolve) => {
        const opened = indexedDB.open('throughline');
        opened.onsuccess = () => {
            const database = opened.result;
            const count = database.transaction('batches').objectStore('batches').count();
            count.onsuccess = () => { database.close(); resolve(count.result) };
        };
    })";
    let count = script("", body).call0(&JsValue::UNDEFINED).unwrap();
    let count = JsFuture::from(count.unchecked_into::<Promise>()).await;
    count.unwrap().as_f64().unwrap() as u32
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
