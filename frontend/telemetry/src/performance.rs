//! What the browser has measured: the entries of its performance timeline.
#![allow(dead_code, reason = "each of the instrumentations needs a part of it")]

use std::time::Duration;

use js_sys::{Array, Function, Object};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{PerformanceObserver, PerformanceObserverEntryList};

pub(crate) use crate::page::number;
use crate::{clock, page};

/// Entries of one type, as they come.
pub(crate) struct Observer {
    observer: PerformanceObserver,
    on_entry: fn(&JsValue),
}

/// Calls back for each entry of a type that there was, is and will be. `threshold` is the least duration of an event,
/// in milliseconds; it means nothing to other types.
///
/// `None` if the browser knows no such entries.
pub(crate) fn observe(
    entry_type: &str,
    threshold: u32,
    on_entry: fn(&JsValue),
) -> Option<Observer> {
    let window = page::window()?;
    let constructor = page::property(&window, "PerformanceObserver");
    let supported = page::property(&constructor, "supportedEntryTypes");
    if !list(&supported).includes(&JsValue::from_str(entry_type), 0) {
        return None;
    }
    let callback = Closure::<dyn Fn(PerformanceObserverEntryList)>::new(
        move |list: PerformanceObserverEntryList| each(&list.get_entries(), on_entry),
    );
    let callback: Function = callback.into_js_value().unchecked_into();
    let observer = PerformanceObserver::new(&callback).ok()?;
    let options = Object::new();
    page::set(&options, "type", entry_type);
    page::set(&options, "buffered", true);
    page::set(&options, "durationThreshold", threshold);
    observer.observe(options.unchecked_ref());
    Some(Observer { observer, on_entry })
}

/// The entries of a type that there are now.
pub(crate) fn entries(entry_type: &str) -> Array {
    let performance = page::property(&js_sys::global(), "performance");
    let entries = page::call(
        &performance,
        "getEntriesByType",
        entry_type,
        JsValue::UNDEFINED,
    );
    list(&entries.unwrap_or_default())
}

/// The entry of the document's own request.
pub(crate) fn navigation() -> JsValue {
    entries("navigation").get(0)
}

/// A value that is to be an array, else an empty one.
pub(crate) fn list(value: &JsValue) -> Array {
    if Array::is_array(value) {
        value.clone().unchecked_into()
    } else {
        Array::new()
    }
}

/// A property that is a text, else an empty one.
#[inline(never)]
pub(crate) fn text(entry: &JsValue, name: &str) -> String {
    page::text(entry, name).unwrap_or_default()
}

/// Now, in milliseconds of the timeline.
pub(crate) fn now() -> f64 {
    clock::monotonic().as_secs_f64() * 1e3
}

/// A time of the timeline in nanoseconds since 1970.
pub(crate) fn unix_nanos(millis: f64) -> u64 {
    let at = Duration::from_nanos(clock::from_millis(millis));
    clock::anchor().unix_nanos(at)
}

/// Calls `start` when the page is there for somebody to see: now, unless the browser renders it in advance.
pub(crate) fn when_activated(start: fn()) {
    let page = js_sys::global();
    if page::is(&page::property(&page, "document"), "prerendering") {
        // An event of the document.
        page::listen(page.unchecked_ref(), "prerenderingchange", move |_| start());
    } else {
        start();
    }
}

/// Calls back when what is there now has been painted: after the next frame. Not before the page is seen.
pub(crate) fn after_paint(then: Function) {
    next_frame(&page::callback(move || next_frame(&then)));
}

fn next_frame(callback: &Function) {
    if let Some(window) = page::window() {
        // Where there are no frames there is no painting to wait for.
        let _ = window.request_animation_frame(callback);
    }
}

fn each(entries: &Array, on_entry: fn(&JsValue)) {
    for index in 0..entries.length() {
        on_entry(&entries.get(index));
    }
}

// === impl Observer ===

impl Observer {
    /// Calls back for what there is already, without waiting for the browser to do it.
    pub(crate) fn flush(&self) {
        each(&self.observer.take_records(), self.on_entry);
    }
}
