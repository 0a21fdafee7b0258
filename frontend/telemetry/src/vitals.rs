//! Web vitals: LCP, INP, CLS, FCP and TTFB, by the definitions of the `web-vitals` library (6.2), as events
//! `browser.web_vital` in the trace of the document's load.
//!
//! FCP and TTFB are reported when they are known; LCP with the first input, or when the page is hidden; CLS and INP
//! whenever the page is hidden, if they have changed. What is painted while nobody sees the page does not count. A page
//! that comes back from the back/forward cache begins anew. Without consent nothing is measured, and of a visit that was
//! without it for a while nothing is told.

mod inp;
mod shifts;
mod state;
mod vital;

use std::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;
use web_sys::Event;

use self::state::Vitals;
use crate::page;
use crate::performance::{self, Observer};

/// What the browser is to tell of.
const TYPES: &[&str] = &[
    "paint",
    "largest-contentful-paint",
    "layout-shift",
    "first-input",
    "event",
];

thread_local! {
    static VITALS: RefCell<Vitals> = const { RefCell::new(Vitals::NONE) };
    static OBSERVER: Cell<Option<Observer>> = const { Cell::new(None) };
}

/// Observes the page, from when somebody can see it.
pub(crate) fn install() {
    performance::when_activated(start);
}

/// The page is hidden, and may never be seen again.
pub(crate) fn hidden() {
    flush();
    with(&JsValue::UNDEFINED, Vitals::hidden);
}

fn start() {
    begin(&performance::navigation(), Vitals::loaded);
    OBSERVER.set(performance::observe(TYPES, |it| with(it, Vitals::see)));
    let window = js_sys::global();
    let input = page::listener(on_input);
    page::add_listener(&window, "keydown", &input);
    page::add_listener(&window, "click", &input);
    page::add_listener(&window, "pageshow", &page::listener(on_shown));
}

fn begin(because_of: &JsValue, is_of: fn(&mut Vitals, &JsValue)) {
    VITALS.with(|vitals| {
        if let Ok(mut vitals) = vitals.try_borrow_mut() {
            vitals.begin();
        }
    });
    with(because_of, is_of);
}

/// What is painted after an input is the answer to it.
fn on_input(event: &Event) {
    if page::is(event, "isTrusted") {
        flush();
        with(event, Vitals::finish_lcp);
    }
}

fn on_shown(event: &Event) {
    if page::is(event, "persisted") {
        begin(event, Vitals::restored);
        performance::after_paint(|| with(&JsValue::UNDEFINED, Vitals::painted_again));
    }
}

/// Looks at what the browser has measured and not told yet.
fn flush() {
    if let Some(observer) = OBSERVER.take() {
        observer.flush();
        OBSERVER.set(Some(observer));
    }
}

/// Tells the vitals of something, if there is consent.
#[inline(never)]
fn with(it: &JsValue, tell: fn(&mut Vitals, &JsValue)) {
    VITALS.with(|vitals| {
        if let Ok(mut vitals) = vitals.try_borrow_mut()
            && vitals.is_given_consent()
        {
            tell(&mut vitals, it);
        }
    });
}
