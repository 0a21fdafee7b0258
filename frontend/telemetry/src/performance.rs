//! What the browser has measured: the entries of its performance timeline.
#![allow(dead_code, reason = "each of the instrumentations needs a part of it")]

use js_sys::Object;
use wasm_bindgen::JsValue;
use web_sys::PerformanceObserver;

pub(crate) use crate::page::number;
use crate::{clock, page};

/// The shortest events that are looked at, in milliseconds: two and a half frames. The first input is looked at however
/// short it was.
const MIN_EVENT_MILLIS: u32 = 40;

/// Entries of some types, as they come.
pub(crate) struct Observer {
    observer: PerformanceObserver,
    on_entry: fn(&JsValue),
}

/// Calls back for each entry of these types that there was, is and will be.
///
/// `None` if the browser knows no such entries.
#[inline(never)]
pub(crate) fn observe(types: &[&str], on_entry: fn(&JsValue)) -> Option<Observer> {
    let callback = page::function(Box::new(move |list, _, _| {
        each(&list, "getEntries", on_entry);
        Ok(JsValue::UNDEFINED)
    }));
    let known = page::property(&page::global("PerformanceObserver"), "supportedEntryTypes");
    let mut observer = None;
    for entry_type in types {
        if !page::ask(&known, "includes", entry_type).is_truthy() {
            continue;
        }
        if observer.is_none() {
            observer = PerformanceObserver::new(&callback).ok();
        }
        let options = Object::new();
        page::set(&options, "type", *entry_type);
        page::set(&options, "buffered", true);
        // It means nothing to other types.
        page::set(&options, "durationThreshold", MIN_EVENT_MILLIS);
        drop(page::call(
            observer.as_ref()?,
            "observe",
            options,
            JsValue::UNDEFINED,
        ));
    }
    Some(Observer {
        observer: observer?,
        on_entry,
    })
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
pub(crate) fn after_paint(then: fn()) {
    let page = js_sys::global();
    let request = "requestAnimationFrame";
    // At the next frame that after it is asked for. Where there are no frames there is no painting to wait for.
    let ask_again = page::call(
        &page::property(&page, request),
        "bind",
        &page,
        page::calling(then),
    );
    if let Ok(ask_again) = ask_again {
        drop(page::call(&page, request, ask_again, JsValue::UNDEFINED));
    }
}

/// Calls back for each entry that a method gives.
#[inline(never)]
fn each(of: &JsValue, method: &str, on_entry: fn(&JsValue)) {
    page::find(&page::ask(of, method, ""), &mut |entry| {
        on_entry(entry);
        false
    });
}

// === impl Observer ===

impl Observer {
    /// Calls back for what there is already, without waiting for the browser to do it.
    pub(crate) fn flush(&self) {
        each(&self.observer, "takeRecords", self.on_entry);
    }
}
