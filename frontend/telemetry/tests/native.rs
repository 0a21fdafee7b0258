//! Over the browser's own `fetch`, to a server that knows nothing of traces.
#![cfg(target_arch = "wasm32")]

mod support;

use std::time::Duration;

use support::{get, get_with, until, warnings, window};
use throughline_browser::{DropReason, ledger};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Request, RequestInit};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn bodies_arrive_and_a_missing_collector_is_told_of_once() {
    let warnings = warnings();
    throughline_browser::init("test")
        .schedule_delay(Duration::from_millis(20))
        .document_load(false)
        .install();
    get("/").await.unwrap();
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&"text".into());
    get_with("/nowhere", &init).await.unwrap();
    until(|| ledger().dropped(DropReason::Rejected) >= 2).await;
    let request = Request::new_with_str_and_init("/nowhere", &init).unwrap();
    JsFuture::from(window().fetch_with_request(&request))
        .await
        .unwrap();
    assert!(request.body_used());
    until(|| ledger().dropped(DropReason::Rejected) == 3).await;
    assert!(ledger().balances());
    // Once for each signal that has something to send: a session's beginning is a log record.
    let signals = if cfg!(feature = "logs") { 2 } else { 1 };
    until(|| warnings.get() == signals).await;
}
