//! The load of the document: a span `documentLoad` with a child `documentFetch`, and with the feature `resources` a
//! `resourceFetch` for each thing that was loaded with it.
//!
//! The trace is that of the server's span which answered, told by `Server-Timing` or by `<meta name="traceparent">`; the
//! times are the browser's own. A page that comes back from the back/forward cache was not loaded: it has no such span.

mod entry;
mod parent;

use std::cell::Cell;

use opentelemetry::Context;
#[cfg(feature = "web-vitals")]
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt};
use throughline_core::names::{browser, scope, throughline};
use wasm_bindgen::JsValue;

use crate::performance::{self, number};
use crate::span::Span;
use crate::tracer::Tracer;
use crate::{otlp, page};

/// Resources of a document that have a span, in the order in which they were asked for: what the page waited for comes
/// first. Of the rest there is the number, `throughline.document.resources_omitted`. Browsers keep 250 entries.
#[cfg(feature = "resources")]
const MAX_RESOURCES: i64 = 100;

/// What is told of the document itself.
const OF_DOCUMENT: &[&str] = &[
    "type",
    "activationStart",
    "domInteractive",
    "domContentLoadedEventEnd",
    "domComplete",
    "loadEventEnd",
];

struct Load {
    /// Open until the document is there.
    span: Span,
    tracer: Tracer,
    /// When the client began, in milliseconds: since then it traces the requests of scripts itself.
    #[cfg(feature = "resources")]
    installed: f64,
}

thread_local! {
    static LOAD: Cell<Option<Box<Load>>> = const { Cell::new(None) };
}

/// Waits for the document, from when somebody can see it.
pub(crate) fn install() {
    performance::when_activated(start);
}

/// Tells of the load as it is now: it is over, or else the page goes away.
pub(crate) fn finish() {
    let Some(mut load) = LOAD.take() else { return };
    if load.span.is_recording() {
        load.record(&performance::navigation());
    }
    LOAD.set(Some(load));
}

/// The span of the load, for what belongs to it; none, if there is none.
#[cfg(feature = "web-vitals")]
pub(crate) fn span_context() -> SpanContext {
    let load = LOAD.take();
    let context = match &load {
        Some(load) => load.span.span_context().clone(),
        None => SpanContext::NONE,
    };
    LOAD.set(load);
    context
}

fn start() {
    let entry = performance::navigation();
    let mut cx = Context::new();
    if let Some(parent) = parent::of(&entry) {
        cx = cx.with_remote_span_context(parent);
    }
    let tracer = Tracer::of(scope::DOCUMENT);
    LOAD.set(Some(Box::new(Load {
        span: begin(&tracer, "documentLoad", &cx, number(&entry, "startTime")),
        tracer,
        #[cfg(feature = "resources")]
        installed: performance::now(),
    })));
    if number(&entry, "loadEventEnd") > 0.0 {
        finish();
    } else {
        page::add_listener(&js_sys::global(), "load", &page::calling(finish_soon));
    }
}

/// The load is over when its event has been handled.
fn finish_soon() {
    page::set_timeout(&page::calling(finish), 0.0);
}

fn begin(tracer: &Tracer, name: &'static str, cx: &Context, millis: f64) -> Span {
    let start = performance::unix_nanos(millis);
    tracer.start(name, &SpanKind::Internal, cx, Some(start))
}

/// Ends it at a time of the timeline; now, if it has no end there.
fn end(span: &mut Span, millis: f64) {
    if millis > 0.0 {
        span.end_nanos(performance::unix_nanos(millis));
    } else {
        span.set(throughline::LEFT, &otlp::bool(true));
        span.end();
    }
}

// === impl Load ===

impl Load {
    fn record(&mut self, entry: &JsValue) {
        let cx = Context::new().with_remote_span_context(self.span.span_context().clone());
        self.record_request("documentFetch", entry, &cx);
        #[cfg(feature = "resources")]
        self.record_resources(number(entry, "loadEventEnd"), &cx);
        let span = &mut self.span;
        entry::set_url(span, entry);
        entry::set_properties(span, entry, browser::NAVIGATION_TIMING, OF_DOCUMENT);
        end(span, number(entry, "loadEventEnd"));
    }

    fn record_request(&self, name: &'static str, entry: &JsValue, cx: &Context) {
        let mut span = begin(&self.tracer, name, cx, number(entry, "fetchStart"));
        entry::set_request(&mut span, entry);
        end(&mut span, number(entry, "responseEnd"));
    }

    /// What was loaded until the document was. Requests that scripts made since there is the client are not: they have
    /// their own spans, or are the client's.
    #[cfg(feature = "resources")]
    fn record_resources(&mut self, loaded: f64, cx: &Context) {
        let mut count = 0;
        page::find(&performance::entries("resource"), &mut |entry| {
            let start = number(entry, "startTime");
            let is_late = loaded > 0.0 && start > loaded;
            if !is_late && (start < self.installed || !entry::is_by_script(entry)) {
                count += 1;
                if count <= MAX_RESOURCES {
                    self.record_request("resourceFetch", entry, cx);
                }
            }
            false
        });
        if count > MAX_RESOURCES {
            let omitted = count - MAX_RESOURCES;
            self.span
                .set(throughline::RESOURCES_OMITTED, &otlp::int(omitted));
        }
    }
}
