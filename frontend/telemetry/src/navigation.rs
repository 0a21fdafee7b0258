//! Navigations within the document, those of `leptos_router` among them: a span `navigation` from the change of the
//! address until the new view is painted, in the trace of what caused it.
//!
//! The Navigation API tells of every change, whoever makes it (`pushState`, `replaceState`, a fragment, the browser's
//! back button), and tells it while the code that makes it runs. Browsers without it (before Chromium 102, Safari 26.2,
//! Firefox 147) have no such spans: the page's `history` is left as it is.

use std::cell::Cell;

use opentelemetry::trace::{Span as _, SpanBuilder, Tracer as _};
use opentelemetry::{Context, KeyValue};
use throughline_core::names::{browser, scope, throughline, url};
use throughline_core::redact;
use wasm_bindgen::JsCast;
use web_sys::{Event, Window};

use crate::page::{self, property};
use crate::performance::{after_paint, text};
use crate::span::Span;
use crate::tracer::Tracer;

thread_local! {
    /// The navigation that is under way. The next one ends it: there is one view.
    static OPEN: Cell<Option<Span>> = const { Cell::new(None) };
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// Listens to the page's history.
pub(crate) fn install(window: &Window) {
    let navigation = property(window, "navigation");
    if !navigation.is_object() {
        return;
    }
    page::listen(navigation.unchecked_ref(), "currententrychange", |event| {
        let navigation = property(event, "currentTarget");
        let address = text(&property(&navigation, "currentEntry"), "url");
        // The page's state may change at the same address.
        if address != text(&property(event, "from"), "url") {
            begin(&address, event);
        }
    });
}

/// The page is hidden or left: nobody will see the new view.
pub(crate) fn leave() {
    if let Some(mut span) = OPEN.take() {
        span.set_attribute(KeyValue::new(throughline::LEFT, true));
    }
}

fn begin(address: &str, event: &Event) {
    let tracer = Tracer::of(scope::NAVIGATION);
    let builder = SpanBuilder::from_name("navigation").with_attributes([
        KeyValue::new(url::FULL, redact::url(address).into_owned()),
        KeyValue::new(browser::NAVIGATION_TYPE, text(event, "navigationType")),
    ]);
    let span = Context::map_current(|cx| tracer.build_with_context(builder, cx));
    let count = COUNT.get().wrapping_add(1);
    COUNT.set(count);
    drop(OPEN.replace(Some(span)));
    if page::is_hidden() {
        return leave();
    }
    after_paint(page::callback(move || {
        if COUNT.get() == count {
            drop(OPEN.take());
        }
    }));
}
