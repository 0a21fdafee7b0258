//! Whose doing the document is: the server's span that answered.

use opentelemetry::trace::{SpanContext, TraceState};
use throughline_core::w3c::TraceParent;
use wasm_bindgen::JsValue;

use crate::page::{self, property};
use crate::performance::{list, number, text};

/// The server's span: of `Server-Timing: traceparent;desc="00-…"` (or `trace`), else of
/// `<meta name="traceparent" content="00-…">`.
///
/// What came from the browser's cache tells of an older answer. It has none.
pub(super) fn of(entry: &JsValue) -> Option<SpanContext> {
    if number(entry, "transferSize") == 0.0 && number(entry, "encodedBodySize") > 0.0 {
        return None;
    }
    let parent = of_header(entry).or_else(of_document)?;
    Some(parent.remote(TraceState::NONE))
}

fn of_header(entry: &JsValue) -> Option<TraceParent> {
    let metrics = list(&property(entry, "serverTiming"));
    for index in 0..metrics.length() {
        let metric = metrics.get(index);
        if matches!(text(&metric, "name").as_str(), "traceparent" | "trace") {
            let parent = TraceParent::parse(&text(&metric, "description"));
            if parent.is_some() {
                return parent;
            }
        }
    }
    None
}

fn of_document() -> Option<TraceParent> {
    let document = property(&js_sys::global(), "document");
    let meta = page::call(
        &document,
        "querySelector",
        "meta[name=traceparent]",
        JsValue::UNDEFINED,
    );
    TraceParent::parse(&page::text(&meta.ok()?, "content")?)
}
