//! Each instrumentation can be switched off where the client is set up.
#![cfg(target_arch = "wasm32")]

mod support;

use opentelemetry::global;
use opentelemetry::trace::{Span, Tracer};
use support::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Request;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn what_is_switched_off_observes_nothing() {
    set_up_with(|builder| {
        let builder = builder.interaction(false).fetch(false).document_load(false);
        #[cfg(feature = "xhr")]
        let builder = builder.xhr(false);
        builder
    });
    html("<button id=off></button>");
    find("#off").click();
    let request = Request::new_with_str("/off").unwrap();
    let answer = window().fetch_with_request(&request);
    JsFuture::from(answer).await.unwrap();
    assert_eq!(asked("/off")[0].traceparent, None);

    // What the application traces itself is all there is.
    global::tracer("test").start("own").end();
    until(|| throughline_browser::ledger().exported > 0).await;
    assert_eq!(throughline_browser::ledger().created, 1);
    assert_eq!(throughline_browser::last_trace_id(), None);
}
