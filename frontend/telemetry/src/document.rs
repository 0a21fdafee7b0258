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
use throughline_core::otlp::Any;
use wasm_bindgen::JsValue;

use crate::performance::{self, number};
use crate::span::Span;
use crate::tracer::Tracer;
use crate::{consent, page};

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

thread_local! {
    /// The page is there for somebody to see, and its load has not been told of: the [`consent::epoch`] of its beginning.
    static LOADING: Cell<Option<u32>> = const { Cell::new(None) };
    /// The span of the load, once something belongs to it.
    #[cfg(feature = "web-vitals")]
    static SPAN: Cell<Option<Span>> = const { Cell::new(None) };
    /// When the client began, in milliseconds: since then it traces the requests of scripts itself.
    #[cfg(feature = "resources")]
    static INSTALLED: Cell<f64> = const { Cell::new(0.0) };
}

/// Waits for the document, from when somebody can see it.
pub(crate) fn install() {
    performance::when_activated(start);
}

/// Tells of the load as it is now: it is over, or else the page goes away.
pub(crate) fn finish() {
    if LOADING.take() == Some(consent::epoch()) {
        let entry = performance::navigation();
        let tracer = Tracer::of(scope::DOCUMENT);
        let mut span = span(&tracer, &entry);
        if span.is_recording() {
            record(&tracer, &mut span, &entry);
        }
        #[cfg(feature = "web-vitals")]
        SPAN.set(Some(span));
    }
}

/// The span of the load, for what belongs to it; none, if there is none.
#[cfg(feature = "web-vitals")]
pub(crate) fn span_context() -> SpanContext {
    let span = if LOADING.get().is_some() {
        let tracer = Tracer::of(scope::DOCUMENT);
        Some(span(&tracer, &performance::navigation()))
    } else {
        SPAN.take()
    };
    let context = span
        .as_ref()
        .map_or(SpanContext::NONE, |it| it.span_context().clone());
    SPAN.set(span);
    context
}

fn start() {
    if !consent::is_given() {
        return;
    }
    LOADING.set(Some(consent::epoch()));
    #[cfg(feature = "resources")]
    INSTALLED.set(performance::now());
    if number(&performance::navigation(), "loadEventEnd") > 0.0 {
        finish();
    } else {
        page::add_listener(&js_sys::global(), "load", &page::calling(finish_soon));
    }
}

/// The load is over when its event has been handled.
fn finish_soon() {
    page::set_timeout(&page::calling(finish), 0.0);
}

/// The span of the load: begun, if it was not yet.
fn span(tracer: &Tracer, entry: &JsValue) -> Span {
    #[cfg(feature = "web-vitals")]
    if let Some(span) = SPAN.take() {
        return span;
    }
    let mut cx = Context::new();
    if let Some(parent) = parent::of(entry) {
        cx = cx.with_remote_span_context(parent);
    }
    begin(tracer, "documentLoad", &cx, number(entry, "startTime"))
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
        span.set(throughline::LEFT, &Any::Bool(true));
        span.end();
    }
}

fn record(tracer: &Tracer, span: &mut Span, entry: &JsValue) {
    let cx = Context::new().with_remote_span_context(span.span_context().clone());
    record_request(tracer, "documentFetch", entry, &cx);
    let loaded = number(entry, "loadEventEnd");
    #[cfg(feature = "resources")]
    record_resources(tracer, span, loaded, &cx);
    entry::set_url(span, entry);
    entry::set_properties(span, entry, browser::NAVIGATION_TIMING, OF_DOCUMENT);
    end(span, loaded);
}

fn record_request(tracer: &Tracer, name: &'static str, entry: &JsValue, cx: &Context) {
    let mut span = begin(tracer, name, cx, number(entry, "fetchStart"));
    entry::set_request(&mut span, entry);
    end(&mut span, number(entry, "responseEnd"));
}

/// What was loaded until the document was. Requests that scripts made since there is the client are not: they have
/// their own spans, or are the client's.
#[cfg(feature = "resources")]
fn record_resources(tracer: &Tracer, span: &mut Span, loaded: f64, cx: &Context) {
    let mut count = 0;
    page::find(&performance::entries("resource"), &mut |entry| {
        let start = number(entry, "startTime");
        let is_late = loaded > 0.0 && start > loaded;
        if !is_late && (start < INSTALLED.get() || !entry::is_by_script(entry)) {
            count += 1;
            if count <= MAX_RESOURCES {
                record_request(tracer, "resourceFetch", entry, cx);
            }
        }
        false
    });
    if count > MAX_RESOURCES {
        let omitted = count - MAX_RESOURCES;
        span.set(throughline::RESOURCES_OMITTED, &Any::Int(omitted));
    }
}
