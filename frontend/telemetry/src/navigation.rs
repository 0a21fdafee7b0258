//! Navigations within the document, those of `leptos_router` among them: a span `navigation` from the change of the
//! address until the new view is painted, in the trace of what caused it.
//!
//! The Navigation API tells of every change, whoever makes it (`pushState`, `replaceState`, a fragment, the browser's
//! back button), and tells it while the code that makes it runs. Browsers without it (before Chromium 102, Safari 26.2,
//! Firefox 147) have no such spans: the page's `history` is left as it is.

use std::cell::Cell;

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use throughline_core::names::{browser, scope, throughline, url};
use throughline_core::otlp::Any;
use throughline_core::redact;
use web_sys::Event;

use crate::page::{self, property};
use crate::performance::{after_paint, text};
use crate::span::Span;
use crate::tracer::Tracer;

thread_local! {
    /// The navigation that is under way. The next one ends it: there is one view.
    static OPEN: Cell<Option<Span>> = const { Cell::new(None) };
    /// Navigations whose painting is awaited. It comes in their order: the last is that of the one under way.
    static AWAITED: Cell<u32> = const { Cell::new(0) };
}

/// Listens to the page's history.
pub(crate) fn install() {
    // Without the Navigation API this does nothing.
    let navigation = page::global("navigation");
    page::add_listener(
        &navigation,
        "currententrychange",
        &page::listener(on_change),
    );
}

/// The page is hidden or left: nobody will see the new view.
pub(crate) fn leave() {
    if let Some(mut span) = OPEN.take() {
        span.set(throughline::LEFT, &Any::Bool(true));
    }
}

fn on_change(event: &Event) {
    let entry = property(&page::global("navigation"), "currentEntry");
    let address = text(&entry, "url");
    // The page's state may change at the same address.
    if address == text(&property(event, "from"), "url") {
        return;
    }
    // Before the next one begins.
    OPEN.set(None);
    let tracer = Tracer::of(scope::NAVIGATION);
    let mut span =
        Context::map_current(|cx| tracer.start("navigation", &SpanKind::Internal, cx, None));
    span.set_text(url::FULL, &redact::url(&address));
    span.set_text(browser::NAVIGATION_TYPE, &text(event, "navigationType"));
    OPEN.set(Some(span));
    if page::is_hidden() {
        leave();
    } else {
        AWAITED.set(AWAITED.get() + 1);
        after_paint(painted);
    }
}

fn painted() {
    let awaited = AWAITED.get() - 1;
    AWAITED.set(awaited);
    if awaited == 0 {
        OPEN.set(None);
    }
}
