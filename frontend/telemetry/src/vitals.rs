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

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use web_sys::Event;

use self::state::Vitals;
use crate::performance::{self, Observer};
use crate::{consent, page};

/// The shortest events that are looked at, in milliseconds: two and a half frames. The first input is looked at however
/// short it was.
const MIN_EVENT_MILLIS: u32 = 40;

thread_local! {
    static VITALS: RefCell<Option<Vitals>> = const { RefCell::new(None) };
    static OBSERVERS: RefCell<Vec<Observer>> = const { RefCell::new(Vec::new()) };
}

/// Observes the page, from when somebody can see it.
pub(crate) fn install() {
    performance::when_activated(start);
}

/// The page is hidden, and may never be seen again.
pub(crate) fn hidden() {
    flush();
    with(&|vitals| vitals.hidden(performance::now()));
}

fn start() {
    let Some(window) = page::window() else { return };
    begin(Vitals::of_navigation);
    let types: [(&str, u32, fn(&JsValue)); 5] = [
        ("paint", 0, |it| with(&|vitals| vitals.painted_first(it))),
        ("largest-contentful-paint", 0, |it| {
            with(&|vitals| vitals.painted_largest(it));
        }),
        ("layout-shift", 0, |it| with(&|vitals| vitals.shifted(it))),
        ("first-input", 0, |it| with(&|vitals| vitals.answered(it))),
        ("event", MIN_EVENT_MILLIS, |it| {
            with(&|vitals| vitals.answered(it));
        }),
    ];
    let mut observers = Vec::new();
    for (entry_type, threshold, on_entry) in types {
        if let Some(observer) = performance::observe(entry_type, threshold, on_entry) {
            observers.push(observer);
        }
    }
    OBSERVERS.set(observers);
    page::listen(&window, "keydown", on_input);
    page::listen(&window, "click", on_input);
    page::listen(&window, "pageshow", on_shown);
}

fn begin(vitals: fn() -> Vitals) {
    VITALS.set(consent::is_given().then(vitals));
}

/// What is painted after an input is the answer to it.
fn on_input(event: &Event) {
    if event.is_trusted() {
        flush();
        with(&Vitals::finish_lcp);
    }
}

fn on_shown(event: &Event) {
    if page::is(event, "persisted") {
        let shown = event.time_stamp();
        begin(Vitals::restored);
        performance::after_paint(page::callback(move || {
            with(&|vitals| vitals.painted_again(performance::now() - shown));
        }));
    }
}

/// Looks at what the browser has measured and not told yet.
fn flush() {
    OBSERVERS.with(|all| {
        if let Ok(all) = all.try_borrow() {
            all.iter().for_each(Observer::flush);
        }
    });
}

fn with(f: &dyn Fn(&mut Vitals)) {
    VITALS.with(|vitals| {
        if let Ok(mut vitals) = vitals.try_borrow_mut() {
            vitals.as_mut().filter(|it| it.is_given_consent()).map(f);
        }
    });
}
