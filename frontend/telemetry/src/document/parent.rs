//! Whose doing the document is: the server's span that answered.

use opentelemetry::trace::{SpanContext, TraceState};
use throughline_core::w3c::TraceParent;
use wasm_bindgen::JsValue;

use crate::page::{self, property};
use crate::performance::{number, text};

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
    let mut parent = None;
    page::find(&property(entry, "serverTiming"), &mut |metric| {
        let name = property(metric, "name");
        if name == "traceparent" || name == "trace" {
            parent = TraceParent::parse(&text(metric, "description"));
        }
        parent.is_some()
    });
    parent
}

fn of_document() -> Option<TraceParent> {
    let meta = page::ask(
        &page::global("document"),
        "querySelector",
        "meta[name=traceparent]",
    );
    TraceParent::parse(&text(&meta, "content"))
}
