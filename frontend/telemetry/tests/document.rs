//! The load of the page that the tests run in.
#![cfg(all(target_arch = "wasm32", feature = "document-load"))]

mod support;

use support::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{PerformanceEntry, Url};

wasm_bindgen_test_configure!(run_in_browser);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SERVER: &str = "b7ad6b7169203331";

/// The page as a server would have answered it, and the client in it.
fn set_up_page() {
    if exported(TRACE).is_empty() {
        let head = window().document().unwrap().head().unwrap();
        let meta = format!("<meta name=\"traceparent\" content=\"00-{TRACE}-{SERVER}-01\">");
        head.insert_adjacent_html("beforeend", &meta).unwrap();
    }
    set_up();
}

/// The spans of the load: the document's, its request's, its resources'.
async fn load() -> (Span, Span, Vec<Span>) {
    set_up_page();
    let named = |name: &str| {
        let mut spans = exported(TRACE);
        spans.retain(|it| it.name == name);
        spans
    };
    until(|| !named("documentLoad").is_empty()).await;
    (
        named("documentLoad").remove(0),
        named("documentFetch").remove(0),
        named("resourceFetch"),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A time of the page's own entry, in nanoseconds since 1970.
fn time(name: &str) -> f64 {
    let performance = window().performance().unwrap();
    let entry = performance.get_entries_by_type("navigation").get(0);
    let millis = js_sys::Reflect::get(&entry, &name.into()).unwrap().as_f64();
    (performance.time_origin() + millis.unwrap()) * 1e6
}

fn close(nanos: u64, expected: f64) -> bool {
    (nanos as f64 - expected).abs() < 1e6
}

#[wasm_bindgen_test]
async fn the_load_is_in_the_trace_of_the_server_that_answered() {
    let (document, fetch, _) = load().await;
    assert_eq!(hex(&document.parent_span_id), SERVER);
    assert_eq!(document.flags & 0x300, 0x300, "the parent is remote");
    assert_eq!(fetch.parent_span_id, document.span_id);
    assert_eq!(fetch.flags & 0x300, 0x100, "the parent is of this page");
}

#[wasm_bindgen_test]
async fn the_times_are_those_of_the_browser() {
    let (document, fetch, _) = load().await;
    assert!(close(document.start, time("startTime")));
    assert!(close(document.end, time("loadEventEnd")));
    assert!(close(fetch.start, time("fetchStart")));
    assert!(close(fetch.end, time("responseEnd")));
}

#[wasm_bindgen_test]
async fn what_was_measured_is_in_the_attributes() {
    let (document, fetch, _) = load().await;
    let href = window().location().href().unwrap();
    for span in [&document, &fetch] {
        assert_eq!(span.text("url.full").as_ref(), Some(&href));
        assert_eq!(span.text("throughline.page.left"), None);
    }
    let navigation = |name: &str| document.double(&format!("browser.navigation_timing.{name}"));
    let interactive = navigation("dom_interactive").unwrap();
    assert!(interactive <= navigation("dom_content_loaded_event_end").unwrap());
    assert!(interactive <= navigation("load_event_end").unwrap());
    let kind = document.text("browser.navigation_timing.type");
    assert_eq!(kind.as_deref(), Some("navigate"));
    let request = |name: &str| fetch.double(&format!("browser.resource_timing.{name}"));
    assert!(request("request_start").unwrap() < request("response_end").unwrap());
    assert_eq!(request("redirect_start"), None, "there was none");
    assert_eq!(fetch.int("http.response.status_code"), Some(200));
    assert_eq!(
        fetch.text("network.protocol.version").as_deref(),
        Some("1.1")
    );
    let size = |name| fetch.int(name).unwrap();
    assert!(
        size("browser.resource_timing.transfer_size")
            > size("browser.resource_timing.encoded_body_size")
    );
}

#[wasm_bindgen_test]
async fn the_load_is_told_of_once() {
    load().await;
    let leave = web_sys::Event::new("pagehide").unwrap();
    window().dispatch_event(&leave).unwrap();
    get("/later").await.unwrap();
    let (_, _, resources) = load().await;
    let all = exported(TRACE);
    assert_eq!(all.len(), 2 + resources.len(), "{}", tree(&all));
}

#[cfg(feature = "resources")]
#[wasm_bindgen_test]
async fn resources_are_those_that_were_loaded_with_the_document() {
    let (document, _, resources) = load().await;
    let performance = window().performance().unwrap();
    let loaded = time("loadEventEnd") / 1e6 - performance.time_origin();
    let entries = performance.get_entries_by_type("resource");
    let expected: Vec<String> = entries
        .iter()
        .map(JsCast::unchecked_into::<PerformanceEntry>)
        .filter(|it| it.start_time() <= loaded)
        .map(|it| it.name())
        .collect();
    let found: Vec<_> = resources
        .iter()
        .map(|it| it.text("url.full").unwrap())
        .collect();
    assert_eq!(found, expected);
    // The page's own module is among them: there was nothing yet that could have traced it.
    assert!(
        found
            .iter()
            .any(|it| Url::new(it).unwrap().pathname().ends_with(".js"))
    );
    for resource in &resources {
        assert_eq!(resource.parent_span_id, document.span_id);
        assert!(
            resource
                .text("browser.resource_timing.initiator_type")
                .is_some()
        );
    }
}
