//! What the browser has measured: the entries of its performance timeline.
#![allow(dead_code, reason = "each of the instrumentations needs a part of it")]

use js_sys::{Function, Object};
use wasm_bindgen::JsValue;
use web_sys::PerformanceObserver;

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
    if page::find(&supported, &mut |it| *it == entry_type).is_undefined() {
        return None;
    }
    let callback = page::function(Box::new(move |list, _, _| {
        let entries = page::call(&list, "getEntries", JsValue::UNDEFINED, JsValue::UNDEFINED)?;
        each(&entries, on_entry);
        Ok(JsValue::UNDEFINED)
    }));
    let observer = PerformanceObserver::new(&callback).ok()?;
    let options = Object::new();
    page::set(&options, "type", entry_type);
    page::set(&options, "buffered", true);
    page::set(&options, "durationThreshold", threshold);
    page::call(&observer, "observe", options, JsValue::UNDEFINED).ok()?;
    Some(Observer { observer, on_entry })
}

/// The entries of a type that there are now: a list.
pub(crate) fn entries(entry_type: &str) -> JsValue {
    page::ask(&page::global("performance"), "getEntriesByType", entry_type)
}

/// The entry of the document's own request.
pub(crate) fn navigation() -> JsValue {
    page::property(&entries("navigation"), "0")
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
    clock::anchor().unix_nanos(clock::from_millis(millis))
}

/// Calls `start` when the page is there for somebody to see: now, unless the browser renders it in advance.
pub(crate) fn when_activated(start: fn()) {
    let document = page::global("document");
    if page::is(&document, "prerendering") {
        page::add_listener(&document, "prerenderingchange", &page::calling(start));
    } else {
        start();
    }
}

/// Calls back when what is there now has been painted: after the next frame. Not before the page is seen.
pub(crate) fn after_paint(then: Function) {
    next_frame(&page::callback(move || next_frame(&then)));
}

fn next_frame(callback: &Function) {
    // Where there are no frames there is no painting to wait for.
    let window = js_sys::global();
    drop(page::call(
        &window,
        "requestAnimationFrame",
        callback,
        JsValue::UNDEFINED,
    ));
}

fn each(entries: &JsValue, on_entry: fn(&JsValue)) {
    page::find(entries, &mut |entry| {
        on_entry(entry);
        false
    });
}

// === impl Observer ===

impl Observer {
    /// Calls back for what there is already, without waiting for the browser to do it.
    pub(crate) fn flush(&self) {
        let entries = page::call(
            &self.observer,
            "takeRecords",
            JsValue::UNDEFINED,
            JsValue::UNDEFINED,
        );
        each(&entries.unwrap_or_default(), self.on_entry);
    }
}
